//! The latent space: one point a sample, where the encoder puts it.

mod card;
mod figure;
pub(super) mod lasso;
mod others;

use std::sync::Arc;

use egui::{ComboBox, DragValue, RichText, Ui, UiBuilder, vec2};
use serde::{Deserialize, Serialize};

use self::card::{Card, card_ui};
use self::lasso::{Lasso, Tool};
pub use self::others::OtherCodes;
use self::others::{Others, Part};
use super::parts::{empty_ui, epoch_ui, header_ui, named, quiet_ui};
use super::sample::{kept_at, tells_groups};
use super::view::{Entry, View};
use crate::dataset::{Dataset, LabelColumn, LabelValues};
use crate::figure::Figure;
use crate::project::{format_count, visible};
use crate::run::{Kept, Run};
use crate::ui::keys::keys;
use crate::ui::plots::{
    Limits, PointColors, Scatter, ScatterView, ShownScatter, class_legend_ui, class_legend_width, color,
    color_bar_ui, palette, scatter_ui, shortened, stamp_of,
};
use crate::ui::state::{ExportWhat, How, Selection, Set, State};
use crate::ui::widgets::header::{Row, Side};

/// What the view shows.
#[derive(Clone, Copy)]
pub struct LatentInput<'a> {
    /// The selected run.
    pub run: Option<&'a Run>,
    /// Its data, if they are loaded.
    pub data: Option<&'a Dataset>,
    /// Where the thread through time stands; `None` is live.
    pub epoch: Option<u32>,
    /// The codes of that epoch in the plane of their first two principal components, `None` until those of this very
    /// epoch are computed: older ones stay on screen meanwhile.
    pub principal: Option<&'a [[f32; 2]]>,
    /// The selected samples.
    pub selection: &'a Selection,
    /// Other data, where the encoder puts them.
    pub others: &'a [OtherCodes<'a>],
}

/// What a person asked for.
#[derive(Debug, Default)]
pub struct LatentOutput {
    /// The view wants the principal components of these codes.
    pub principal: Option<Arc<Kept>>,
    /// Change the selection by these rows of the run's data.
    pub select: Option<(Vec<u32>, How)>,
    /// Change the selection by these rows of other data, which have this fingerprint.
    pub select_other: Option<(u64, Vec<u32>, How)>,
    /// The title is being dragged: move the view.
    pub drag: bool,
}

/// Which plane of the codes is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Plane {
    /// Two units.
    #[default]
    Units,
    /// The first two principal components.
    Principal,
}

/// How the view stands.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct LatentView {
    /// The plane of the codes.
    pub plane: Plane,
    /// Units along x and y that a person chose, counted from 0; where both are 0 they are found.
    pub units: [usize; 2],
    /// Name of the label column that colours the points; where there is no such column, the first that tells groups apart.
    pub label: Option<String>,
    /// Whether no labels colour them.
    pub plain: bool,
    /// The class seen alone.
    #[serde(skip)]
    pub pinned: Option<u32>,
    /// What dragging does.
    pub tool: Tool,
    /// Zoom.
    pub scatter: ScatterView,
    #[serde(skip)]
    others: Others,
    #[serde(skip)]
    lasso: Lasso,
    #[serde(skip)]
    pointed: Option<u32>,
    #[serde(skip)]
    found: Found,
    /// The column that tells groups apart, if any, and of which data.
    #[serde(skip)]
    groups: Option<(u64, Option<usize>)>,
    #[serde(skip)]
    cache: Cache,
    /// The ends of both axes, as they were last shown.
    #[serde(skip)]
    limits: Option<Limits>,
}

/// Coordinates and colours, built again only when another epoch, plane or label is shown.
#[derive(Clone, Default)]
struct Cache {
    stamp: u64,
    points: Vec<[f32; 2]>,
    classes: Vec<u32>,
    numbers: Vec<f32>,
    range: [f32; 2],
    /// The newest principal components, shown until those of the next epoch are there.
    principal: (u64, Vec<[f32; 2]>),
    card: Card,
}

/// Units that show something where nobody chose any.
#[derive(Clone, Copy, Default)]
struct Found {
    run: u64,
    /// The codes last looked at.
    codes: usize,
    units: [usize; 2],
}

/// Shows the view in all the room there is.
pub fn latent_ui(ui: &mut Ui, input: &LatentInput<'_>, view: &mut LatentView) -> LatentOutput {
    let kept = input.run.and_then(|run| kept_at(run, input.epoch)).filter(|kept| kept.code_units > 0);
    if let (Some(run), Some(kept)) = (input.run, kept) {
        view.find_units(run, kept);
    }
    let handle = header_ui(ui, ENTRY.title, |row| controls_ui(row, input, kept, view));
    let mut output = LatentOutput { drag: handle.drag_started(), ..LatentOutput::default() };
    let (Some(run), Some(kept)) = (input.run, kept) else {
        match input.run {
            None => empty_ui(ui, "No codes yet", "Train the network: every sample becomes a point here."),
            Some(_) => empty_ui(ui, "No codes yet", "The first codes appear with the first epoch."),
        }
        return output;
    };
    let series = stamp_of((
        run.id,
        run.started_unix_secs,
        kept.code_units,
        view.plane == Plane::Principal,
        view.shown_units(kept.code_units),
    ));
    if view.plane == Plane::Principal && kept.code_units > 2 {
        match input.principal.filter(|points| points.len() == kept.codes.len() / kept.code_units) {
            Some(points) => view.cache.principal = (series, points.to_vec()),
            None => output.principal = Some(kept.clone()),
        }
    }
    let column = view.label_column(input.data);
    let lanes = lanes(kept, column);
    view.update(input, run, kept, column, series);
    if view.cache.points.is_empty() {
        empty_ui(ui, "Principal components are being computed", "They appear in a moment.");
        return output;
    }
    let rows = &run.kept.probe.code_rows;
    let of = stamp_of((view.cache.stamp, run.fingerprint, input.selection.changes()));
    view.lasso.follow(of, rows, |row| input.selection.contains(run.fingerprint, row));
    let shown = plot_ui(ui, view, column, lanes, series);
    view.limits = shown.as_ref().map(ShownScatter::limits);
    let mut is_on_other = false;
    if let Some(shown) = shown.as_ref().filter(|_| !input.others.is_empty()) {
        let part =
            Part { plane: view.plane, code_units: kept.code_units, units: view.shown_units(kept.code_units) };
        (is_on_other, output.select_other) = view.others.ui(ui, input.others, part, shown, input.selection);
    }
    if let Some(shown) = shown.as_ref().filter(|_| output.select_other.is_none()) {
        output.select = view.lasso.ui(ui, view.tool, shown, &view.cache.points, rows);
    }
    if let Some(point) = shown.and_then(|shown| shown.hovered).filter(|_| !is_on_other) {
        card_ui(ui, input, run, kept, column, point, view);
    }
    output
}

/// The plot, and at its right what the colours mean.
fn plot_ui(
    ui: &mut Ui,
    view: &mut LatentView,
    column: Option<&LabelColumn>,
    lanes: Option<&[String]>,
    series: u64,
) -> Option<ShownScatter> {
    let rect = ui.available_rect_before_wrap();
    let room = rect.width() * 0.35;
    let width = match column.map(|column| &column.values) {
        Some(LabelValues::Classes { names, .. }) => class_legend_width(ui, names, room),
        Some(LabelValues::Numbers(_)) => 84.0_f32.min(room),
        None => 0.0,
    };
    let (plot, side) = rect.split_left_right_at_x(rect.right() - width);
    ui.painter().rect_filled(rect, 0.0, color(palette(ui).plot));
    let mut pointed = None;
    let legend = side.shrink2(vec2(4.0, 8.0));
    if legend.is_positive() {
        ui.scope_builder(UiBuilder::new().max_rect(legend).id_salt("legend"), |ui| match column {
            Some(LabelColumn { values: LabelValues::Classes { names, .. }, .. }) => {
                pointed = class_legend_ui(ui, names, &mut view.pinned);
            }
            Some(LabelColumn { name, values: LabelValues::Numbers(_), .. }) => {
                color_bar_ui(ui, name, view.cache.range);
            }
            None => {}
        });
    }
    view.pointed = pointed;
    let cache = &view.cache;
    let colors = match column.map(|column| &column.values) {
        Some(LabelValues::Classes { .. }) => PointColors::Classes(&cache.classes),
        Some(LabelValues::Numbers(_)) => PointColors::Numbers(&cache.numbers, cache.range),
        None => PointColors::Alike,
    };
    let scatter = Scatter {
        name: "codes in the latent space",
        points: &cache.points,
        colors,
        stamp: cache.stamp,
        series,
        isolated: view.pointed,
        lanes,
        drag: view.tool.drag(),
    };
    let (lasso, points) = (&mut view.lasso, &cache.points);
    let shown = ui.scope_builder(UiBuilder::new().max_rect(plot).id_salt("plot"), |ui| {
        scatter_ui(ui, &scatter, &mut view.scatter, |ui, transform, shapes| {
            let at = |[x, y]: [f32; 2]| transform.position_from_point(&[f64::from(x), f64::from(y)].into());
            shapes.extend(lasso.marks(ui, points, at));
        })
    });
    shown.inner
}

fn controls_ui(row: &mut Row<'_>, input: &LatentInput<'_>, kept: Option<&Arc<Kept>>, view: &mut LatentView) {
    let Some(kept) = kept else { return };
    let units = kept.code_units;
    if units > 2 {
        let planes = [Plane::Principal, Plane::Units];
        let options =
            [("PCA", "First two principal components of the codes"), ("units", "Two units of the code")];
        let shown = planes.iter().position(|plane| *plane == view.plane);
        if let Some(chosen) = row.choice(Side::Left, "Plane", shown, &options) {
            (view.plane, view.scatter.zoom) = (planes[chosen], crate::ui::plots::Zoom::default());
        }
        if view.plane == Plane::Units {
            row.part(Side::Left, "shown units", |ui| unit_choice_ui(ui, units, view));
        }
    }
    if view.scatter.zoom.limits.is_some()
        && row.chip(Side::Right, false, "all", "Show all points again (double click)")
    {
        view.scatter.zoom.reset();
    }
    view.tool.choice_ui(row);
    colour_ui(row, input.data, view);
    epoch_ui(row, input.epoch);
    let count = format_count(kept.codes.len() / units.max(1));
    quiet_ui(row, Side::Right, "count", &count, "Watched samples: their codes are kept at every epoch");
    if units == 2 {
        quiet_ui(row, Side::Left, "axes", "unit 1 × unit 2", "");
    }
}

/// The choice of the labels that colour the points, where there is one.
fn colour_ui(row: &mut Row<'_>, data: Option<&Dataset>, view: &mut LatentView) {
    let columns: &[LabelColumn] = data.map_or(&[], |data| &data.labels);
    let shown = view.label_column(data).map(|column| column.name.as_str());
    if columns.is_empty() || (columns.len() == 1 && shown.is_some()) {
        return;
    }
    row.part(Side::Right, "colour by", |ui| {
        let text = RichText::new(shortened(shown.unwrap_or("none"), 14)).size(11.0);
        let combo = ComboBox::from_id_salt("colour by").selected_text(text).width(60.0);
        let response = combo.show_ui(ui, |ui| {
            if ui.selectable_label(shown.is_none(), "none").clicked() {
                (view.plain, view.pinned) = (true, None);
            }
            for column in columns {
                let chosen = shown == Some(column.name.as_str());
                if ui.selectable_label(chosen, visible(&column.name)).clicked() {
                    (view.label, view.plain, view.pinned) = (Some(column.name.clone()), false, None);
                }
            }
        });
        named(response.response, "label that colours the points");
    });
}

fn unit_choice_ui(ui: &mut Ui, units: usize, view: &mut LatentView) {
    let mut shown = view.shown_units(units);
    for (axis, name) in [(0, "x"), (1, "y")] {
        let mut number = shown[axis] + 1;
        let drag = DragValue::new(&mut number).range(1..=units).speed(0.1).prefix(format!("{name} "));
        let response = ui.add(drag).on_hover_text(format!("Unit along the {name} axis"));
        if named(response, format!("unit along {name}")).changed() {
            shown[axis] = number - 1;
            view.units = shown;
            view.scatter.zoom.reset();
        }
    }
}

/// The two units that vary most over the samples, in their order.
fn liveliest(codes: &[f32], count: usize) -> [usize; 2] {
    let mut ranges = vec![[f32::INFINITY, f32::NEG_INFINITY]; count];
    for code in codes.chunks_exact(count.max(1)) {
        for ([low, high], value) in ranges.iter_mut().zip(code) {
            (*low, *high) = (low.min(*value), high.max(*value));
        }
    }
    let width = |unit: &usize| ranges.get(*unit).map_or(0.0, |[low, high]| high - low);
    let mut units: Vec<usize> = (0..count).collect();
    units.sort_by(|a, b| width(b).total_cmp(&width(a)));
    let mut pair = [units.first(), units.get(1)].map(|unit| unit.copied().unwrap_or_default());
    pair.sort_unstable();
    pair
}

/// A code of one unit is a strip: a lane for every class.
fn lanes<'a>(kept: &Kept, column: Option<&'a LabelColumn>) -> Option<&'a [String]> {
    match column.map(|column| &column.values) {
        Some(LabelValues::Classes { names, .. }) if kept.code_units == 1 => Some(names),
        _ => None,
    }
}

impl LatentView {
    /// The labels that colour the points: those chosen, else the first that tell groups apart, classes before numbers.
    fn label_column<'a>(&mut self, data: Option<&'a Dataset>) -> Option<&'a LabelColumn> {
        let labels = &data.filter(|_| !self.plain)?.labels;
        let chosen = labels.iter().find(|column| Some(&column.name) == self.label.as_ref());
        if chosen.is_some() {
            return chosen;
        }
        let stamp = stamp_of((data.map(|data| data.fingerprint), labels.as_ptr().addr()));
        let groups = match self.groups {
            Some((of, groups)) if of == stamp => groups,
            Some(_) | None => {
                let of_kind = |classes: bool| {
                    let is_wanted = |column: &LabelColumn| {
                        column.class_ids().is_some() == classes && tells_groups(column)
                    };
                    labels.iter().position(is_wanted)
                };
                self.groups.insert((stamp, of_kind(true).or_else(|| of_kind(false)))).1
            }
        };
        labels.get(groups?)
    }

    /// The same, as it was last found.
    fn known_column<'a>(&self, data: Option<&'a Dataset>) -> Option<&'a LabelColumn> {
        let labels = &data.filter(|_| !self.plain)?.labels;
        let chosen = labels.iter().find(|column| Some(&column.name) == self.label.as_ref());
        chosen.or_else(|| labels.get(self.groups?.1?))
    }

    /// Two units the code really has: those chosen, else those found.
    fn shown_units(&self, count: usize) -> [usize; 2] {
        let last = count.saturating_sub(1);
        let wanted = if self.units == [0, 0] { self.found.units } else { self.units };
        wanted.map(|unit| unit.min(last))
    }

    /// Begins with the first two units of a run, and continues with the two liveliest once one of those is the same for all samples:
    /// most units of a sparse code may be silent. What shows something stays, so that the view does not jump.
    fn find_units(&mut self, run: &Run, kept: &Arc<Kept>) {
        let (stamp, codes) = (stamp_of((run.id, run.started_unix_secs)), Arc::as_ptr(kept).addr());
        if self.found.run != stamp {
            self.found = Found { run: stamp, codes: 0, units: [0, 1] };
        }
        if self.found.codes == codes || kept.code_units < 3 {
            return;
        }
        self.found.codes = codes;
        let mut rows = kept.codes.chunks_exact(kept.code_units);
        let Some(first) = rows.next() else { return };
        let is_lively = |unit: usize| rows.clone().any(|row| row.get(unit) != first.get(unit));
        if !self.found.units.into_iter().all(is_lively) {
            self.found.units = liveliest(&kept.codes, kept.code_units);
        }
    }

    /// Builds coordinates and colours where something changed.
    fn update(
        &mut self,
        input: &LatentInput<'_>,
        run: &Run,
        kept: &Arc<Kept>,
        column: Option<&LabelColumn>,
        series: u64,
    ) {
        let principal = (self.plane == Plane::Principal && kept.code_units > 2)
            .then(|| input.principal.map(<[_]>::as_ptr).map_or(0, |at| at as usize));
        let fingerprint = input.data.map(|data| data.fingerprint);
        // The fingerprint knows the rows alone; their labels may be others.
        let labels = column.map(|column| (column.name.as_str(), std::ptr::from_ref(column).addr()));
        let stamp =
            stamp_of((series, kept.epoch, Arc::as_ptr(kept) as usize, principal, labels, fingerprint));
        let [x, y] = self.shown_units(kept.code_units);
        let cache = &mut self.cache;
        if cache.stamp == stamp {
            return;
        }
        cache.stamp = stamp;
        let rows = &run.kept.probe.code_rows;
        cache.classes.clear();
        cache.numbers.clear();
        match column.map(|column| &column.values) {
            Some(LabelValues::Classes { ids, .. }) => {
                let class = |row: &u32| ids.get(*row as usize).copied().unwrap_or(u32::MAX);
                cache.classes.extend(rows.iter().map(class));
            }
            Some(LabelValues::Numbers(values)) => {
                let number = |row: &u32| values.get(*row as usize).copied().unwrap_or(f32::NAN);
                cache.numbers.extend(rows.iter().map(number));
                let finite = values.iter().copied().filter(|value| value.is_finite());
                let ends = finite.fold([f32::INFINITY, f32::NEG_INFINITY], |[l, h], v| [l.min(v), h.max(v)]);
                cache.range = if ends[0] <= ends[1] { ends } else { [0.0, 1.0] };
            }
            None => {}
        }
        if principal.is_some() {
            let known = cache.principal.0 == series;
            cache.points = if known { cache.principal.1.clone() } else { Vec::new() };
            return;
        }
        let codes = kept.codes.chunks_exact(kept.code_units);
        cache.points = match kept.code_units {
            1 => {
                let strip = |(index, code): (usize, &[f32])| [code[0], strip_height(cache, index)];
                codes.enumerate().map(strip).collect()
            }
            _ => codes.map(|code| [code[x], code[y]]).collect(),
        };
    }
}

/// Height of a point in the strip of a code of one unit: its class's lane, or its number, and a fixed jitter.
fn strip_height(cache: &Cache, index: usize) -> f32 {
    // Multiples of the golden ratio spread evenly (Weyl 1916).
    let jitter = (index as f64 * 0.618_033_988_749_895).fract() as f32 - 0.5;
    match (cache.classes.get(index), cache.numbers.get(index)) {
        (Some(class), _) => *class as f32 + 0.7 * jitter,
        (None, Some(number)) => *number,
        (None, None) => jitter,
    }
}

/// How the view is called.
static ENTRY: Entry = Entry {
    name: "Latent",
    title: "Latent space",
    icon: "◇",
    command: "Show latent space",
    tooltip: "Show the scatter plot of the codes.",
    keys: keys![CTRL, Num2],
};

impl View for LatentView {
    fn entry(&self) -> &'static Entry {
        &ENTRY
    }

    fn export(&self) -> Option<(ExportWhat, Set)> {
        Some((ExportWhat::Codes, Set::All))
    }

    fn show(&mut self, ui: &mut Ui, state: &mut State) -> bool {
        let now = &*state;
        let (run, epoch) = (now.shown(), now.epoch);
        let data = run.and_then(|run| now.data_of(run)).map(|data| &**data);
        let kept = run.and_then(|run| kept_at(run, epoch)).map(|kept| kept.epoch);
        let principal = run.and_then(|run| now.principal.points(run.id));
        let selection = &now.selection;
        let others: Vec<OtherCodes<'_>> = now
            .others
            .iter()
            .filter_map(|(name, data)| {
                let (_, located) = now.scored.located.get(name)?;
                Some(OtherCodes { name, data, located })
            })
            .collect();
        let input = LatentInput { run, data, epoch, principal, selection, others: &others };
        let output = latent_ui(ui, &input, self);
        let fingerprint = run.map(|run| run.fingerprint);
        let run = run.map(|run| run.id);
        let drawn = state.shown().and_then(|run| kept_at(run, epoch)).cloned();
        state.follow_located(
            drawn.as_ref().filter(|kept| self.plane == Plane::Principal && kept.code_units > 2),
        );
        if let Some((fingerprint, rows, how)) = output.select_other {
            state.selection.apply(fingerprint, rows, how);
        }
        if let Some((fingerprint, (rows, how))) = fingerprint.zip(output.select) {
            state.selection.apply(fingerprint, rows, how);
        }
        state.follow_principal(kept, run.zip(output.principal));
        output.drag
    }

    fn figures(&self, state: &State) -> Vec<Figure> {
        state.shown().and_then(|run| self.figure(run, state)).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_coloured_by_labels_that_tell_groups_apart() {
        let ids = || LabelColumn::classes("id", (0..60).map(|n| n.to_string()).collect(), (0..60).collect());
        let mut data = crate::ui::views::samples::table(60, 2);
        data.labels.insert(0, ids());
        let names = data.labels.iter().map(|column| column.name.as_str());
        assert_eq!(names.collect::<Vec<_>>(), ["id", "label", "height"]);
        let mut view = LatentView::default();
        let mut colour = |label: Option<&str>, plain, data: &Dataset| {
            (view.label, view.plain) = (label.map(str::to_owned), plain);
            view.label_column(Some(data)).map(|column| column.name.clone())
        };
        let name = |name: &str| Some(name.to_owned());
        assert_eq!(colour(None, false, &data), name("label"));
        assert_eq!(colour(Some("id"), false, &data), name("id"));
        assert_eq!(colour(Some("gone"), false, &data), name("label"));
        assert_eq!(colour(None, true, &data), None);
        data.labels.remove(1);
        assert_eq!(colour(None, false, &Dataset { fingerprint: 1, ..data.clone() }), name("height"));
        data.labels.truncate(1);
        assert_eq!(colour(None, false, &Dataset { fingerprint: 2, ..data }), None);
    }

    #[test]
    fn units_are_those_the_code_has_and_of_a_sparse_one_those_that_speak() {
        let mut view = LatentView { units: [3, 9], ..LatentView::default() };
        assert_eq!(view.shown_units(5), [3, 4]);
        let run = crate::ui::views::samples::run(1, 0);
        let kept = |epoch, codes: &[f32]| {
            Arc::new(Kept { epoch, code_units: 4, codes: codes.to_vec(), ..Kept::default() })
        };
        view.units = [0, 0];
        let both_speak = kept(1, &[0.0, 0.1, 0.0, 9.0, 0.1, 0.0, 0.0, 1.0]);
        view.find_units(&run, &both_speak);
        assert_eq!(view.shown_units(4), [0, 1]);
        let second_is_silent = kept(2, &[1.0, 0.0, 2.0, 9.0, 0.9, 0.0, 0.0, 1.0]);
        view.find_units(&run, &second_is_silent);
        assert_eq!(view.shown_units(4), [2, 3]);
        let first_speaks_again = kept(3, &[0.0, 0.0, 2.0, 9.0, 9.0, 9.0, 0.0, 1.0]);
        view.find_units(&run, &first_speaks_again);
        assert_eq!(view.shown_units(4), [2, 3], "what shows something stays");
        assert_eq!(view.shown_units(1), [0, 0]);
    }
}
