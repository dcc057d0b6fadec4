//! Exploration of a code: reconstructions at positions of the latent space, effects of single
//! units, interpolation between two codes, generated samples, and neighbours of a sample.

mod arithmetic;
mod cards;
mod context;
mod draws;
mod effects;
mod figure;
mod hover;
mod interpolation;
mod near;
mod pictures;
mod pins;
mod plane;
mod positions;
mod sliders;
mod subject;
mod traversals;

use egui::{Rect, RichText, ScrollArea, Ui, UiBuilder};

use self::arithmetic::Arithmetic;
use self::cards::Cards;
use self::context::{Actions, Context, Explored, Placed, Shown};
use self::draws::DrawsSection;
use self::effects::Effects;
use self::hover::Hover;
use self::interpolation::Interpolated;
use self::near::Near;
use self::pictures::Pictures;
use self::plane::{Classes, DensityOverlay, Mosaic, Tool, plane_ui};
use self::positions::Positions;
use self::sliders::Sliders;
use self::subject::{PlaneKind, Subject, training_samples};
use self::traversals::Traversals;
use super::channels::code_shape;
use super::latent::lasso::Lasso;
use super::parts::{chip_ui, empty_action_ui, empty_ui, epoch_ui, header_ui, is_tabbed, note_ui};
use super::sample::kept_at;
use super::set_choice::{code_choice_ui, code_choices, code_count_ui, existing};
use super::view::{Entry, View};
use std::sync::Arc;

use crate::dataset::Dataset;
use crate::figure::Figure;
use crate::project;
use crate::run::{Kept, Run, RunId, Status};
use crate::session::LineWords;
use crate::ui::keys::keys;
use crate::ui::plots::{ScatterView, color, palette, stamp_of};
use crate::ui::state::{EXPLORE_VIEW, ExportWhat, MissingData, Set, SetChoice, State};
use crate::ui::widgets::header::{Row, Side};

/// Widths of the panels to the right and left of the plane, and the minimum view width for both, in
/// points.
const SIDE: f32 = 292.0;
const FOCUS: f32 = 184.0;
const WIDE: f32 = 820.0;

/// A section of the panel next to the plane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Section {
    Pins,
    #[default]
    Sliders,
    Interpolation,
    Arithmetic,
    Traversals,
    Draw,
    Near,
}

impl Section {
    const ALL: [(Section, &'static str, &'static str); 7] = [
        (Section::Pins, "Pins", "Pins side by side: original, reconstruction and error, with notes"),
        (Section::Sliders, "Sliders", "Change single units of the code and see what changes"),
        (Section::Interpolation, "Interpolation", "Codes between two pins"),
        (Section::Arithmetic, "Arithmetic", "Add the difference of two groups of samples to a code"),
        (Section::Traversals, "Traversals", "Every unit over its range"),
        (Section::Draw, "Sample", "Samples that the network generates"),
        (Section::Near, "Nearest", "The samples nearest to a pin"),
    ];
}

/// State of the view.
#[derive(Clone, Default)]
pub struct ExploreView {
    /// The run this state belongs to, and its start time.
    of: Option<(RunId, u64)>,
    /// The displayed samples.
    set: Set,
    kind: PlaneKind,
    units: [usize; 2],
    components: [usize; 2],
    tool: Tool,
    section: Section,
    scatter: ScatterView,
    subject: Subject,
    mosaic: Mosaic,
    overlay: DensityOverlay,
    lasso: Lasso,
    classes: Classes,
    /// The isolated class.
    pinned_class: Option<u32>,
    /// The last decoded code under the pointer.
    place: Option<Vec<f32>>,
    pointer: Pictures,
    hover: Hover,
    pins: Pictures,
    /// Whether a code is far from all others, and the stamp of that code.
    far: (u64, bool),
    /// Whether units are sorted by KL divergence, if available.
    by_divergence: bool,
    cards: Cards,
    positions: Positions,
    sliders: Sliders,
    effects: Effects,
    interpolation: Interpolated,
    arithmetic: Arithmetic,
    traversals: Traversals,
    draws: DrawsSection,
    near: Near,
}

const NOTHING_YET: &str = "Nothing to explore yet";

/// Shows the view in the available space; returns the requests and whether its title is being
/// dragged.
fn explore_ui(ui: &mut Ui, state: &State, view: &mut ExploreView) -> (Actions, bool, bool) {
    let mut actions = Actions::default();
    let run = state.shown();
    let kept = run.and_then(|run| kept_at(run, state.epoch)).filter(|kept| kept.code_units > 0);
    if run.is_none() && is_tabbed(ui) {
        empty_ui(ui, NOTHING_YET, "Train a network: you can explore its code here, also while it trains.");
        return (actions, false, false);
    }
    let choices = run.zip(kept).and_then(|(run, _)| Some(code_choices(state, run, state.data_of(run)?)));
    let choices = choices.unwrap_or_default();
    let found = kept.and_then(|kept| codes_of(state, existing(&view.set, &choices), kept));
    let handle = header_ui(ui, ENTRY.title, |row| {
        if let Some(kept) = kept {
            let units = kept.code_units;
            let code = run.map_or(project::Shape::Vector(units), |run| code_shape(run, units));
            plane::controls_ui(row, kept, code, view);
            samples_ui(row, state, (kept, found), view, &choices);
        }
    });
    let drag = handle.drag_started();
    let (Some(run), Some(kept)) = (run, kept) else {
        empty_ui(ui, NOTHING_YET, "The first codes appear with the first epoch.");
        return (actions, drag, false);
    };
    let Some(network) = &state.explore.asked else {
        empty_ui(ui, NOTHING_YET, "You can explore the network once it has its first weights.");
        return (actions, drag, false);
    };
    let Some(data) = state.data_of(run).filter(|data| data.shape == run.shape) else {
        let action = (!matches!(state.missing_data(run), MissingData::Loading)).then_some("Load its data");
        let load = empty_action_ui(
            ui,
            "The data of this run are not loaded",
            "They are needed to show reconstructions in the units of the data.",
            action,
        );
        return (actions, drag, load);
    };
    let explore = &state.explore;
    let mut subject = std::mem::take(&mut view.subject);
    let of = stamp_of((run.id, run.started_unix_secs));
    let of_split = stamp_of((of, data.fingerprint, data.split.train.len()));
    subject.follow(kept, of_split, || training_samples(&run.kept.probe, data));
    let code = code_shape(run, kept.code_units);
    let shown = (view.shown_kind(kept.code_units), view.shown_axes(kept.code_units));
    subject.switch_to(of, code, shown, explore);
    let placed = found.and_then(|found| placed(found, kept));
    subject.show(placed.map(|(placed, _)| &placed.plane));
    let divergence = divergence(run, kept.code_units).filter(|_| view.by_divergence);
    view.positions.follow(of, code, &subject.order);
    let position = view.positions.position(code);
    let kind = &network.trained.plan().design().code.kind;
    let has_strongest = view.section == Section::Traversals && LineWords::of(kind).is_range;
    let order = if view.positions.shows_all(code, has_strongest) {
        divergence.map_or_else(|| subject.order.clone(), by_falling)
    } else {
        view.positions.units(code, |unit| match divergence {
            Some(nats) => nats.get(unit).copied().unwrap_or(0.0),
            None => subject.spreads.get(unit).map_or(0.0, |spread| spread.variance),
        })
    };
    let context = Context {
        run,
        data,
        kept,
        trained: &network.trained,
        is_live: network.epoch.is_none() && run.status == Status::Training,
        generation: network.generation,
        explore,
        sets: state.sets(),
        choices: &choices,
        shown: Shown::new((placed, data), (run, kept), &subject),
        subject: &subject,
        code,
        order: &order,
        position,
    };
    context.code_statistics(&mut actions);
    view.sliders.follow(context.base(), context.active().map(|pin| pin.at));
    let rect = ui.available_rect_before_wrap();
    let is_wide = rect.width() >= WIDE;
    let (rest, side) = rect.split_left_right_at_x(rect.right() - SIDE.min(0.55 * rect.width()));
    let (focus, plane) = rest.split_left_right_at_x(rest.left() + if is_wide { FOCUS } else { 0.0 });
    if is_wide {
        side_panel_ui(ui, focus, "focus", |ui| {
            ScrollArea::vertical().id_salt("explore focus").auto_shrink([false, false]).show(ui, |ui| {
                focus_ui(ui, &context, view, &mut actions);
            });
        });
    }
    side_panel_ui(ui, side, "side", |ui| side_ui(ui, &context, view, &mut actions, !is_wide));
    ui.scope_builder(UiBuilder::new().max_rect(plane).id_salt("plane"), |ui| {
        let is_of_other_size = match existing(&view.set, &choices) {
            Set::Other(name) => state.others.get(name).is_some_and(|other| other.shape != run.shape),
            Set::Watched
            | Set::Train
            | Set::Validation
            | Set::Test
            | Set::All
            | Set::Selection
            | Set::Named(_) => false,
        };
        if is_of_other_size {
            let advice = "Their codes have another size too and cannot be drawn here. Choose other samples, \
                          or open Reconstructions.";
            empty_ui(ui, "These pictures are not of the training size", advice);
            return;
        }
        match found.and_then(|(codes, _)| codes.failure()) {
            Some(message) => empty_ui(ui, "These samples cannot be encoded", message),
            None => plane_ui(ui, &context, view, &mut actions),
        }
    });
    view.subject = subject;
    (actions, drag, false)
}

/// Known codes of sets, with the data of the selected set.
type KnownCodes<'a> = (&'a Explored, &'a Arc<Dataset>);

/// The known codes of a set; `None` for watched samples, whose codes are in the run.
fn codes_of<'a>(state: &'a State, set: &Set, kept: &Kept) -> Option<KnownCodes<'a>> {
    let resolved = state.resolve_at(set, false, Some(kept.epoch)).filter(|_| *set != Set::Watched)?;
    Some((state.explored_codes.of_base(resolved.subject.samples_stamp())?, resolved.data))
}

/// The displayed codes, if any: the previous ones until those of the set are available.
fn placed<'a>((codes, data): KnownCodes<'a>, kept: &Kept) -> Option<(&'a Placed, &'a Arc<Dataset>)> {
    Some((codes.shown().filter(|placed| placed.watched.code_units == kept.code_units)?, data))
}

/// Controls and status of the displayed samples: set, count, and epochs of the weights.
fn samples_ui(
    row: &mut Row<'_>,
    state: &State,
    (kept, found): (&Kept, Option<KnownCodes<'_>>),
    view: &mut ExploreView,
    choices: &[SetChoice],
) {
    code_choice_ui(row, "Codes shown", &mut view.set, choices);
    epoch_ui(row, state.epoch);
    let set = existing(&view.set, choices);
    let placed = found.and_then(|found| placed(found, kept)).map(|(placed, _)| placed);
    let watched = (&Set::Watched, kept.codes.len() / kept.code_units.max(1), kept.epoch);
    let shown = placed.map_or(watched, |placed| (&placed.set, placed.rows.len(), placed.epoch));
    let coming = found.and_then(|(codes, _)| codes.coming());
    let coming = coming.map(|coming| coming.found.progress());
    code_count_ui(row, set, shown, coming);
    if let Some(asked) = &state.explore.asked
        && let Some((text, about)) = weights_text(shown.2, asked.epoch)
    {
        note_ui(row, Side::Right, "weights", &text, about);
    }
}

/// A panel with a fixed position and size, independent of its content.
fn side_panel_ui(ui: &mut Ui, rect: Rect, name: &str, add: impl FnOnce(&mut Ui)) {
    ui.painter().rect_filled(rect, 0.0, color(palette(ui).panel));
    let mut inside = ui.new_child(UiBuilder::new().max_rect(rect.shrink(8.0)).id_salt(name));
    inside.shrink_clip_rect(rect);
    add(&mut inside);
}

/// The current code, and the pinned codes.
fn focus_ui(ui: &mut Ui, context: &Context<'_>, view: &mut ExploreView, actions: &mut Actions) {
    pins::focus_ui(ui, context, view, actions);
    ui.add_space(6.0);
    pins::pins_ui(ui, context, view, actions);
}

/// The sections, below the current code if that has no panel of its own.
fn side_ui(
    ui: &mut Ui,
    context: &Context<'_>,
    view: &mut ExploreView,
    actions: &mut Actions,
    with_focus: bool,
) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::vec2(4.0, 4.0);
        for (section, name, about) in Section::ALL {
            if chip_ui(ui, view.section == section, name).on_hover_text(about).clicked() {
                view.section = section;
            }
        }
    });
    ui.add_space(6.0);
    ScrollArea::vertical().id_salt(view.section as u8).auto_shrink([false, false]).show(ui, |ui| {
        if with_focus {
            focus_ui(ui, context, view, actions);
            ui.add_space(8.0);
        }
        match view.section {
            Section::Pins => cards::cards_ui(ui, context, view, actions),
            Section::Sliders => {
                order_ui(ui, context, &mut view.by_divergence);
                sliders::sliders_ui(ui, context, view, actions);
            }
            Section::Interpolation => {
                interpolation::interpolation_ui(ui, context, &mut view.interpolation, actions);
            }
            Section::Arithmetic => arithmetic::arithmetic_ui(ui, context, &mut view.arithmetic, actions),
            Section::Traversals => {
                order_ui(ui, context, &mut view.by_divergence);
                traversals::traversals_ui(ui, context, &mut view.traversals, &mut view.positions, actions);
            }
            Section::Draw => draws::draws_ui(ui, context, &mut view.draws, actions),
            Section::Near => near::near_ui(ui, context, &mut view.near, actions),
        }
    });
}

/// KL divergence of each unit of a code with this many units, if the kind of code has one and it
/// was measured.
fn divergence(run: &Run, units: usize) -> Option<&[f32]> {
    let divergence = run.health.as_ref()?.divergence.as_deref()?;
    Some(divergence).filter(|divergence| divergence.len() == units)
}

/// Indices of values in descending order; equal ones keep their order.
fn by_falling(values: &[f32]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*b].total_cmp(&values[*a]));
    order
}

/// Controls for the sort order of units, if there is a choice.
fn order_ui(ui: &mut Ui, context: &Context<'_>, by_divergence: &mut bool) {
    if divergence(context.run, context.kept.code_units).is_none() {
        return;
    }
    ui.horizontal(|ui| {
        ui.label(RichText::new("sorted by").size(11.0).color(color(palette(ui).dim)));
        for (choice, name, about) in [
            (false, "variance", "Units with the largest variance first"),
            (true, "KL", "Units with the largest KL divergence from the prior first"),
        ] {
            if chip_ui(ui, *by_divergence == choice, name).on_hover_text(about).clicked() {
                *by_divergence = choice;
            }
        }
    });
    ui.add_space(4.0);
}

/// A notice that codes and weights are from different epochs.
fn weights_text(codes: u32, weights: Option<u32>) -> Option<(String, &'static str)> {
    match weights {
        Some(weights) if weights == codes => None,
        Some(weights) => Some((
            format!("codes of epoch {codes}, weights of epoch {weights}"),
            "The weights of the epoch of the codes were not kept.",
        )),
        None => Some((
            format!("codes of epoch {codes}, current weights"),
            "Codes are kept after each epoch; they are decoded with the current weights.",
        )),
    }
}

impl ExploreView {
    /// The plane shown. A code of two units forms its own plane.
    fn shown_kind(&self, count: usize) -> PlaneKind {
        if count > 2 { self.kind } else { PlaneKind::Components }
    }

    /// The two chosen units of the code; by default the first two.
    fn shown_units(&self, count: usize) -> [usize; 2] {
        let units = if self.units == [0, 0] { [0, 1] } else { self.units };
        units.map(|unit| unit.min(count.saturating_sub(1)))
    }

    /// The units or principal components along x and y, depending on the plane shown.
    fn shown_axes(&self, count: usize) -> [usize; 2] {
        match self.shown_kind(count) {
            PlaneKind::Units | PlaneKind::Pins => self.shown_units(count),
            PlaneKind::Components if self.components == [0, 0] => [0, 1],
            PlaneKind::Components => self.components,
        }
    }

    /// Requests the codes of the selected set.
    fn follow_set(&self, state: &mut State) {
        let Some(plane) = &self.subject.wanted else { return };
        let Some((run, data)) = state.shown().and_then(|run| Some((run, state.data_of(run)?))) else {
            return;
        };
        let Some(epoch) = kept_at(run, state.epoch).map(|kept| kept.epoch) else { return };
        let choices = code_choices(state, run, data);
        state.follow_explored_codes(existing(&self.set, &choices), epoch, plane);
    }

    /// Resets the state that depends on the run when the run changes.
    fn switch_to(&mut self, of: Option<(RunId, u64)>) {
        if self.of != of {
            let set = std::mem::take(&mut self.set);
            *self = ExploreView { of, set, tool: self.tool, section: self.section, ..ExploreView::default() };
        }
    }
}

/// The registry entry of the view.
static ENTRY: Entry = Entry {
    name: EXPLORE_VIEW,
    title: "Explore",
    icon: "○",
    command: "Show explore",
    tooltip: "Decode places of the latent space, change single units, and sample.",
    keys: keys![CTRL, Num9],
};

impl View for ExploreView {
    fn entry(&self) -> &'static Entry {
        &ENTRY
    }

    fn show(&mut self, ui: &mut Ui, state: &mut State) -> bool {
        state.follow_live_weights();
        state.follow_asked();
        self.switch_to(state.explore.of);
        let (actions, drag, load) = explore_ui(ui, state, self);
        if let (true, Some(run)) = (load, state.shown().map(|run| run.id)) {
            state.load_data_of(run);
        }
        for (question, stamp, kind) in actions.questions {
            state.ask_network(question, stamp, kind);
        }
        let pins = !actions.pins.is_empty() || actions.pins_selection;
        let changes_pins = pins || actions.unpin.is_some() || actions.activate.is_some();
        if !actions.pins.is_empty() {
            state.pin(actions.pins);
        }
        if actions.pins_selection {
            state.pin_selected();
        }
        if let Some((at, note)) = actions.note {
            state.note_pin(at, note);
        }
        if let Some((fingerprint, rows, mode)) = actions.select {
            state.selection.apply(fingerprint, rows, mode);
        }
        if let (Some(finding), Some(run)) = (actions.keep, state.shown().map(|run| run.id)) {
            state.keep_finding(run, finding);
        }
        if let Some(at) = actions.activate {
            state.explore.active = Some(at);
        }
        if let Some(at) = actions.unpin {
            state.unpin(at);
        }
        self.follow_set(state);
        if changes_pins {
            // Pins are numbered and decoded in the next frame.
            ui.ctx().request_repaint();
        }
        drag
    }

    fn figures(&self, state: &State) -> Vec<Figure> {
        self.all_figures(state)
    }

    fn export(&self) -> Option<(ExportWhat, Set)> {
        let set = if self.set == Set::Watched { Set::All } else { self.set.clone() };
        Some((ExportWhat::Codes, set))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_run_starts_with_a_new_state() {
        let of = |started| Some((RunId(1), started));
        let mut view = ExploreView {
            of: of(1),
            kind: PlaneKind::Pins,
            units: [30, 31],
            tool: Tool::Pan,
            section: Section::Near,
            set: Set::Test,
            place: Some(vec![0.0; 32]),
            ..ExploreView::default()
        };
        view.switch_to(of(1));
        assert!(view.place.is_some());
        view.switch_to(of(2));
        assert_eq!((view.of, view.place, view.kind), (of(2), None, PlaneKind::Components));
        assert_eq!((view.units, view.tool, view.section), ([0, 0], Tool::Pan, Section::Near));
        assert_eq!(view.set, Set::Test);
    }

    #[test]
    fn codes_of_two_units_or_fewer_are_shown_whole() {
        let view = ExploreView { kind: PlaneKind::Pins, units: [7, 3], ..ExploreView::default() };
        for (count, kind, units) in [
            (1, PlaneKind::Components, [0, 0]),
            (2, PlaneKind::Components, [1, 1]),
            (3, PlaneKind::Pins, [2, 2]),
            (8, PlaneKind::Pins, [7, 3]),
        ] {
            assert_eq!((view.shown_kind(count), view.shown_units(count)), (kind, units), "{count}");
        }
    }

    #[test]
    fn units_are_sorted_by_decreasing_values() {
        assert_eq!(by_falling(&[0.5, 2.0, f32::INFINITY, 2.0, -1.0]), [2, 1, 3, 0, 4]);
    }

    #[test]
    fn weights_of_another_time_are_reported() {
        let text = |codes, weights| weights_text(codes, weights).map(|(text, _)| text);
        assert_eq!(text(36, Some(36)), None);
        assert_eq!(text(36, Some(40)).as_deref(), Some("codes of epoch 36, weights of epoch 40"));
        assert_eq!(text(12, None).as_deref(), Some("codes of epoch 12, current weights"));
    }
}
