//! Arithmetic: adds the difference between two groups of samples to a code.

use std::sync::Arc;

use egui::{ComboBox, RichText, Slider, SliderClamping, Ui};

use super::context::{Actions, Context, bits, failure_ui, remark_ui};
use super::pictures::Pictures;
use super::pins::code_text;
use crate::analysis::arithmetic::moved;
use crate::dataset::{Dataset, LabelValues};
use crate::project::{NamedSelection, format_count, visible};
use crate::session::{Decoding, JobKind, MeanCode, SampleGroup};
use crate::ui::plots::{color, palette, shortened, stamp_of};
use crate::ui::state::{Question, Set};
use crate::ui::views::parts::{chip_ui, named};

/// A group of samples.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Group {
    /// A set, or a selection in any data shown to the network.
    Set(Set),
    /// The samples of the plane with a class, by its number.
    Class(u32),
}

/// The state of the section.
#[derive(Clone, Default)]
pub struct Arithmetic {
    /// The group whose mean is added, and the one whose mean is subtracted; by default the first
    /// group, and all samples.
    groups: [Option<Group>; 2],
    times: Option<f32>,
    /// The stamp of the newest request for means, and the identifier of its groups.
    asked: (u64, u64),
    /// Both means, the stamp of their request, and the identifier of their groups.
    means: (u64, u64, [Option<MeanCode>; 2]),
    picture: Pictures,
}

/// Side of the picture in points.
const SIDE: f32 = 132.0;
/// Maximum number of classes listed.
const MOST_CLASSES: usize = 200;

/// Shows the section.
pub fn arithmetic_ui(ui: &mut Ui, context: &Context<'_>, section: &mut Arithmetic, actions: &mut Actions) {
    let (base, name) = match context.active() {
        Some(pin) => (pin.code.clone(), pin.title()),
        None => (context.subject.mean(), "the mean code".to_owned()),
    };
    remark_ui(ui, &format!("Adds the difference between the mean codes of two groups to {name}."));
    let all = groups(context);
    let names = ["mean of", "minus mean of"];
    let groups = [0, 1].map(|at| {
        let chosen = section.groups[at].clone().filter(|group| all.contains(group));
        chosen.unwrap_or_else(|| default_group(&all, at))
    });
    let is_known = section.follow(context, &groups, actions);
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
            if is_known {
                let count = section.means.2[at].as_ref().map_or(0, |mean| mean.count);
                let plural = if count == 1 { "" } else { "s" };
                let text = format!("{} sample{plural}", format_count(count));
                ui.label(RichText::new(text).size(11.0).color(color(palette(ui).faint)));
            }
        });
    }
    failure_ui(ui, context, Question::Means);
    if !is_known {
        return;
    }
    let [Some(to), Some(from)] = &section.means.2 else {
        remark_ui(ui, "A group without a sample has no mean code: choose another.");
        return;
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
    let code = moved(&base, &from.code, &to.code, times);
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

/// The available groups: selections, classes, and all other sets.
fn groups(context: &Context<'_>) -> Vec<Group> {
    let is_known = |fingerprint: &u64| context.data_of(*fingerprint).is_some();
    let selection = context.sets.selection.of().filter(is_known);
    let selection = selection.filter(|of| !context.sets.selection.rows(*of).is_empty());
    let selection = selection.map(|_| Group::Set(Set::Selection));
    let named = context.sets.named.iter().filter(|named| is_known(&named.fingerprint));
    let named = named.map(|named| Group::Set(Set::Named(named.name.clone())));
    let classes = match context.shown.classes().map(|column| &column.values) {
        Some(LabelValues::Classes { names, .. }) => names.len().min(MOST_CLASSES),
        Some(LabelValues::Numbers(_)) | None => 0,
    };
    let classes = (0..classes as u32).map(Group::Class);
    let others = context.choices.iter().filter(|choice| match &choice.set {
        Set::Selection | Set::Named(_) => false,
        Set::Other(name) => context.sets.others.get(name).is_some_and(|data| is_known(&data.fingerprint)),
        Set::Watched | Set::Train | Set::Validation | Set::Test | Set::All => true,
    });
    let others = others.map(|choice| Group::Set(choice.set.clone()));
    selection.into_iter().chain(named).chain(classes).chain(others).collect()
}

/// The default of the first or second group: the first one available, or all samples.
fn default_group(all: &[Group], at: usize) -> Group {
    let every = Group::Set(Set::All);
    if at == 0 { all.first().cloned().unwrap_or(every) } else { every }
}

fn group_name(context: &Context<'_>, group: &Group) -> String {
    match group {
        Group::Set(set) => shortened(&visible(set.name()), 20),
        Group::Class(class) => match context.shown.classes().map(|column| (&column.name, &column.values)) {
            Some((column, LabelValues::Classes { names, .. })) => {
                let name = names.get(*class as usize).map_or("", String::as_str);
                shortened(&format!("{} {}", visible(column), visible(name)), 20)
            }
            Some((_, LabelValues::Numbers(_))) | None => String::new(),
        },
    }
}

impl Arithmetic {
    /// Requests the means when the network or the groups change; returns whether the means of these
    /// groups are known, for any weights.
    fn follow(&mut self, context: &Context<'_>, groups: &[Group; 2], actions: &mut Actions) -> bool {
        if let Some((stamp, means)) = context.explore.means()
            && stamp == self.asked.0
            && stamp != self.means.0
        {
            self.means = (stamp, self.asked.1, means.clone());
        }
        let of = stamp_of(groups.each_ref().map(|group| stamp_of_group(context, group)));
        let stamp = context.stamp((of, "means"));
        if context.asks(Question::Means, stamp) {
            let groups = groups.each_ref().map(|group| samples_of(context, group));
            self.asked = (stamp, of);
            let kind = JobKind::Means { trained: context.trained.clone(), groups };
            actions.questions.push((Question::Means, stamp, kind));
        }
        self.means.1 == of
    }
}

/// Identifies the samples of a group.
fn stamp_of_group(context: &Context<'_>, group: &Group) -> u64 {
    let of_set = |set: &Set, of: &Dataset| {
        let selected = (*set == Set::Selection).then(|| context.sets.selection.changes());
        let named = find_named(context, set).map(|named| named.rows.identity());
        stamp_of((set, of.fingerprint, selected, named))
    };
    match group {
        Group::Set(set) => of_set(set, data_of(context, set)),
        Group::Class(class) => {
            let labels = context.shown.classes().map(|column| std::ptr::from_ref(column).addr());
            stamp_of((of_set(context.shown.set, context.shown.data), labels, class))
        }
    }
}

/// The samples of a group.
fn samples_of(context: &Context<'_>, group: &Group) -> SampleGroup {
    let (data, rows): (_, Arc<[u32]>) = match group {
        Group::Set(Set::Watched) => (context.data, context.run.kept.probe.code_rows.as_slice().into()),
        Group::Set(set) => {
            let data = data_of(context, set);
            (data, context.sets.rows(set, Some(context.run), data).all().into())
        }
        Group::Class(class) => {
            let ids = context.shown.classes().and_then(|column| column.class_ids()).unwrap_or_default();
            let is_it = |row: &&u32| ids.get(**row as usize) == Some(class);
            (context.shown.data, context.shown.rows.iter().filter(is_it).copied().collect())
        }
    };
    SampleGroup { data: Arc::clone(data), rows }
}

/// The data of a set; for selections, the data they belong to.
fn data_of<'a>(context: &Context<'a>, set: &Set) -> &'a Arc<Dataset> {
    let fingerprint = match set {
        Set::Selection => context.sets.selection.of(),
        Set::Named(_) => find_named(context, set).map(|named| named.fingerprint),
        Set::Other(name) => context.sets.others.get(name).map(|data| data.fingerprint),
        Set::Watched | Set::Train | Set::Validation | Set::Test | Set::All => None,
    };
    fingerprint.and_then(|of| context.data_of(of)).unwrap_or(context.data)
}

/// The selection named by a set, preferring one in the data of the run.
fn find_named<'a>(context: &Context<'a>, set: &Set) -> Option<&'a NamedSelection> {
    let Set::Named(name) = set else { return None };
    let mut all: Vec<&NamedSelection> =
        context.sets.named.iter().filter(|named| named.name == *name).collect();
    all.sort_by_key(|named| named.fingerprint != context.data.fingerprint);
    all.into_iter().find(|named| context.data_of(named.fingerprint).is_some())
}
