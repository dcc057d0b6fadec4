//! Findings: faults of a trained network, most serious first, each with its evidence and with
//! changes of the design that help. [`diagnoses`] uses only the records of a run; `docs/health.md`
//! lists all findings.

mod curve;
mod learning;
mod network;
mod words;

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use super::{Advice, Run, Status};
use crate::project::{format_count, format_number, format_percent};

/// A fault of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnosis {
    /// The kind of fault.
    pub fault: Fault,
    /// How serious it is, in (0, 1]; findings are sorted by it, most serious first.
    pub weight: f64,
    /// The layer that has it, if it belongs to one layer.
    pub place: Option<String>,
    /// The numbers that show it, the most informative first.
    pub evidence: Vec<Evidence>,
    /// Changes of the design that help, most likely first. Each of them changes the run's design.
    pub advice: Vec<Advice>,
}

/// A number that shows a fault.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// Its name: `dead units`.
    pub name: &'static str,
    /// The number.
    pub value: f64,
    /// Its unit.
    pub unit: Unit,
}

/// Unit of a piece of evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A plain number.
    Number,
    /// A count.
    Count,
    /// A fraction, 0 to 1.
    Share,
    /// Nats per sample.
    Nats,
    /// Epochs.
    Epochs,
}

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// The loss or a weight became infinite.
    Diverged,
    /// Data outside the range of the output's activation.
    OutputReach,
    /// No unit of a variational code carries information.
    Collapse,
    /// Most units of a variational code carry no information.
    InactiveUnits,
    /// The loss jumps, or rises on the training split.
    HighRate,
    /// Gradients of early layers are far larger than those of the others.
    ExplodingGradients,
    /// Gradients of some layers are far smaller than those of the others, and little is learned.
    VanishingGradients,
    /// A layer with mostly dead units, which are 0 for every sample.
    DeadUnits,
    /// A layer with mostly saturated activations, at the flat ends of a sigmoid or tanh.
    SaturatedUnits,
    /// Few entries of a codebook are used.
    CodebookCollapse,
    /// Units of a selector that still mix several features.
    UndecidedSelector,
    /// Units of a selector that chose the same feature.
    RepeatedFeatures,
    /// PCA with as many components reconstructs better.
    WorseThanPca,
    /// The validation loss rises while the training loss falls.
    Overfitting,
    /// A code that could hold a copy of the input.
    WideCode,
    /// The error was still falling fast at the end.
    StillFalling,
    /// Edges of pictures are lost.
    Blurred,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Fault; 17] = [
        Fault::Diverged,
        Fault::OutputReach,
        Fault::Collapse,
        Fault::InactiveUnits,
        Fault::HighRate,
        Fault::ExplodingGradients,
        Fault::VanishingGradients,
        Fault::DeadUnits,
        Fault::SaturatedUnits,
        Fault::CodebookCollapse,
        Fault::UndecidedSelector,
        Fault::RepeatedFeatures,
        Fault::WorseThanPca,
        Fault::Overfitting,
        Fault::WideCode,
        Fault::StillFalling,
        Fault::Blurred,
    ];

    /// A short name.
    pub fn title(self) -> &'static str {
        match self {
            Fault::Diverged => "Training diverged",
            Fault::OutputReach => "Data beyond the output's range",
            Fault::Collapse => "Posterior collapse",
            Fault::InactiveUnits => "Inactive code units",
            Fault::HighRate => "Learning rate too high",
            Fault::ExplodingGradients => "Exploding gradients",
            Fault::VanishingGradients => "Vanishing gradients",
            Fault::DeadUnits => "Dead units",
            Fault::SaturatedUnits => "Saturated units",
            Fault::CodebookCollapse => "Codebook collapse",
            Fault::UndecidedSelector => "Undecided selector",
            Fault::RepeatedFeatures => "Repeated features",
            Fault::WorseThanPca => "Worse than PCA",
            Fault::Overfitting => "Overfitting",
            Fault::WideCode => "Code as large as the input",
            Fault::StillFalling => "Loss still falling",
            Fault::Blurred => "Blurred output",
        }
    }

    /// Its meaning, in a sentence.
    pub fn about(self) -> &'static str {
        match self {
            Fault::Diverged => "The loss or a weight became infinite; the last finite weights are kept.",
            Fault::OutputReach => {
                "Some of the scaled data are outside the range of the output's activation and can never be reconstructed."
            }
            Fault::Collapse => {
                "No unit carries anything about the input: the decoder ignores the code and outputs the mean."
            }
            Fault::InactiveUnits => "Most units of the code carry no information.",
            Fault::HighRate => "The training loss jumps, rises or never falls: the steps are too large.",
            Fault::ExplodingGradients => {
                "Gradients are so large that a single step changes the weights by much of their size."
            }
            Fault::VanishingGradients => {
                "The gradients of this layer are so much smaller than others that it hardly learns."
            }
            Fault::DeadUnits => {
                "Most units of this layer are 0 for every sample, so they are wasted and cannot learn."
            }
            Fault::SaturatedUnits => {
                "Most activations of this layer are near a limit of the activation function, where gradients almost vanish."
            }
            Fault::CodebookCollapse => "Only a few entries of the codebook are used.",
            Fault::UndecidedSelector => "Units of the selector still mix several features.",
            Fault::RepeatedFeatures => "Several units of the selector chose the same feature.",
            Fault::WorseThanPca => {
                "A linear projection with the same code size reconstructs better than this network."
            }
            Fault::Overfitting => {
                "The validation loss rises while the training loss keeps falling: the network memorises the training samples."
            }
            Fault::WideCode => {
                "The code is as large as the input and nothing constrains it, so the network can simply copy the input."
            }
            Fault::StillFalling => "The error was still falling quickly when training ended.",
            Fault::Blurred => "Most edges of the pictures are lost in the reconstructions.",
        }
    }

    /// The word for scripts.
    pub fn word(self) -> &'static str {
        match self {
            Fault::Diverged => "diverged",
            Fault::OutputReach => "output-range",
            Fault::Collapse => "posterior-collapse",
            Fault::InactiveUnits => "inactive-units",
            Fault::HighRate => "high-rate",
            Fault::ExplodingGradients => "exploding-gradients",
            Fault::VanishingGradients => "vanishing-gradients",
            Fault::DeadUnits => "dead-units",
            Fault::SaturatedUnits => "saturated-units",
            Fault::CodebookCollapse => "codebook-collapse",
            Fault::UndecidedSelector => "undecided-selector",
            Fault::RepeatedFeatures => "repeated-features",
            Fault::WorseThanPca => "worse-than-pca",
            Fault::Overfitting => "overfitting",
            Fault::WideCode => "wide-code",
            Fault::StillFalling => "still-falling",
            Fault::Blurred => "blurred",
        }
    }
}

impl Evidence {
    /// Name and value: `dead units 62 %`.
    pub fn text(&self) -> String {
        let Evidence { name, value, unit } = *self;
        match unit {
            Unit::Number => format!("{name} {}", format_number(value)),
            Unit::Count => format!("{name} {}", format_count(value.max(0.0) as u64)),
            Unit::Share => format!("{name} {}", format_percent(value, 1)),
            Unit::Nats => format!("{name} {} nats", format_number(value)),
            Unit::Epochs => format!("{name} {} epochs", format_count(value.max(0.0) as u64)),
        }
    }
}

impl Diagnosis {
    fn new(fault: Fault, weight: f64) -> Diagnosis {
        Diagnosis { fault, weight, place: None, evidence: Vec::new(), advice: Vec::new() }
    }

    fn at(self, place: &str) -> Diagnosis {
        Diagnosis { place: Some(place.to_owned()), ..self }
    }

    fn with(mut self, name: &'static str, value: f64, unit: Unit) -> Diagnosis {
        self.evidence.push(Evidence { name, value, unit });
        self
    }

    /// Adds changes, except those that would not change the run's design.
    fn advise(mut self, run: &Run, advice: impl IntoIterator<Item = Advice>) -> Diagnosis {
        let design = Advice::part_of(&run.design);
        let helps = |advice: &Advice| advice.change(&design).is_some();
        self.advice.extend(advice.into_iter().filter(helps));
        self
    }

    /// The fault with its place: `Dead units in layer 1`.
    pub fn title(&self) -> String {
        let title = self.fault.title();
        self.place.as_ref().map_or_else(|| title.to_owned(), |place| format!("{title} in {place}"))
    }

    /// The finding on one line, for a terminal.
    pub fn line(&self) -> String {
        let advice: Vec<String> = self.advice.iter().map(|advice| advice.label()).collect();
        let try_it = if advice.is_empty() { String::new() } else { format!(" Try: {}.", advice.join("; ")) };
        format!("{} ({}). {}{try_it}", self.title(), self.evidence_text(), self.fault.about())
    }

    /// The first number of the evidence: how serious it is.
    pub fn measure(&self) -> f64 {
        self.evidence.first().map_or(f64::NAN, |evidence| evidence.value)
    }

    /// The finding for scripts.
    pub fn json(&self) -> Value {
        let evidence = self.evidence.iter().map(|evidence| (evidence.name.to_owned(), json!(evidence.value)));
        json!({
            "kind": self.fault.word(),
            "weight": self.weight,
            "place": self.place,
            "evidence": Value::Object(evidence.collect()),
            "remedies": self.advice.iter().map(|advice| advice.label()).collect::<Vec<_>>(),
        })
    }
}

/// All faults in the records of a run, most serious first. For a run that is still training, only
/// those that can no longer change.
pub fn diagnoses(run: &Run) -> Vec<Diagnosis> {
    let mut found = Vec::new();
    learning::find(run, &mut found);
    network::find(run, &mut found);
    leave_out_consequences(&mut found);
    found.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    found
}

/// Cached findings of a run, because views ask for them every frame and computing them reads the
/// whole history. Copies of a run start with an empty cache.
#[derive(Debug, Default)]
pub struct Diagnosed(Mutex<Option<(Stamp, Arc<[Diagnosis]>)>>);

/// Key of the cache. While a run trains it changes with each measurement of health, afterwards with
/// every record.
#[derive(Clone, Debug, PartialEq)]
struct Stamp {
    status: Status,
    /// The total number of epochs, which shows how far training is.
    epochs: u32,
    /// Address and epoch of the measurement: another one may reuse a freed address.
    health: Option<(usize, u32)>,
    recorded: Option<usize>,
    pca_mse: Option<u64>,
}

impl Clone for Diagnosed {
    fn clone(&self) -> Diagnosed {
        Diagnosed::default()
    }
}

impl PartialEq for Diagnosed {
    fn eq(&self, _: &Diagnosed) -> bool {
        true
    }
}

impl Run {
    /// Its [`diagnoses`]; while it trains, those at the last measurement of its health.
    pub fn diagnoses(&self) -> Arc<[Diagnosis]> {
        let stamp = Stamp {
            status: self.status.clone(),
            epochs: self.epochs,
            health: self.health.as_ref().map(|health| (Arc::as_ptr(health).addr(), health.epoch)),
            recorded: (self.status != Status::Training).then_some(self.history.epochs.len()),
            pca_mse: self.pca_mse.map(f64::to_bits),
        };
        let mut known = self.diagnosed.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*known {
            Some((of, found)) if *of == stamp => Arc::clone(found),
            _ => {
                let found: Arc<[Diagnosis]> = diagnoses(self).into();
                *known = Some((stamp, Arc::clone(&found)));
                found
            }
        }
    }
}

/// Removes findings that another finding explains.
fn leave_out_consequences(found: &mut Vec<Diagnosis>) {
    let faults: Vec<Fault> = found.iter().map(|one| one.fault).collect();
    let has = |fault: Fault| faults.contains(&fault);
    found.retain(|one| !explanations(one.fault).iter().any(|other| has(*other)));
}

/// Faults that can cause this one.
fn explanations(fault: Fault) -> &'static [Fault] {
    match fault {
        Fault::Blurred => &[
            Fault::Diverged,
            Fault::OutputReach,
            Fault::Collapse,
            Fault::InactiveUnits,
            Fault::HighRate,
            Fault::ExplodingGradients,
            Fault::VanishingGradients,
            Fault::DeadUnits,
            Fault::SaturatedUnits,
            Fault::CodebookCollapse,
            Fault::UndecidedSelector,
            Fault::WorseThanPca,
            Fault::StillFalling,
        ],
        Fault::WorseThanPca => &[
            Fault::Diverged,
            Fault::OutputReach,
            Fault::Collapse,
            Fault::HighRate,
            Fault::ExplodingGradients,
            Fault::VanishingGradients,
            Fault::DeadUnits,
            Fault::SaturatedUnits,
            Fault::Overfitting,
        ],
        Fault::HighRate => &[Fault::Diverged, Fault::ExplodingGradients, Fault::VanishingGradients],
        // No gradient flows back through layers that are 0 or constant.
        Fault::VanishingGradients => &[Fault::DeadUnits, Fault::SaturatedUnits],
        // Layers before an ignored code learn nothing.
        Fault::DeadUnits => &[Fault::Diverged, Fault::Collapse],
        Fault::Overfitting | Fault::SaturatedUnits | Fault::ExplodingGradients => &[Fault::Diverged],
        Fault::Diverged
        | Fault::OutputReach
        | Fault::Collapse
        | Fault::InactiveUnits
        | Fault::CodebookCollapse
        | Fault::UndecidedSelector
        | Fault::RepeatedFeatures
        | Fault::WideCode
        | Fault::StillFalling => &[],
    }
}

#[cfg(test)]
mod tests;
