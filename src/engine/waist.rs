//! What happens to the code between encoder and decoder, and the terms its kind adds to the loss.

use std::cell::RefCell;
use std::rc::Rc;

use super::EngineError;
use super::kernels::codebook::{Codebook, CodebookParts, Learning, Reseed};
use super::kernels::contractive::Step;
use super::kernels::draw::Draw;
use super::kernels::gaussian::{KlToPrior, Reparameterise};
use super::kernels::gumbel::Relaxation;
use super::kernels::hashing::{CaseNoise, Hashing};
use super::kernels::iwae::ImportanceBound;
use super::kernels::loss::Importance;
use super::kernels::mmd::Mmd;
use super::kernels::quantiser::{Choice, CodeCost, GroupSoftmax};
use super::kernels::selector::{Selector, initial_logits, temperature};
use super::kernels::tape::Recorder;
use super::kernels::threads::Threads;
use super::kernels::top_k::TopK;
use super::kernels::variable::Node;
use super::layers::{Builder, Mode, Moment};
use super::parameter::Role;
use crate::check::Plan;
use crate::dataset::random::{Purpose, Stream};
use crate::project::{Activation, Bottleneck, CodebookUpdate};

/// Weight of the past in the moving averages of a codebook (van den Oord et al. 2017, appendix A.1).
const CODEBOOK_DECAY: f32 = 0.99;
/// Steps without use after which an entry of a codebook is put elsewhere.
const CODEBOOK_IDLE: u32 = 200;

/// The operations of a kind of code.
pub(super) struct Waist {
    kind: Bottleneck,
    units: usize,
    operation: Operation,
}

enum Operation {
    None,
    TopK(Rc<TopK>),
    Gaussian { sample: Rc<Reparameterise>, kl: Rc<KlToPrior>, per_unit: RefCell<Vec<f64>> },
    Importance { sample: Rc<Reparameterise>, bound: Rc<ImportanceBound>, importance: Importance },
    Description(Description),
    Mmd(Rc<Mmd>),
    Hashing(Rc<Hashing>, Node),
    Codebook(Rc<Codebook>, RefCell<f64>),
    Selector(Rc<Selector>),
}

/// The operations of a factorial stochastic quantiser.
struct Description {
    /// The distributions, where the decoder is given draws from them and not themselves.
    shares: Option<Rc<GroupSoftmax>>,
    /// What the decoder is given.
    code: Rc<GroupSoftmax>,
    cost: Rc<CodeCost>,
}

impl Waist {
    /// Builds the operations of a plan's code behind what the builder has built so far.
    pub fn new(builder: &mut Builder<'_>, plan: &Plan) -> Result<Waist, EngineError> {
        let code = &plan.design().code;
        let (kind, units) = (code.kind, code.units);
        let x = Rc::clone(&builder.last);
        let wants_input_gradient = builder.learns();
        let operation = match kind {
            Bottleneck::Plain => Operation::None,
            Bottleneck::KSparse { .. } => {
                let y = builder.advance(units)?;
                Operation::TopK(TopK::new(x, y, wants_input_gradient)?)
            }
            Bottleneck::Variational { free_nats, .. } => {
                let z = builder.advance(units)?;
                let sample = Reparameterise::new(Rc::clone(&x), z)?;
                let per_unit = RefCell::new(vec![0.0; units]);
                Operation::Gaussian { sample, kl: KlToPrior::new(x, free_nats), per_unit }
            }
            Bottleneck::ImportanceWeighted { samples } => {
                builder.widen(samples);
                let z = builder.advance(units)?;
                let sample = Reparameterise::new(x, z)?;
                let importance = Importance { losses: builder.buffer(1)?, weights: builder.buffer(1)? };
                let bound = ImportanceBound::new(&sample, importance.clone());
                Operation::Importance { sample, bound, importance }
            }
            Bottleneck::DescriptionLength { choices, .. } => {
                Operation::Description(Description::new(builder, plan, x, units, choices)?)
            }
            Bottleneck::Wasserstein { .. } => Operation::Mmd(Mmd::new(x)),
            Bottleneck::Hashing { std, .. } => {
                let y = builder.advance(units)?;
                let hashing = Hashing { x, y: Rc::clone(&y), std, wants_input_gradient };
                Operation::Hashing(Rc::new(hashing), y)
            }
            Bottleneck::Quantised { entries, dimension, update, .. } => {
                let y = builder.advance(units)?;
                let codebook = codebook(builder, x, y, entries, dimension, update)?;
                Operation::Codebook(codebook, RefCell::new(0.0))
            }
            Bottleneck::Concrete { .. } => {
                let features = x.borrow().columns();
                let logits = builder.code_array("logits", &[units, features], Role::Weight)?;
                let seed = plan.design().training.seed;
                let stream = Stream::new(seed, Purpose::Initialisation, u64::MAX, u64::from(builder.attempt));
                initial_logits(logits.borrow_mut().values_mut(), features, stream);
                let y = builder.advance(units)?;
                Operation::Selector(Selector::new(x, logits, y, wants_input_gradient)?)
            }
        };
        Ok(Waist { kind, units, operation })
    }

    /// Computes the first `rows` rows of the code; `samples` says which rows of the data they are.
    pub fn forward(
        &self,
        rows: usize,
        samples: &[u32],
        mode: Mode,
        threads: &Rc<Threads>,
        recorder: &mut Recorder,
    ) {
        match &self.operation {
            Operation::None | Operation::Mmd(_) => {}
            Operation::TopK(top_k) => top_k.forward(rows, self.kept(mode), threads, recorder),
            Operation::Gaussian { sample, .. } => {
                let stream = mode.draw().map(|draw| draw.stream(Purpose::Reparameterisation, 0));
                sample.forward(rows, 1, stream, threads, recorder);
            }
            Operation::Importance { sample, .. } => {
                let stream = mode.draw().map(|draw| draw.stream(Purpose::Reparameterisation, 0));
                sample.forward(rows, self.samples(mode), stream, threads, recorder);
            }
            Operation::Description(description) => {
                if let Some(shares) = &description.shares {
                    // The way back of the cost leads to the logits directly.
                    shares.forward(rows, Choice::Shares, threads, &mut Recorder::idle());
                }
                description.code.forward(rows, self.choice(description, mode), threads, recorder);
            }
            Operation::Hashing(hashing, _) => {
                let noise = match mode {
                    Mode::Train(moment) => {
                        Some(CaseNoise { seed: moment.draw.seed, samples: &samples[..rows] })
                    }
                    Mode::Measure(_) | Mode::Use => None,
                };
                hashing.forward(rows, noise, threads, recorder);
            }
            Operation::Codebook(codebook, error) => {
                *error.borrow_mut() = codebook.forward(rows, self.weight(mode), threads, recorder);
            }
            Operation::Selector(selector) => {
                selector.forward(rows, self.relaxation(mode), threads, recorder);
            }
        }
    }

    /// Names of the terms it adds to the loss.
    pub fn terms(&self) -> Option<&'static str> {
        match self.operation {
            Operation::None | Operation::TopK(_) | Operation::Hashing(..) | Operation::Selector(_) => None,
            Operation::Gaussian { .. } => Some("KL"),
            Operation::Importance { .. } => Some("KL, tightened"),
            Operation::Description(_) => Some("code"),
            Operation::Mmd(_) => Some("MMD"),
            Operation::Codebook(..) => Some("commitment"),
        }
    }

    /// The weighted term of the latest forward pass, summed over its rows; `reconstruction` is that of the comparison.
    pub fn term(
        &self,
        rows: usize,
        reconstruction: f64,
        mode: Mode,
        threads: &Rc<Threads>,
        recorder: &mut Recorder,
    ) -> f64 {
        let weight = self.weight(mode);
        f64::from(weight)
            * match &self.operation {
                Operation::Gaussian { kl, per_unit, .. } => {
                    kl.forward(rows, weight, &mut per_unit.borrow_mut(), threads, recorder)
                }
                Operation::Mmd(mmd) => {
                    let draw = mode.draw().unwrap_or(Draw { seed: 0, step: u64::MAX });
                    mmd.forward(rows, draw.stream(Purpose::Prior, 0), weight, threads, recorder)
                }
                Operation::Codebook(_, error) => *error.borrow(),
                // What the bound adds to the mean of −log p(x|z), which is a term already.
                Operation::Importance { bound, .. } => {
                    bound.forward(rows, self.samples(mode), weight, threads, recorder) - reconstruction
                }
                Operation::Description(description) => {
                    description.cost.forward(rows, weight, threads, recorder)
                }
                Operation::None | Operation::TopK(_) | Operation::Hashing(..) | Operation::Selector(_) => 0.0,
            }
    }

    /// What a contractive penalty has to go through between the encoder's last operation and the code.
    pub fn linearised(&self) -> Option<Step> {
        match &self.operation {
            Operation::TopK(top_k) => Some(Step::Mask(Rc::clone(top_k.mask()))),
            Operation::Gaussian { .. } | Operation::Importance { .. } => {
                Some(Step::Columns { of: 2 * self.units, range: 0..self.units })
            }
            Operation::Hashing(_, y) => {
                Some(Step::Function { activation: Activation::Sigmoid, y: Rc::clone(y), sums: None })
            }
            Operation::None
            | Operation::Description(_)
            | Operation::Mmd(_)
            | Operation::Codebook(..)
            | Operation::Selector(_) => None,
        }
    }

    /// Whether codes are drawn around a point where the loss is measured.
    pub fn draws(&self) -> bool {
        self.kind.is_gaussian()
    }

    /// Codes a row that the decoder is given.
    pub fn samples(&self, mode: Mode) -> usize {
        match mode {
            Mode::Train(_) | Mode::Measure(_) => self.kind.samples(),
            Mode::Use => 1,
        }
    }

    /// What tells the likelihood which of several samples a row count how much.
    pub fn importance(&self) -> Option<Importance> {
        if let Operation::Importance { importance, .. } = &self.operation {
            Some(importance.clone())
        } else {
            None
        }
    }

    /// What draws from the distributions the encoder gives.
    pub fn sampler(&self) -> Option<&Rc<Reparameterise>> {
        match &self.operation {
            Operation::Gaussian { sample, .. } | Operation::Importance { sample, .. } => Some(sample),
            Operation::None
            | Operation::TopK(_)
            | Operation::Description(_)
            | Operation::Mmd(_)
            | Operation::Hashing(..)
            | Operation::Codebook(..)
            | Operation::Selector(_) => None,
        }
    }

    /// The codebook of a quantised code.
    pub fn codebook(&self) -> Option<&Rc<Codebook>> {
        if let Operation::Codebook(codebook, _) = &self.operation { Some(codebook) } else { None }
    }

    /// Temperature of a selector at a moment of its training.
    pub fn temperature(&self, moment: Moment) -> Option<f32> {
        self.relaxation(Mode::Train(moment)).map(|relaxation| relaxation.temperature)
    }

    /// Choices of each quantiser, where the decoder is given their distributions themselves.
    pub fn expected_choices(&self) -> Option<usize> {
        match (&self.operation, self.kind) {
            (
                Operation::Description(Description { shares: None, .. }),
                Bottleneck::DescriptionLength { choices, .. },
            ) => Some(choices),
            _ => None,
        }
    }

    /// What learns without gradients, after the update of a step.
    pub fn after_step(&self, draw: Draw, threads: &Threads) {
        if let Operation::Codebook(codebook, _) = &self.operation {
            let stream = draw.stream(Purpose::Codebook, 0);
            codebook.after_step(Some(Reseed { after: CODEBOOK_IDLE, stream }), threads);
        }
    }

    /// Units a k-sparse code keeps.
    fn kept(&self, mode: Mode) -> usize {
        let Bottleneck::KSparse { k, alpha, lowers } = self.kind else { return self.units };
        match mode {
            Mode::Train(moment) if lowers => {
                // Linearly from all of them, over the first half of the run.
                let share = (2.0 * moment.share).min(1.0);
                (self.units as f64 + (k as f64 - self.units as f64) * share).round() as usize
            }
            Mode::Train(_) => k,
            Mode::Measure(_) | Mode::Use => ((k as f32 * alpha).round() as usize).min(self.units),
        }
    }

    /// What the decoder is given of the quantisers' distributions.
    fn choice(&self, description: &Description, mode: Mode) -> Choice {
        let Bottleneck::DescriptionLength { temperature, .. } = self.kind else { return Choice::Shares };
        match mode {
            Mode::Train(moment) if description.shares.is_some() => {
                let stream = moment.draw.stream(Purpose::Gumbel, 0);
                Choice::Relaxed(Relaxation { stream, temperature })
            }
            // Relaxed choices would be no bound.
            Mode::Measure(moment) if description.shares.is_some() => {
                Choice::Hard(moment.draw.stream(Purpose::Gumbel, 0))
            }
            Mode::Train(_) | Mode::Measure(_) | Mode::Use => Choice::Shares,
        }
    }

    fn relaxation(&self, mode: Mode) -> Option<Relaxation> {
        let (Mode::Train(moment), Bottleneck::Concrete { start_temperature, end_temperature, .. }) =
            (mode, self.kind)
        else {
            return None;
        };
        // Per step, as a share of a fine scale: T = T0 (T_B / T0)^(b / B).
        let scale = 1_u64 << 32;
        let step = (moment.share.clamp(0.0, 1.0) * scale as f64) as u64;
        let temperature = temperature(step, scale, start_temperature, end_temperature);
        Some(Relaxation { stream: moment.draw.stream(Purpose::Gumbel, 0), temperature })
    }

    /// What the term is multiplied by now.
    fn weight(&self, mode: Mode) -> f32 {
        match self.kind {
            Bottleneck::Variational { beta, warmup_epochs, .. } => {
                let epochs = match mode {
                    Mode::Train(moment) | Mode::Measure(moment) => moment.epochs,
                    Mode::Use => f64::INFINITY,
                };
                let risen =
                    if warmup_epochs == 0 { 1.0 } else { (epochs / f64::from(warmup_epochs)).min(1.0) };
                beta * risen as f32
            }
            Bottleneck::ImportanceWeighted { .. } | Bottleneck::DescriptionLength { .. } => 1.0,
            Bottleneck::Wasserstein { weight } => weight,
            Bottleneck::Quantised { commitment, .. } => commitment,
            Bottleneck::Plain
            | Bottleneck::KSparse { .. }
            | Bottleneck::Concrete { .. }
            | Bottleneck::Hashing { .. } => 0.0,
        }
    }
}

impl Description {
    fn new(
        builder: &mut Builder<'_>,
        plan: &Plan,
        x: Node,
        units: usize,
        group: usize,
    ) -> Result<Description, EngineError> {
        let prior = builder.code_array("prior", &[units], Role::Bias)?;
        let shares = if plan.has_linear_decoder() {
            None
        } else {
            let y = builder.node(units)?;
            Some(Rc::new(GroupSoftmax { x: Rc::clone(&x), y, group }))
        };
        let y = builder.advance(units)?;
        let code = Rc::new(GroupSoftmax { x: Rc::clone(&x), y, group });
        let distributions = Rc::clone(&shares.as_ref().unwrap_or(&code).y);
        let cost = CodeCost::new(x, distributions, prior, group)?;
        Ok(Description { shares, code, cost })
    }
}

fn codebook(
    builder: &mut Builder<'_>,
    x: Node,
    y: Node,
    entries: usize,
    dimension: usize,
    update: CodebookUpdate,
) -> Result<Rc<Codebook>, EngineError> {
    let wants_input_gradient = builder.learns();
    let is_learned = update == CodebookUpdate::Gradient;
    let role = if is_learned { Role::Weight } else { Role::Buffer };
    let vectors = builder.code_array("codebook", &[entries, dimension], role)?;
    builder.fill_uniform(dimension);
    let idle = builder.code_array("idle", &[entries], Role::Buffer)?;
    let learning = if is_learned {
        Learning::Gradient
    } else {
        let counts = builder.code_array("counts", &[entries], Role::Buffer)?;
        builder.fill(1.0);
        let sums = builder.code_array("sums", &[entries, dimension], Role::Buffer)?;
        sums.borrow_mut().values_mut().copy_from_slice(vectors.borrow().values());
        Learning::MovingAverage { counts, sums, decay: CODEBOOK_DECAY }
    };
    Ok(Codebook::new(CodebookParts { x, y, entries: vectors, idle, learning, wants_input_gradient }))
}
