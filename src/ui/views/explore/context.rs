//! The content of the view ready for display, and the user's requests.

use std::hash::Hash;
use std::sync::Arc;

use egui::{RichText, Ui};

use super::subject::Subject;
use crate::analysis::density::Density;
use crate::dataset::{Dataset, LabelColumn};
use crate::engine::Trained;
use crate::prepared::Given;
use crate::project::{Pin, Pinned, Shape};
use crate::run::{Finding, Kept, Run};
use crate::session::{Coded, Decoding, JobKind};
use crate::ui::plots::{color, palette, stamp_of};
use crate::ui::state::{
    Explore, ExploredPlane, PlacedCodes, Question, SelectionMode, Set, SetChoice, SetCodes, Sets, ShownPin,
};
use crate::ui::views::sample::{feature_name, has_groups};

/// The network, data and codes being explored.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    pub run: &'a Run,
    pub data: &'a Arc<Dataset>,
    pub kept: &'a Arc<Kept>,
    pub trained: &'a Trained,
    /// Whether the weights change during training.
    pub is_live: bool,
    pub generation: u64,
    pub explore: &'a Explore,
    /// The context of sets, and the available sets.
    pub sets: Sets<'a>,
    pub choices: &'a [SetChoice],
    /// The displayed samples.
    pub shown: Shown<'a>,
    pub subject: &'a Subject,
    /// The shape of a code.
    pub code: Shape,
    /// Units in display order; for a picture code, those of the selected position unless all are
    /// shown.
    pub order: &'a [usize],
    /// That position, counted row by row; 0 for a code that is a vector.
    pub position: usize,
}

/// The displayed samples, one per point.
#[derive(Clone, Copy)]
pub struct Shown<'a> {
    pub set: &'a Set,
    /// Their data: those of the run, or others.
    pub data: &'a Arc<Dataset>,
    pub rows: &'a [u32],
    /// Their codes, row by row.
    pub codes: &'a [f32],
    /// Their positions.
    pub points: &'a [[f32; 2]],
    /// Their density, if there are too many to draw.
    pub density: Option<&'a Density>,
    /// The epoch of the weights that encoded them.
    pub epoch: u32,
    /// Stamp that changes with the codes.
    pub stamp: u64,
    /// The codes of a set. Watched codes are part of their run.
    placed: Option<&'a Placed>,
}

/// Codes of a set on a plane, and all known codes of sets.
pub type Placed = PlacedCodes<Arc<ExploredPlane>>;
pub type Explored = SetCodes<Arc<ExploredPlane>>;

impl<'a> Shown<'a> {
    /// The codes of a set of these data, or the watched samples of a run with these data.
    pub fn new(
        (placed, own): (Option<(&'a Placed, &'a Arc<Dataset>)>, &'a Arc<Dataset>),
        (run, kept): (&'a Run, &'a Kept),
        subject: &'a Subject,
    ) -> Shown<'a> {
        match placed {
            Some((placed, data)) => Shown {
                set: &placed.set,
                data,
                rows: &placed.rows,
                codes: &placed.codes,
                points: &placed.places.points,
                density: placed.places.density.as_ref(),
                epoch: placed.epoch,
                stamp: stamp_of(("set", placed.of)),
                placed: Some(placed),
            },
            None => Shown {
                set: &Set::Watched,
                data: own,
                rows: &run.kept.probe.code_rows,
                codes: &kept.codes,
                points: &subject.points,
                density: None,
                epoch: kept.epoch,
                stamp: stamp_of(("watched", subject.codes_stamp)),
                placed: None,
            },
        }
    }

    /// The row and the code of a point.
    pub fn sample(&self, point: usize) -> Option<(u32, &'a [f32])> {
        let row = self.rows.get(point)?;
        let units = self.codes.len() / self.rows.len();
        Some((*row, self.codes.get(point * units..(point + 1) * units)?))
    }

    /// All codes, for a request.
    pub fn coded(&self) -> Coded {
        let data = Arc::clone(self.data);
        match self.placed {
            Some(placed) => Coded { data, rows: Arc::clone(&placed.rows), codes: Arc::clone(&placed.codes) },
            None => Coded { data, rows: self.rows.into(), codes: Arc::new(self.codes.to_vec()) },
        }
    }

    /// The first column of their data with classes.
    pub fn classes(&self) -> Option<&'a LabelColumn> {
        self.data.labels.iter().find(|column| column.class_ids().is_some() && has_groups(column))
    }
}

/// Requests from the user and the view, carried out after the view is drawn.
#[derive(Default)]
pub struct Actions {
    /// Requests to the network.
    pub questions: Vec<(Question, u64, JobKind)>,
    /// Codes to pin.
    pub pins: Vec<Pin>,
    /// Whether to pin the selected samples.
    pub pins_selection: bool,
    /// A pin to remove, by its index in the document.
    pub unpin: Option<usize>,
    /// A pin to activate.
    pub activate: Option<usize>,
    /// A new note for a pin.
    pub note: Option<(usize, String)>,
    /// Rows to select, in the data with this fingerprint.
    pub select: Option<(u64, Vec<u32>, SelectionMode)>,
    /// A finding to save with the run.
    pub keep: Option<Finding>,
}

impl<'a> Context<'a> {
    /// Combines a stamp with the identity of this network.
    pub fn stamp(&self, of: impl Hash) -> u64 {
        stamp_of((self.generation, of))
    }

    /// Whether to send a request now. While weights change ten times per second, slow requests are
    /// only repeated once answered; otherwise, the newest would never be answered.
    pub fn asks(&self, question: Question, stamp: u64) -> bool {
        self.explore.is_new(question, stamp) && !(self.is_live && self.explore.is_open(question))
    }

    /// The network's input for samples of the data with this fingerprint.
    pub fn given(&self, fingerprint: u64) -> Given {
        Given::of(self.run, fingerprint != self.data.fingerprint)
    }

    /// The active pin.
    pub fn active(&self) -> Option<&'a ShownPin> {
        self.explore.active()
    }

    /// The current code: that of the active pin, else the mean.
    pub fn base(&self) -> Vec<f32> {
        self.active().map_or_else(|| self.subject.mean(), |pin| pin.code.clone())
    }

    /// A pin for a code made by hand.
    pub fn code_pin(&self, name: String, code: Vec<f32>) -> Pin {
        let (run, started_unix_secs) = (self.run.id.0, self.run.started_unix_secs);
        Pin { name, note: String::new(), of: Pinned::Code { run, started_unix_secs, code } }
    }

    /// A pin for a sample of some data.
    pub fn row_pin(data: &Dataset, row: u32) -> Pin {
        Pin::of_row(data.row_name(row), data.fingerprint, row)
    }

    /// A name for the next code made by hand.
    pub fn next_name(&self) -> String {
        format!("code {}", self.explore.pins.len() + 1)
    }

    /// The data of the run, or others shown to its network, with this fingerprint.
    pub fn data_of(&self, fingerprint: u64) -> Option<&'a Arc<Dataset>> {
        let fits = |data: &&Arc<Dataset>| data.shape == self.data.shape;
        let all = std::iter::once(self.data).chain(self.sets.others.values().filter(fits));
        all.into_iter().find(|data| data.fingerprint == fingerprint)
    }

    /// Number of times each codebook entry is chosen, for a quantised code.
    pub fn shares(&self) -> &'a [f32] {
        let codebook = self.run.health.as_ref().and_then(|health| health.codebook.as_ref());
        codebook.map_or(&[], |codebook| &codebook.shares)
    }

    /// Maximum number of samples decoded at a time: fewer for large ones, so that their values fit
    /// into 16 MB.
    pub fn most_samples(&self) -> usize {
        ((1 << 22) / self.data.shape.features().max(1)).max(4)
    }

    /// The pins whose reconstructions are shown: only the first few for large samples.
    pub fn decoded_pins(&self) -> &'a [ShownPin] {
        let pins = &self.explore.pins;
        &pins[..pins.len().min(self.most_samples())]
    }

    /// Requests the reconstructions of codes, which depend on the network and `of`. Returns the
    /// stamp of the request if it was sent.
    pub fn decode(
        &self,
        actions: &mut Actions,
        purpose: Decoding,
        of: impl Hash,
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
        actions.questions.push((question, stamp, JobKind::Decode { trained, codes, purpose }));
        Some(stamp)
    }

    /// Requests the survey of the training codes, unless it is known.
    pub fn code_statistics(&self, actions: &mut Actions) {
        let training = &self.subject.training;
        let stamp = stamp_of((self.subject.codes_stamp, training.epoch, Arc::as_ptr(training).addr()));
        if self.explore.is_new(Question::CodeStatistics, stamp)
            && !self.explore.is_open(Question::CodeStatistics)
        {
            actions.questions.push((
                Question::CodeStatistics,
                stamp,
                JobKind::CodeStatistics(Arc::clone(training)),
            ));
        }
    }
}

/// Shows the reason why a request failed.
pub fn failure_ui(ui: &mut Ui, context: &Context<'_>, question: Question) {
    if let Some(message) = context.explore.failed(question) {
        let text = RichText::new(message).size(11.0).color(color(palette(ui).bad));
        ui.add(egui::Label::new(text).wrap());
    }
}

/// A remark in small text.
pub fn remark_ui(ui: &mut Ui, text: &str) {
    let text = RichText::new(text).size(11.0).color(color(palette(ui).dim));
    ui.add(egui::Label::new(text).wrap());
}

/// Bit patterns of codes, to identify them.
pub fn bits(code: &[f32]) -> Vec<u32> {
    code.iter().map(|value| value.to_bits()).collect()
}

/// The name of a unit; for a selector, the feature it has chosen.
pub fn unit_name(context: &Context<'_>, unit: usize) -> String {
    let health = context.run.health.as_ref();
    let chosen = health.and_then(|health| health.selector.as_ref()?.chosen.get(unit).copied());
    let name = |feature: u32| feature_name(context.data, feature as usize);
    chosen.map_or_else(|| context.code.unit_name(unit), name)
}

/// A name without its position, which is shown above.
pub fn short<'a>(context: &Context<'_>, name: &'a str) -> &'a str {
    match context.code {
        Shape::Vector(_) => name,
        Shape::Image { .. } => name.split_once(" at ").map_or(name, |(own, _)| own),
    }
}

/// Width of that name for this width of unit names, in points. Channels need a little more.
pub fn name_width(context: &Context<'_>, of_units: f32) -> f32 {
    match context.code {
        Shape::Vector(_) => of_units,
        Shape::Image { .. } => of_units + 8.0,
    }
}
