//! Exploring a code: what is at a place of the latent space, what each unit does, what lies between two codes, what the network
//! makes up, and what is near to a sample.

mod between;
mod draws;
mod near;
mod pictures;
mod pins;
mod plane;
mod sliders;
mod subject;
mod traversals;

use std::sync::Arc;

use egui::{Panel, RichText, ScrollArea, Ui};

use self::between::Between;
use self::draws::DrawsSection;
use self::near::Near;
use self::pictures::Pictures;
use self::plane::{Mosaic, Tool, plane_ui};
use self::sliders::Sliders;
use self::subject::{PlaneKind, Subject};
use self::traversals::Traversals;
use super::parts::{chip_ui, empty_action_ui, empty_ui, epoch_ui, header_ui, is_tabbed, trailing_ui};
use super::sample::kept_at;
use super::view::{Entry, View};
use crate::dataset::Dataset;
use crate::engine::Trained;
use crate::run::{Kept, Run};
use crate::session::{Decoding, JobKind};
use crate::ui::keys::keys;
use crate::ui::plots::{ScatterView, color, palette, stamp_of};
use crate::ui::state::{Explore, MissingData, Pin, Question, State};

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
    explore: &'a Explore,
    subject: &'a Subject,
}

impl Context<'_> {
    /// Tells questions to this network from those to others.
    fn stamp(&self, of: impl std::hash::Hash) -> u64 {
        stamp_of((Arc::as_ptr(self.trained.weights()) as usize, of))
    }

    /// The code looked at: that of the active pin, else the mean.
    fn base(&self) -> Vec<f32> {
        let active = self.explore.active.and_then(|at| self.explore.pins.get(at));
        active.map_or_else(|| self.subject.mean(), |pin| pin.code.clone())
    }

    /// Asks for the reconstructions of codes.
    fn decode(&self, asked: &mut Asked, purpose: Decoding, codes: Vec<f32>) {
        let stamp = self.stamp(bits(&codes));
        let question = Question::Decode(purpose);
        if self.explore.is_new(question, stamp) {
            let trained = self.trained.clone();
            asked.questions.push((question, stamp, JobKind::Decode { trained, codes, purpose }));
        }
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
    /// A kept code to let go of.
    unpin: Option<usize>,
    /// A kept code to look at.
    activate: Option<usize>,
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
        (Section::Between, "Between", "The way from one pin to another"),
        (Section::Traversals, "Traversals", "Every unit over its range"),
        (Section::Draw, "Sample", "Samples that the network makes up"),
        (Section::Near, "Near", "Samples that are near to a pin"),
    ];
}

/// How the view stands.
#[derive(Clone, Default)]
pub struct ExploreView {
    kind: PlaneKind,
    units: [usize; 2],
    tool: Tool,
    section: Section,
    scatter: ScatterView,
    subject: Subject,
    mosaic: Mosaic,
    /// The code under the pointer that was last decoded.
    place: Option<Vec<f32>>,
    pointer: Pictures,
    pins: Pictures,
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
            let of = state.explore.asked.as_ref().map(|asked| asked.epoch);
            if let (Some(wanted), Some(of)) = (state.epoch, of)
                && of != Some(wanted)
            {
                let text = of.map_or_else(
                    || "decoded by the last weights".to_owned(),
                    |of| format!("decoded by epoch {of}"),
                );
                ui.label(RichText::new(text).size(11.0).color(color(palette(ui).dim)))
                    .on_hover_text("No weights are kept of the epoch looked at.");
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
    view.subject.update(kept, view.kind, view.shown_units(kept.code_units), &explore.pins, explore.active);
    let subject = std::mem::take(&mut view.subject);
    let context = Context { run, data, kept, trained: &network.trained, explore, subject: &subject };
    let frame = egui::Frame::new().fill(color(palette(ui).panel)).inner_margin(8.0);
    let is_wide = ui.available_width() >= WIDE;
    if is_wide {
        let focus = Panel::left("explore focus").exact_size(FOCUS).resizable(false).frame(frame);
        focus.show(ui, |ui| {
            ScrollArea::vertical().id_salt("explore focus").auto_shrink([false, false]).show(ui, |ui| {
                focus_ui(ui, &context, view, &mut asked);
            });
        });
    }
    let side =
        Panel::right("explore side").exact_size(SIDE.min(ui.available_width() * 0.55)).resizable(false);
    side.frame(frame).show(ui, |ui| side_ui(ui, &context, view, &mut asked, !is_wide));
    plane_ui(ui, &context, view, &mut asked);
    view.subject = subject;
    (asked, drag, false)
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

impl ExploreView {
    /// Two units the code has, the first two where none were chosen.
    fn shown_units(&self, count: usize) -> [usize; 2] {
        let units = if self.units == [0, 0] { [0, 1] } else { self.units };
        units.map(|unit| unit.min(count.saturating_sub(1)))
    }
}

/// How the view is called.
static ENTRY: Entry = Entry {
    name: "Explore",
    title: "Explore",
    icon: "◯",
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
        if let Some(at) = asked.activate {
            state.explore.active = Some(at);
        }
        if let Some(at) = asked.unpin {
            state.unpin(at);
        }
        drag
    }
}
