//! The latent space: one point per sample, at its code.

mod card;
mod controls;
mod drawn;
mod figure;
pub(super) mod lasso;
mod others;

use std::sync::Arc;

use egui::{Ui, UiBuilder, vec2};
use serde::{Deserialize, Serialize};

use self::card::{Card, Sample, card_ui};
use self::controls::controls_ui;
use self::drawn::{Cache, Drawn};
use self::lasso::{Lasso, Tool};
pub use self::others::OtherCodes;
use self::others::{Others, Part};
use super::channels::code_shape;
use super::parts::{empty_ui, header_ui};
use super::sample::kept_at;
use super::set_choice::{code_choices, existing};
use super::view::{Entry, View};
use crate::dataset::{Dataset, LabelColumn, LabelValues};
use crate::figure::Figure;
use crate::prepared::{class_rows, grouping};
use crate::project::Shape;
use crate::run::{Kept, Run};
use crate::session::{CodePart, CodePlane};
use crate::ui::keys::keys;
use crate::ui::plots::{
    Limits, PointColors, Scatter, ScatterView, ShownScatter, class_legend_ui, class_legend_width, color,
    color_bar_ui, palette, scatter_ui, stamp_of,
};
use crate::ui::state::{ExportWhat, PlacedCodes, Selection, SelectionMode, Set, SetChoice, SetCodes, State};

/// The input of the view.
#[derive(Clone, Copy)]
pub struct LatentInput<'a> {
    /// The selected run.
    pub run: Option<&'a Run>,
    /// Its data, if loaded.
    pub data: Option<&'a Dataset>,
    /// The epoch shown; `None` means live.
    pub epoch: Option<u32>,
    /// The codes of that epoch in the plane of their first two principal components. `None` until
    /// they are computed; older ones stay on screen meanwhile.
    pub principal: Option<&'a [[f32; 2]]>,
    /// Whether those codes have no principal components, so that two units are shown instead.
    pub has_no_principal: bool,
    /// The selected samples.
    pub selection: &'a Selection,
    /// The available sets.
    pub choices: &'a [SetChoice],
    /// Codes of a set to draw; `None` draws the watched samples.
    pub set: Option<&'a PlacedCodes>,
    /// During encoding of the chosen set, the number of encoded samples and the total.
    pub coming: Option<(usize, usize)>,
    /// Why the chosen set cannot be encoded, if it cannot.
    pub failure: Option<&'a str>,
    /// Codes of other data.
    pub others: &'a [OtherCodes<'a>],
}

/// Requests from the user.
#[derive(Debug, Default)]
pub struct LatentOutput {
    /// Compute the principal components of these codes, or of a part of them.
    pub principal: Option<(Arc<Kept>, CodePlane)>,
    /// Change the selection with these rows of the run's data.
    pub select: Option<(Vec<u32>, SelectionMode)>,
    /// Change the selection with these rows of other data, which have this fingerprint.
    pub select_other: Option<(u64, Vec<u32>, SelectionMode)>,
    /// Move the view: its title is being dragged.
    pub drag: bool,
}

/// The plane of the codes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Plane {
    /// Two units.
    Units,
    /// The first two principal components, for codes of more than two units.
    #[default]
    Principal,
    /// The principal components of one channel of a picture code.
    Channel,
    /// The principal components of the channels at one position of a picture code.
    Position,
}

/// State of the view.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct LatentView {
    /// The samples.
    pub set: Set,
    /// The plane of the codes.
    pub plane: Plane,
    /// Units along x and y chosen by the user, counted from 0; automatic if both are 0.
    pub units: [usize; 2],
    /// The channel shown alone, counted from 0.
    pub channel: usize,
    /// The position shown alone, counted row by row.
    pub position: usize,
    /// Name of the label column that determines the colours; if there is none, the first column
    /// that groups rows.
    pub label: Option<String>,
    /// Whether colours are independent of labels.
    pub plain: bool,
    /// The isolated class.
    #[serde(skip)]
    pub pinned: Option<u32>,
    /// The effect of dragging.
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
    /// Fingerprint of the data, and the column that groups rows, if any.
    #[serde(skip)]
    groups: Option<(u64, Option<usize>)>,
    #[serde(skip)]
    cache: Cache,
    #[serde(skip)]
    card: Card,
    /// The newest principal components of watched codes with their stamp, shown until those of the
    /// next epoch are available.
    #[serde(skip)]
    principal: (u64, Vec<[f32; 2]>),
    /// The limits of both axes, as last shown.
    #[serde(skip)]
    limits: Option<Limits>,
    /// Names of other data whose codes cannot be shown here, because their pictures have another
    /// size.
    #[serde(skip)]
    other_sizes: Vec<String>,
}

/// Automatically chosen units that vary.
#[derive(Clone, Copy, Default)]
struct Found {
    run: u64,
    /// The most recently examined codes.
    codes: usize,
    units: [usize; 2],
}

/// Shows the view in the available space.
pub fn latent_ui(ui: &mut Ui, input: &LatentInput<'_>, view: &mut LatentView) -> LatentOutput {
    let kept = input.run.and_then(|run| kept_at(run, input.epoch)).filter(|kept| kept.code_units > 0);
    if let (Some(run), Some(kept)) = (input.run, kept) {
        view.find_units(run, kept);
    }
    let handle = header_ui(ui, ENTRY.title, |row| controls_ui(row, input, kept.map(|kept| &**kept), view));
    let mut output = LatentOutput { drag: handle.drag_started(), ..LatentOutput::default() };
    let (Some(run), Some(kept)) = (input.run, kept) else {
        match input.run {
            None => empty_ui(ui, "No codes yet", "Train the network: every sample becomes a point here."),
            Some(_) => empty_ui(ui, "No codes yet", "The first codes appear with the first epoch."),
        }
        return output;
    };
    if let Some(message) = input.failure.filter(|_| input.set.is_none()) {
        empty_ui(ui, "These samples cannot be encoded", message);
        return output;
    }
    let set = input.set.filter(|set| set.watched.code_units == kept.code_units);
    let plane = view.code_plane(code_shape(run, kept.code_units), input.has_no_principal);
    let drawn = match set {
        Some(set) => Drawn::of_set(set),
        None => Drawn::watched(run, kept, plane, input.principal),
    };
    let series = stamp_of((run.id, run.started_unix_secs, drawn.units, drawn.plane));
    if set.is_none() && plane.is_principal() {
        match input.principal.filter(|points| points.len() == kept.codes.len() / kept.code_units) {
            Some(points) => view.principal = (series, points.to_vec()),
            None => output.principal = Some((kept.clone(), plane)),
        }
    }
    let column = view.label_column(input.data).filter(|_| drawn.density.is_none());
    let points = match set {
        Some(set) => Some(&set.places.points[..]),
        None => Some(&view.principal).filter(|known| known.0 == series).map(|known| &known.1[..]),
    };
    view.cache.update(&drawn, points, input.data.map(|data| data.fingerprint), column, series);
    if view.cache.placed.points.is_empty() {
        empty_ui(ui, "Principal components are being computed", "They appear in a moment.");
        return output;
    }
    let rows = Arc::clone(&view.cache.rows);
    let of = stamp_of((view.cache.stamp, run.fingerprint, input.selection.changes()));
    view.lasso.follow(of, &rows, |row| input.selection.contains(run.fingerprint, row));
    let shown = plot_ui(ui, view, column, &drawn, series);
    view.limits = shown.as_ref().map(ShownScatter::limits);
    let mut is_on_other = false;
    if let Some(shown) = shown.as_ref().filter(|_| !input.others.is_empty()) {
        let part = Part { plane: drawn.plane, code_units: kept.code_units };
        (is_on_other, output.select_other) = view.others.ui(ui, input.others, part, shown, input.selection);
    }
    if let Some(shown) = shown.as_ref().filter(|_| output.select_other.is_none()) {
        output.select = view.lasso.ui(ui, view.tool, shown, &view.cache.placed.points, &rows);
    }
    if let Some(point) = shown.and_then(|shown| shown.hovered).filter(|_| !is_on_other)
        && let Some(row) = rows.get(point)
    {
        let sample = Sample { row: *row, code: drawn.code(point), epoch: drawn.epoch };
        card_ui(ui, input, (run, kept), column, &sample, view);
    }
    output
}

/// The plot, with the legend to its right.
fn plot_ui(
    ui: &mut Ui,
    view: &mut LatentView,
    column: Option<&LabelColumn>,
    drawn: &Drawn<'_>,
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
                color_bar_ui(ui, name, view.cache.placed.range);
            }
            None => {}
        });
    }
    view.pointed = pointed;
    let cache = &view.cache;
    let colors = match column.map(|column| &column.values) {
        Some(LabelValues::Classes { .. }) => PointColors::Classes(&cache.placed.classes),
        Some(LabelValues::Numbers(_)) => PointColors::Numbers(&cache.placed.numbers, cache.placed.range),
        None => PointColors::Alike,
    };
    let scatter = Scatter {
        name: "codes in the latent space",
        points: &cache.placed.points,
        colors,
        stamp: cache.stamp,
        series,
        isolated: view.pointed,
        class_rows: class_rows(drawn.units, column),
        density: drawn.density,
        drag: view.tool.drag(),
    };
    let (lasso, points) = (&mut view.lasso, &cache.placed.points);
    let shown = ui.scope_builder(UiBuilder::new().max_rect(plot).id_salt("plot"), |ui| {
        scatter_ui(ui, &scatter, &mut view.scatter, |ui, transform, shapes| {
            shapes.extend(lasso.marks(ui, points, transform));
        })
    });
    shown.inner
}

/// The two units with the largest variance, in ascending order.
fn most_varied(codes: &[f32], count: usize) -> [usize; 2] {
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

impl LatentView {
    /// The labels that determine the colours: the chosen ones, else the first that group rows,
    /// preferring classes to numbers.
    fn label_column<'a>(&mut self, data: Option<&'a Dataset>) -> Option<&'a LabelColumn> {
        let labels = &data.filter(|_| !self.plain)?.labels;
        let chosen = labels.iter().find(|column| Some(&column.name) == self.label.as_ref());
        if chosen.is_some() {
            return chosen;
        }
        let stamp = stamp_of((data.map(|data| data.fingerprint), labels.as_ptr().addr()));
        let groups = match self.groups {
            Some((of, groups)) if of == stamp => groups,
            Some(_) | None => self.groups.insert((stamp, grouping(labels))).1,
        };
        labels.get(groups?)
    }

    /// The labels that determine the colours, from the cache.
    fn known_column<'a>(&self, data: Option<&'a Dataset>) -> Option<&'a LabelColumn> {
        let labels = &data.filter(|_| !self.plain)?.labels;
        let chosen = labels.iter().find(|column| Some(&column.name) == self.label.as_ref());
        chosen.or_else(|| labels.get(self.groups?.1?))
    }

    /// Two units that the code has: the chosen ones, else the automatic ones.
    fn shown_units(&self, count: usize) -> [usize; 2] {
        let last = count.saturating_sub(1);
        let wanted = if self.units == [0, 0] { self.found.units } else { self.units };
        wanted.map(|unit| unit.min(last))
    }

    /// The plane to show for codes of this shape.
    fn code_plane(&self, code: Shape, has_no_principal: bool) -> CodePlane {
        let units = || CodePlane::Units(self.shown_units(code.features()));
        match (self.plane, code) {
            (Plane::Units, _) => units(),
            _ if code.features() <= 2 || has_no_principal => units(),
            (Plane::Channel, Shape::Image { channels, .. }) => {
                CodePlane::Part(CodePart::Channel(self.channel.min(channels.saturating_sub(1))), channels)
            }
            (Plane::Position, Shape::Image { height, width, channels }) => {
                let last = (height * width).saturating_sub(1);
                CodePlane::Part(CodePart::Position(self.position.min(last)), channels)
            }
            (Plane::Principal | Plane::Channel | Plane::Position, _) => CodePlane::Principal,
        }
    }

    /// Starts with the first two units of a run, and switches to the two with the largest variance
    /// once one of the shown units is constant: most units of a sparse code may be dead. Units that
    /// vary are kept, so that the view does not jump.
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
            self.found.units = most_varied(&kept.codes, kept.code_units);
        }
    }
}

/// The registry entry of the view.
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
        let set = if self.set == Set::Watched { Set::All } else { self.set.clone() };
        Some((ExportWhat::Codes, set))
    }

    fn show(&mut self, ui: &mut Ui, state: &mut State) -> bool {
        if let Some(set) = state.view.latent_set.take() {
            self.set = set;
        }
        let now = &*state;
        let (run, epoch) = (now.shown(), now.epoch);
        let data = run.and_then(|run| now.data_of(run)).map(|data| &**data);
        let kept = run.and_then(|run| kept_at(run, epoch)).cloned();
        let mut choices = run.zip(data).map(|(run, data)| code_choices(now, run, data)).unwrap_or_default();
        // Other data are drawn on top of any set.
        choices.retain(|choice| !matches!(choice.set, Set::Other(_)));
        // Do not request a set that no longer exists.
        let wanted = existing(&self.set, &choices).clone();
        let base = now.resolve(&wanted, false).map(|resolved| resolved.subject.samples_stamp());
        let found = base.filter(|_| wanted != Set::Watched).and_then(|base| now.set_codes.of_base(base));
        let set = found.and_then(SetCodes::shown);
        let others: Vec<OtherCodes<'_>> = now
            .others
            .iter()
            .filter_map(|(name, data)| {
                let (_, located) = now.scored.located.get(name)?;
                Some(OtherCodes { name, data, located })
            })
            .collect();
        let is_of_other_size =
            |(_, data): &(&String, &Arc<Dataset>)| run.is_some_and(|run| data.shape != run.shape);
        let other_sizes = now.others.iter().filter(is_of_other_size).map(|(name, _)| name.clone());
        self.other_sizes = other_sizes.collect();
        let shown = run.zip(kept.as_ref());
        let code = shown.map(|(run, kept)| code_shape(run, kept.code_units));
        let wished = code.map_or(CodePlane::Principal, |code| self.code_plane(code, false));
        let has_failed =
            |(run, kept): (&Run, &Arc<Kept>)| now.principal.has_failed(run.id, kept.epoch, wished);
        let has_no_principal = shown.is_some_and(has_failed);
        let input = LatentInput {
            run,
            data,
            epoch,
            principal: run.and_then(|run| now.principal.points(run.id, wished)),
            has_no_principal,
            selection: &now.selection,
            choices: &choices,
            set,
            coming: found.and_then(SetCodes::coming).map(|coming| coming.found.progress()),
            failure: found.and_then(SetCodes::failure),
            others: &others,
        };
        let output = latent_ui(ui, &input, self);
        let fingerprint = run.map(|run| run.fingerprint);
        let run = run.map(|run| run.id);
        let plane = code.map(|code| self.code_plane(code, has_no_principal));
        let spanning = set.map(|set| Arc::clone(&set.watched)).or_else(|| kept.clone());
        let spanning = spanning.zip(plane.filter(|plane| plane.is_principal()));
        state.follow_located(spanning.as_ref());
        if let Some((fingerprint, rows, mode)) = output.select_other {
            state.selection.apply(fingerprint, rows, mode);
        }
        if let Some((fingerprint, (rows, mode))) = fingerprint.zip(output.select) {
            state.selection.apply(fingerprint, rows, mode);
        }
        state.follow_principal(kept.map(|kept| kept.epoch), run.zip(output.principal));
        if let Some(plane) = plane {
            // Another set may have been selected in this frame.
            state.follow_set_codes(existing(&self.set, &choices), plane);
        }
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
    fn points_are_coloured_by_labels_that_group_rows() {
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
    fn shown_units_exist_and_are_active_in_sparse_codes() {
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
