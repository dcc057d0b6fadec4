//! Arithmetic: what two groups of samples differ by, added to a code.

use egui::{ComboBox, RichText, Slider, SliderClamping, Ui};

use super::context::{Actions, Context, bits, failure_ui, remark_ui};
use super::pictures::Pictures;
use super::pins::code_text;
use crate::analysis::arithmetic::{mean, moved};
use crate::dataset::LabelValues;
use crate::project::{IndexSet, NamedSelection, format_count, visible};
use crate::session::Decoding;
use crate::ui::plots::{color, palette, shortened, stamp_of};
use crate::ui::state::Question;
use crate::ui::views::parts::{chip_ui, named};

/// A group of the watched samples.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
enum Group {
    /// All of them.
    #[default]
    All,
    /// Those that are selected.
    Selection,
    /// Those of a selection with this name.
    Named(String),
    /// Those of a class, by its number.
    Class(u32),
}

/// The mean code of a group and how many samples it is of; `None` where none of the group is
/// watched.
type Mean = Option<(Vec<f32>, usize)>;

/// The choices of the section.
#[derive(Clone, Default)]
pub struct Arithmetic {
    /// The group whose mean is added, and the one whose mean is taken away; as long as none was
    /// chosen the first two there are.
    groups: [Option<Group>; 2],
    times: Option<f32>,
    /// Both means, and what they follow from.
    means: (u64, [Mean; 2]),
    picture: Pictures,
}

/// Side of the picture in points.
const SIDE: f32 = 132.0;
/// Classes that are listed, at most.
const MOST_CLASSES: usize = 200;

/// Shows the section.
pub fn arithmetic_ui(ui: &mut Ui, context: &Context<'_>, section: &mut Arithmetic, actions: &mut Actions) {
    let all = groups(context);
    let names = ["mean of", "minus mean of"];
    let groups = [0, 1].map(|at| {
        let chosen = section.groups[at].clone().filter(|group| all.contains(group));
        chosen.unwrap_or_else(|| default_group(&all, at))
    });
    section.follow(context, &groups);
    for (at, name) in names.into_iter().enumerate() {
        ui.horizontal(|ui| {
            ui.label(RichText::new(name).size(11.0).color(color(palette(ui).dim)));
            let text = |group: &Group| group_name(context, group);
            let combo = ComboBox::from_id_salt(name).width(110.0).selected_text(text(&groups[at]));
            let response = combo.show_ui(ui, |ui| {
                for group in &all {
                    if ui.selectable_label(groups[at] == *group, text(group)).clicked() {
                        section.groups[at] = Some(group.clone());
                    }
                }
            });
            named(response.response, name);
            let count = section.means.1[at].as_ref().map_or(0, |(_, count)| *count);
            let plural = if count == 1 { "" } else { "s" };
            let text = format!("{} watched sample{plural}", format_count(count));
            ui.label(RichText::new(text).size(11.0).color(color(palette(ui).faint)));
        });
    }
    let [Some((to, _)), Some((from, _))] = &section.means.1 else {
        remark_ui(
            ui,
            "A group without a watched sample has no mean code: choose another, or select more samples.",
        );
        return;
    };
    let (base, name) = match context.active() {
        Some(pin) => (pin.code.clone(), pin.title()),
        None => (context.subject.mean(), "the mean code".to_owned()),
    };
    let mut times = section.times.unwrap_or(1.0);
    ui.horizontal(|ui| {
        ui.label(RichText::new("times").size(11.0).color(color(palette(ui).dim)));
        ui.spacing_mut().slider_width = 120.0;
        let slider = Slider::new(&mut times, -2.0..=2.0).max_decimals(2).clamping(SliderClamping::Never);
        if named(ui.add(slider), "times the difference").changed() {
            section.times = Some(times).filter(|times| times.is_finite());
        }
    });
    remark_ui(ui, &format!("added to {name}"));
    let code = moved(&base, from, to, times);
    context.decode(actions, Decoding::Arithmetic, (bits(&code), "arithmetic"), || code.clone());
    failure_ui(ui, context, Question::Decode(Decoding::Arithmetic));
    if let Some((stamp, rows)) = context.explore.decoded(Decoding::Arithmetic) {
        section.picture.fill(ui, context.data, stamp, rows);
    }
    if section.picture.len() > 0 {
        section.picture.show(ui, context.data, 0, SIDE, "reconstruction of the sum");
    }
    remark_ui(ui, &code_text(&code));
    if chip_ui(ui, false, "Keep as pin").on_hover_text("Keep the sum").clicked() {
        let [to, from] = groups.each_ref().map(|group| group_name(context, group));
        let name = format!("{name} + {times:.2} × ({to} − {from})");
        actions.pins.push(context.code_pin(name, code));
    }
}

/// The groups there are.
fn groups(context: &Context<'_>) -> Vec<Group> {
    let fingerprint = context.run.fingerprint;
    let selection = (!context.selection.rows(fingerprint).is_empty()).then_some(Group::Selection);
    let named = context.named.iter().filter(|named| named.fingerprint == fingerprint);
    let named = named.map(|named| Group::Named(named.name.clone()));
    let classes = match context.classes().map(|column| &column.values) {
        Some(LabelValues::Classes { names, .. }) => names.len().min(MOST_CLASSES),
        Some(LabelValues::Numbers(_)) | None => 0,
    };
    let classes = (0..classes as u32).map(Group::Class);
    selection.into_iter().chain(named).chain(classes).chain([Group::All]).collect()
}

/// What the first or second group is as long as none was chosen: the first there is, and all
/// samples beside it.
fn default_group(all: &[Group], at: usize) -> Group {
    if at == 0 { all.first().cloned().unwrap_or_default() } else { Group::All }
}

fn group_name(context: &Context<'_>, group: &Group) -> String {
    match group {
        Group::All => "all".to_owned(),
        Group::Selection => "selection".to_owned(),
        Group::Named(name) => shortened(&visible(name), 20),
        Group::Class(class) => match context.classes().map(|column| (&column.name, &column.values)) {
            Some((column, LabelValues::Classes { names, .. })) => {
                let name = names.get(*class as usize).map_or("", String::as_str);
                shortened(&format!("{} {}", visible(column), visible(name)), 20)
            }
            Some((_, LabelValues::Numbers(_))) | None => String::new(),
        },
    }
}

impl Arithmetic {
    /// Brings the means up to date.
    fn follow(&mut self, context: &Context<'_>, groups: &[Group; 2]) {
        let named = groups.each_ref().map(|group| named_rows(context, group).map(IndexSet::identity));
        let of = (context.subject.codes_stamp, context.data.fingerprint, context.selection.changes());
        let stamp = stamp_of((of, groups, named));
        if self.means.0 == stamp {
            return;
        }
        let codes = &context.kept.codes;
        let watched = &context.run.kept.probe.code_rows;
        let of = |group: &Group| {
            let rows: Vec<u32> = named_rows(context, group)
                .map_or_else(Vec::new, |rows| rows.below(context.data.len()).collect());
            let classes = context.classes().and_then(|column| column.class_ids());
            let belongs = |row: u32| match group {
                Group::All => true,
                Group::Selection => context.selection.contains(context.run.fingerprint, row),
                Group::Named(_) => rows.binary_search(&row).is_ok(),
                Group::Class(class) => classes.and_then(|ids| ids.get(row as usize)) == Some(class),
            };
            mean(codes, context.kept.code_units, |at| watched.get(at).is_some_and(|row| belongs(*row)))
        };
        self.means = (stamp, groups.each_ref().map(of));
    }
}

/// The rows of a group that is a selection with a name.
fn named_rows<'a>(context: &Context<'a>, group: &Group) -> Option<&'a IndexSet> {
    let Group::Named(name) = group else { return None };
    let is_it = |named: &&NamedSelection| named.name == *name && named.fingerprint == context.run.fingerprint;
    context.named.iter().find(is_it).map(|named| &named.rows)
}
