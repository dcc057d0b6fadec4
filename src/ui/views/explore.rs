//! Exploring a code: what is at a place of the latent space, what each unit does, what lies between two codes, what the network
//! generates, and what is near to a sample.

mod between;
mod draws;
mod figure;
mod near;
mod pictures;
mod pins;
mod plane;
mod sliders;
mod subject;
mod traversals;

use std::sync::Arc;

use egui::{Rect, RichText, ScrollArea, Ui, UiBuilder};

use self::between::Between;
use self::draws::DrawsSection;
use self::near::Near;
use self::pictures::Pictures;
use self::plane::{Mosaic, Tool, plane_ui};
use self::sliders::Sliders;
use self::subject::{PlaneKind, Subject};
use self::traversals::Traversals;
use super::latent::lasso::Lasso;
use super::parts::{chip_ui, empty_action_ui, empty_ui, epoch_ui, header_ui, is_tabbed, trailing_ui};
use super::sample::kept_at;
use super::view::{Entry, View};
use crate::dataset::Dataset;
use crate::engine::Trained;
use crate::figure::Figure;
use crate::run::{Kept, Run, RunId, Status};
use crate::session::{Decoding, JobKind};
use crate::ui::keys::keys;
use crate::ui::plots::{ScatterView, color, palette, stamp_of};
use crate::ui::state::{Explore, How, MissingData, Pin, Question, Selection, State};

/// Widths of the panels right and left of the plane, and of a view that has room for both, in points.
const SIDE: f32 = 292.0;
const FOCUS: f32 = 184.0;
const WIDE: f32 = 820.0;

/// What is explored, ready to be shown.
#[derive(Clone, Copy)]
struct Context<'a> {
    run: &'a Run,
    data: &'a Arc<Dataset>,
    kept: &'a Arc<Kept>,
    trained: &'a Trained,
    /// Whether the weights change by themselves.
    is_live: bool,
    generation: u64,
    explore: &'a Explore,
    selection: &'a Selection,
    subject: &'a Subject,
}

impl Context<'_> {
    /// Tells questions to this network from those to others.
    fn stamp(&self, of: impl std::hash::Hash) -> u64 {
        stamp_of((self.generation, of))
    }

    /// Whether a question is to be asked now. While weights change ten times a second, what takes longer is asked again
    /// only once it is answered, or no answer would ever be to the newest.
    fn asks(&self, question: Question, stamp: u64) -> bool {
        self.explore.is_new(question, stamp) && !(self.is_live && self.explore.is_open(question))
    }

    /// The active pin, with its place among the pins.
    fn active(&self) -> Option<(usize, &Pin)> {
        self.explore.active.and_then(|at| Some((at, self.explore.pins.get(at)?)))
    }

    /// The code looked at: that of the active pin, else the mean.
    fn base(&self) -> Vec<f32> {
        self.active().map_or_else(|| self.subject.mean(), |(_, pin)| pin.code.clone())
    }

    /// How often each entry of the codebook is chosen, of a quantised code.
    fn shares(&self) -> &[f32] {
        let codebook = self.run.health.as_ref().and_then(|health| health.codebook.as_ref());
        codebook.map_or(&[], |codebook| &codebook.shares)
    }

    /// Samples that are decoded at most at a time: of large ones fewer, so that their values fit into 16 MB.
    fn most_samples(&self) -> usize {
        ((1 << 22) / self.data.shape.features().max(1)).max(4)
    }

    /// Asks for the reconstructions of codes, which follow from the network and what `of` says; gives the stamp of the
    /// question where it was asked.
    fn decode(
        &self,
        asked: &mut Asked,
        purpose: Decoding,
        of: impl std::hash::Hash,
        codes: impl FnOnce() -> Vec<f32>,
    ) -> Option<u64> {
        let stamp = self.stamp(of);
        let question = Question::Decode(purpose);
        if !self.asks(question, stamp) {
            return None;
        }
        let codes = codes();
        if codes.is_empty() || !codes.len().is_multiple_of(self.kept.code_units) {
            return None;
        }
        let trained = self.trained.clone();
        asked.questions.push((question, stamp, JobKind::Decode { trained, codes, purpose }));
        Some(stamp)
    }
}

/// Says why a question has no answer.
fn failure_ui(ui: &mut Ui, context: &Context<'_>, question: Question) {
    if let Some(message) = context.explore.failed(question) {
        let text = RichText::new(message).size(11.0).color(color(palette(ui).bad));
        ui.add(egui::Label::new(text).wrap());
    }
}

/// What tells codes from others.
fn bits(code: &[f32]) -> Vec<u32> {
    code.iter().map(|value| value.to_bits()).collect()
}

/// What a person asked for.
#[derive(Default)]
struct Asked {
    /// Questions to the network.
    questions: Vec<(Question, u64, JobKind)>,
    /// A code to keep.
    pin: Option<Pin>,
    /// A kept code to remove.
    unpin: Option<usize>,
    /// A kept code to look at.
    activate: Option<usize>,
    /// Rows to select.
    select: Option<(Vec<u32>, How)>,
}

/// A section of the panel beside the plane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Section {
    #[default]
    Sliders,
    Between,
    Traversals,
    Draw,
    Near,
}

impl Section {
    const ALL: [(Section, &'static str, &'static str); 5] = [
        (Section::Sliders, "Sliders", "Change single units of the code and see what changes"),
        (Section::Between, "Interpolation", "Codes between two pins"),
        (Section::Traversals, "Traversals", "Every unit over its range"),
        (Section::Draw, "Sample", "Samples that the network generates"),
        (Section::Near, "Nearest", "The samples nearest to a pin"),
    ];
}

/// How the view stands.
#[derive(Clone, Default)]
pub struct ExploreView {
    /// The run and start of the run that all of it is of.
    of: Option<(RunId, u64)>,
    kind: PlaneKind,
    units: [usize; 2],
    tool: Tool,
    section: Section,
    scatter: ScatterView,
    subject: Subject,
    mosaic: Mosaic,
    lasso: Lasso,
    /// The class that a person chose to see alone.
    pinned_class: Option<u32>,
    /// The code under the pointer that was last decoded.
    place: Option<Vec<f32>>,
    pointer: Pictures,
    pins: Pictures,
    /// Whether a code is far from all others, and of which code that was found.
    far: (u64, bool),
    sliders: Sliders,
    between: Between,
    traversals: Traversals,
    draws: DrawsSection,
    near: Near,
}

const NOTHING_YET: &str = "Nothing to explore yet";

/// Shows the view in all the room there is; says what was asked for, and whether the view is dragged by its title.
fn explore_ui(ui: &mut Ui, state: &State, view: &mut ExploreView) -> (Asked, bool, bool) {
    let mut asked = Asked::default();
    let run = state.shown();
    let kept = run.and_then(|run| kept_at(run, state.epoch)).filter(|kept| kept.code_units > 0);
    if run.is_none() && is_tabbed(ui) {
        empty_ui(ui, NOTHING_YET, "Train a network: its code can be explored here, while it trains too.");
        return (asked, false, false);
    }
    let (handle, ()) = header_ui(ui, ENTRY.title, |ui| {
        if let Some(kept) = kept {
            plane::controls_ui(ui, kept, view);
        }
        trailing_ui(ui, "explore", |ui| {
            epoch_ui(ui, state.epoch);
            if let (Some(kept), Some(asked)) = (kept, &state.explore.asked)
                && let Some((text, about)) = weights_text(kept.epoch, asked.epoch)
            {
                ui.label(RichText::new(text).size(11.0).color(color(palette(ui).dim))).on_hover_text(about);
            }
        });
    });
    let drag = handle.drag_started();
    let (Some(run), Some(kept)) = (run, kept) else {
        empty_ui(ui, NOTHING_YET, "The first codes appear with the first epoch.");
        return (asked, drag, false);
    };
    let Some(network) = &state.explore.asked else {
        empty_ui(ui, NOTHING_YET, "The network can be asked once its first weights are there.");
        return (asked, drag, false);
    };
    let Some(data) = state.data_of(run).filter(|data| data.shape == run.shape) else {
        let action = (!matches!(state.missing_data(run), MissingData::Loading)).then_some("Load its data");
        let load = empty_action_ui(
            ui,
            "The data of this run are not loaded",
            "They are needed to show what is reconstructed in their own units.",
            action,
        );
        return (asked, drag, load);
    };
    let explore = &state.explore;
    let (kind, units) = (view.shown_kind(kept.code_units), view.shown_units(kept.code_units));
    view.subject.update(kept, kind, units, &explore.pins, explore.active);
    let subject = std::mem::take(&mut view.subject);
    let context = Context {
        run,
        data,
        kept,
        trained: &network.trained,
        is_live: network.epoch.is_none() && run.status == Status::Training,
        generation: network.generation,
        explore,
        selection: &state.selection,
        subject: &subject,
    };
    view.sliders.follow(context.base(), explore.active);
    let rect = ui.available_rect_before_wrap();
    let is_wide = rect.width() >= WIDE;
    let (rest, side) = rect.split_left_right_at_x(rect.right() - SIDE.min(0.55 * rect.width()));
    let (focus, plane) = rest.split_left_right_at_x(rest.left() + if is_wide { FOCUS } else { 0.0 });
    if is_wide {
        side_panel_ui(ui, focus, "focus", |ui| {
            ScrollArea::vertical().id_salt("explore focus").auto_shrink([false, false]).show(ui, |ui| {
                focus_ui(ui, &context, view, &mut asked);
            });
        });
    }
    side_panel_ui(ui, side, "side", |ui| side_ui(ui, &context, view, &mut asked, !is_wide));
    ui.scope_builder(UiBuilder::new().max_rect(plane).id_salt("plane"), |ui| {
        plane_ui(ui, &context, view, &mut asked);
    });
    view.subject = subject;
    (asked, drag, false)
}

/// A panel that keeps its place and size, whatever is in it.
fn side_panel_ui(ui: &mut Ui, rect: Rect, name: &str, add: impl FnOnce(&mut Ui)) {
    ui.painter().rect_filled(rect, 0.0, color(palette(ui).panel));
    let mut inside = ui.new_child(UiBuilder::new().max_rect(rect.shrink(8.0)).id_salt(name));
    inside.shrink_clip_rect(rect);
    add(&mut inside);
}

/// Shows so many things of one width side by side, in as many rows as they need.
fn tiles_ui(ui: &mut Ui, count: usize, width: f32, mut add: impl FnMut(&mut Ui, usize)) {
    const GAP: f32 = 6.0;
    let columns = (((ui.available_width() + GAP) / (width + GAP)) as usize).max(1);
    for first in (0..count).step_by(columns) {
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = GAP;
            for at in first..(first + columns).min(count) {
                ui.vertical(|ui| {
                    ui.set_width(width);
                    add(ui, at);
                });
            }
        });
        ui.add_space(GAP);
    }
}

/// The code looked at, and the codes that are kept.
fn focus_ui(ui: &mut Ui, context: &Context<'_>, view: &mut ExploreView, asked: &mut Asked) {
    pins::focus_ui(ui, context, view, asked);
    ui.add_space(6.0);
    pins::pins_ui(ui, context, view, asked);
}

/// The sections, beneath the code looked at where there is no panel for it.
fn side_ui(ui: &mut Ui, context: &Context<'_>, view: &mut ExploreView, asked: &mut Asked, with_focus: bool) {
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
            focus_ui(ui, context, view, asked);
            ui.add_space(8.0);
        }
        match view.section {
            Section::Sliders => sliders::sliders_ui(ui, context, &mut view.sliders, asked),
            Section::Between => between::between_ui(ui, context, &mut view.between, asked),
            Section::Traversals => traversals::traversals_ui(ui, context, &mut view.traversals, asked),
            Section::Draw => draws::draws_ui(ui, context, &mut view.draws, asked),
            Section::Near => near::near_ui(ui, context, &mut view.near, asked),
        }
    });
}

/// Says that codes and weights are of different moments.
fn weights_text(codes: u32, weights: Option<u32>) -> Option<(String, &'static str)> {
    match weights {
        Some(weights) if weights == codes => None,
        Some(weights) => Some((
            format!("codes of epoch {codes}, weights of epoch {weights}"),
            "No weights were kept of the epoch of the codes.",
        )),
        None => Some((
            format!("codes of epoch {codes}, current weights"),
            "Codes are kept after each epoch; they are decoded by the weights as they are now.",
        )),
    }
}

impl ExploreView {
    /// The plane shown. A code of two units is its own plane.
    fn shown_kind(&self, count: usize) -> PlaneKind {
        if count > 2 { self.kind } else { PlaneKind::Components }
    }

    /// Two units the code has, the first two where none were chosen.
    fn shown_units(&self, count: usize) -> [usize; 2] {
        let units = if self.units == [0, 0] { [0, 1] } else { self.units };
        units.map(|unit| unit.min(count.saturating_sub(1)))
    }

    /// Starts anew for another run: only what does not depend on it stays.
    fn turn_to(&mut self, of: Option<(RunId, u64)>) {
        if self.of != of {
            *self = ExploreView { of, tool: self.tool, section: self.section, ..ExploreView::default() };
        }
    }
}

/// How the view is called.
static ENTRY: Entry = Entry {
    name: "Explore",
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
        self.turn_to(state.explore.of);
        let (asked, drag, load) = explore_ui(ui, state, self);
        if let (true, Some(run)) = (load, state.shown().map(|run| run.id)) {
            state.load_data_of(run);
        }
        for (question, stamp, kind) in asked.questions {
            state.ask_network(question, stamp, kind);
        }
        if let Some(pin) = asked.pin {
            state.pin(pin);
        }
        if let Some((fingerprint, (rows, how))) = state.shown().map(|run| run.fingerprint).zip(asked.select) {
            state.selection.apply(fingerprint, rows, how);
        }
        if let Some(at) = asked.activate {
            state.explore.active = Some(at);
        }
        if let Some(at) = asked.unpin {
            state.unpin(at);
        }
        drag
    }

    fn figures(&self, state: &State) -> Vec<Figure> {
        self.all_figures(state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_run_starts_with_nothing_of_the_last_one() {
        let of = |started| Some((RunId(1), started));
        let mut view = ExploreView {
            of: of(1),
            kind: PlaneKind::Pins,
            units: [30, 31],
            tool: Tool::Pan,
            section: Section::Near,
            place: Some(vec![0.0; 32]),
            ..ExploreView::default()
        };
        view.turn_to(of(1));
        assert!(view.place.is_some());
        view.turn_to(of(2));
        assert_eq!((view.of, view.place, view.kind), (of(2), None, PlaneKind::Components));
        assert_eq!((view.units, view.tool, view.section), ([0, 0], Tool::Pan, Section::Near));
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
    fn weights_of_another_moment_are_said() {
        let text = |codes, weights| weights_text(codes, weights).map(|(text, _)| text);
        assert_eq!(text(36, Some(36)), None);
        assert_eq!(text(36, Some(40)).as_deref(), Some("codes of epoch 36, weights of epoch 40"));
        assert_eq!(text(12, None).as_deref(), Some("codes of epoch 12, current weights"));
    }
}
