//! The code between encoder and decoder, and the terms its kind adds to the loss.

use std::cell::RefCell;
use std::rc::Rc;

use super::EngineError;
use super::kernels::codebook::{Codebook, CodebookParts, Learning, Reseed};
use super::kernels::draw::Draw;
use super::kernels::gaussian::{KlToPrior, Reparameterise};
use super::kernels::gumbel::Relaxation;
use super::kernels::hashing::{CaseNoise, Hashing};
use super::kernels::iwae::ImportanceBound;
use super::kernels::jacobian::{Chain, Indexed};
use super::kernels::loss::Importance;
use super::kernels::mmd::Mmd;
use super::kernels::operation::Operation;
use super::kernels::pass::{Mode, Moment, Pass};
use super::kernels::permute::{Order, Permute};
use super::kernels::quantiser::{Choice, CodeCost, GroupSoftmax};
use super::kernels::selector::{Selector, initial_logits, temperature};
use super::kernels::tape::Recorder;
use super::kernels::threads::Threads;
use super::kernels::top_k::TopK;
use super::kernels::variable::Node;
use super::layers::Builder;
use super::parameter::Role;
use crate::check::Plan;
use crate::dataset::random::{Purpose, Stream};
use crate::project::{Activation, Bottleneck, CodebookUpdate, Competition};

/// Decay of the moving averages of a codebook (van den Oord et al. 2017, appendix A.1).
const CODEBOOK_DECAY: f32 = 0.99;
/// Steps without use after which an entry of a codebook is moved.
const CODEBOOK_IDLE: u32 = 200;

/// The operations of a kind of code.
pub(super) struct CodeLayer {
    kind: Bottleneck,
    units: usize,
    /// Units of a k-sparse code that compete.
    group: usize,
    kernels: Kernels,
}

/// The operations of one kind of code.
enum Kernels {
    None,
    /// The changes of order are there where the positions of each channel compete.
    TopK(Rc<TopK>, Option<[Rc<Permute>; 2]>),
    Gaussian {
        sample: Rc<Reparameterise>,
        kl: Rc<KlToPrior>,
    },
    Importance {
        sample: Rc<Reparameterise>,
        bound: Rc<ImportanceBound>,
        importance: Importance,
    },
    Description(Description),
    Mmd(Rc<Mmd>),
    Hashing(Rc<Hashing>, Node),
    Codebook(Rc<Codebook>, RefCell<f64>),
    Selector(Rc<Selector>),
}

/// The operations of a factorial stochastic quantiser.
struct Description {
    /// The distributions; only where the decoder is given draws from them instead.
    shares: Option<Rc<GroupSoftmax>>,
    /// The decoder's input.
    code: Rc<GroupSoftmax>,
    cost: Rc<CodeCost>,
}

impl CodeLayer {
    /// Builds the operations of a plan's code, after everything built so far.
    pub fn new(builder: &mut Builder<'_>, plan: &Plan) -> Result<CodeLayer, EngineError> {
        builder.end_encoder();
        let code = &plan.design().code;
        let (kind, units) = (code.kind, plan.code_units());
        let x = Rc::clone(&builder.last);
        let wants_input_gradient = builder.learns();
        let kernels = match kind {
            Bottleneck::Plain => Kernels::None,
            Bottleneck::KSparse { within, .. } => {
                let group = within.group(plan.code_shape());
                if within == Competition::Channel && group < units {
                    let (apart, kept) = (builder.node(units)?, builder.node(units)?);
                    let y = builder.advance(units)?;
                    let picture = plan.code_shape();
                    let order = |x, y, order| builder.permute(x, y, picture, order);
                    let before = order(x, Rc::clone(&apart), Order::ChannelsFirst);
                    let after = order(Rc::clone(&kept), y, Order::ChannelsLast);
                    let select = TopK::new(apart, kept, group, wants_input_gradient)?;
                    Kernels::TopK(select, Some([before, after]))
                } else {
                    let y = builder.advance(units)?;
                    Kernels::TopK(TopK::new(x, y, group, wants_input_gradient)?, None)
                }
            }
            Bottleneck::Variational { free_nats, .. } => {
                let z = builder.advance(units)?;
                let sample = Reparameterise::new(Rc::clone(&x), z)?;
                Kernels::Gaussian { sample, kl: KlToPrior::new(x, free_nats) }
            }
            Bottleneck::ImportanceWeighted { samples } => {
                builder.widen(samples);
                let z = builder.advance(units)?;
                let sample = Reparameterise::new(x, z)?;
                let importance = Importance { losses: builder.buffer(1)?, weights: builder.buffer(1)? };
                let bound = ImportanceBound::new(&sample, importance.clone());
                Kernels::Importance { sample, bound, importance }
            }
            Bottleneck::DescriptionLength { choices, .. } => {
                Kernels::Description(Description::new(builder, plan, x, units, choices)?)
            }
            Bottleneck::Wasserstein { .. } => Kernels::Mmd(Mmd::new(x)),
            Bottleneck::Hashing { std, .. } => {
                let y = builder.advance(units)?;
                let hashing = Hashing { x, y: Rc::clone(&y), std, wants_input_gradient };
                Kernels::Hashing(Rc::new(hashing), y)
            }
            Bottleneck::Quantised { entries, dimension, update, .. } => {
                let y = builder.advance(units)?;
                let codebook = codebook(builder, x, y, entries, dimension, update)?;
                Kernels::Codebook(codebook, RefCell::new(0.0))
            }
            Bottleneck::Concrete { .. } => {
                let features = x.borrow().columns();
                let logits = builder.code_array("logits", &[units, features], Role::Weight)?;
                let seed = plan.design().training.seed;
                let attempt = u64::from(builder.attempt.unwrap_or(0));
                let stream = Stream::new(seed, Purpose::Initialisation, u64::MAX, attempt);
                initial_logits(logits.borrow_mut().values_mut(), features, stream);
                let y = builder.advance(units)?;
                Kernels::Selector(Selector::new(x, logits, y, wants_input_gradient)?)
            }
        };
        let group = match kind {
            Bottleneck::KSparse { within, .. } => within.group(plan.code_shape()),
            Bottleneck::Plain
            | Bottleneck::Variational { .. }
            | Bottleneck::ImportanceWeighted { .. }
            | Bottleneck::Wasserstein { .. }
            | Bottleneck::Concrete { .. }
            | Bottleneck::Hashing { .. }
            | Bottleneck::DescriptionLength { .. }
            | Bottleneck::Quantised { .. } => units,
        };
        Ok(CodeLayer { kind, units, group, kernels })
    }

    /// Computes the first `pass.rows` rows of the code; `cases` are their row numbers in the data.
    pub fn forward(&self, pass: &Pass, cases: &[u32], recorder: &mut Recorder) {
        let mode = pass.mode;
        match &self.kernels {
            Kernels::None | Kernels::Mmd(_) => {}
            Kernels::TopK(top_k, None) => top_k.forward(pass, self.kept(mode), recorder),
            Kernels::TopK(top_k, Some([before, after])) => {
                recorder.run(before, pass);
                top_k.forward(pass, self.kept(mode), recorder);
                recorder.run(after, pass);
            }
            Kernels::Gaussian { sample, .. } | Kernels::Importance { sample, .. } => {
                let stream = mode.draw().map(|draw| draw.stream(Purpose::Reparameterisation, 0));
                sample.forward(pass, stream, recorder);
            }
            Kernels::Description(description) => {
                if let Some(shares) = &description.shares {
                    // The gradient of the cost goes to the logits directly.
                    shares.compute(pass, Choice::Shares);
                }
                description.code.forward(pass, self.choice(description, mode), recorder);
            }
            Kernels::Hashing(hashing, _) => {
                let noise = |draw: Draw| CaseNoise { seed: draw.seed, samples: &cases[..pass.rows] };
                hashing.forward(pass, mode.noise().map(noise), recorder);
            }
            Kernels::Codebook(codebook, error) => {
                *error.borrow_mut() = codebook.forward(pass, self.weight(mode), recorder);
            }
            Kernels::Selector(selector) => selector.forward(pass, self.relaxation(mode), recorder),
        }
    }

    /// Names of the terms added to the loss.
    pub fn terms(&self) -> Option<&'static str> {
        match self.kernels {
            Kernels::None | Kernels::TopK(..) | Kernels::Hashing(..) | Kernels::Selector(_) => None,
            Kernels::Gaussian { .. } => Some("KL"),
            Kernels::Importance { .. } => Some("KL, tightened"),
            Kernels::Description(_) => Some("code"),
            Kernels::Mmd(_) => Some("MMD"),
            Kernels::Codebook(..) => Some("commitment"),
        }
    }

    /// The weighted term of the latest forward pass, summed over its rows; `reconstruction` is the
    /// reconstruction term.
    pub fn term(&self, pass: &Pass, reconstruction: f64, recorder: &mut Recorder) -> f64 {
        let weight = self.weight(pass.mode);
        f64::from(weight)
            * match &self.kernels {
                Kernels::Gaussian { kl, .. } => recorder.add(kl, pass, weight),
                Kernels::Mmd(mmd) => recorder.add(mmd, pass, weight),
                Kernels::Codebook(_, error) => *error.borrow(),
                // The bound less the mean of −log p(x|z), which is a term already.
                Kernels::Importance { bound, .. } => recorder.add(bound, pass, weight) - reconstruction,
                Kernels::Description(description) => recorder.add(&description.cost, pass, weight),
                Kernels::None | Kernels::TopK(..) | Kernels::Hashing(..) | Kernels::Selector(_) => 0.0,
            }
    }

    /// Appends the linear maps between the encoder's last operation and the code, for a contractive
    /// penalty.
    pub fn linearise(&self, chain: &mut Chain) -> Result<(), EngineError> {
        match &self.kernels {
            Kernels::TopK(top_k, None) => top_k.linearise(chain)?,
            Kernels::TopK(top_k, Some([before, after])) => {
                Rc::clone(before).linearise(chain)?;
                top_k.linearise(chain)?;
                Rc::clone(after).linearise(chain)?;
            }
            Kernels::Gaussian { .. } | Kernels::Importance { .. } => {
                // The means.
                chain.push(Indexed::fixed(2 * self.units, self.units, 1, |unit| unit)?);
            }
            Kernels::Hashing(_, y) => chain.push_slope(Activation::Sigmoid, y, None)?,
            Kernels::None
            | Kernels::Description(_)
            | Kernels::Mmd(_)
            | Kernels::Codebook(..)
            | Kernels::Selector(_) => {}
        }
        Ok(())
    }

    /// Whether codes are drawn at random when the loss is measured.
    pub fn draws(&self) -> bool {
        self.kind.is_gaussian()
    }

    /// Codes per row that the decoder is given.
    pub fn samples(&self, mode: Mode) -> usize {
        match mode {
            Mode::Train(_) | Mode::Measure(_) => self.kind.samples(),
            Mode::Use => 1,
        }
    }

    /// Weights of several samples per row, shared with the likelihood.
    pub fn importance(&self) -> Option<Importance> {
        if let Kernels::Importance { importance, .. } = &self.kernels {
            Some(importance.clone())
        } else {
            None
        }
    }

    /// Samples the distributions from the encoder.
    pub fn sampler(&self) -> Option<&Rc<Reparameterise>> {
        match &self.kernels {
            Kernels::Gaussian { sample, .. } | Kernels::Importance { sample, .. } => Some(sample),
            Kernels::None
            | Kernels::TopK(..)
            | Kernels::Description(_)
            | Kernels::Mmd(_)
            | Kernels::Hashing(..)
            | Kernels::Codebook(..)
            | Kernels::Selector(_) => None,
        }
    }

    /// The codebook of a quantised code.
    pub fn codebook(&self) -> Option<&Rc<Codebook>> {
        if let Kernels::Codebook(codebook, _) = &self.kernels { Some(codebook) } else { None }
    }

    /// Temperature of a selector at this point of its training.
    pub fn temperature(&self, moment: Moment) -> Option<f32> {
        self.relaxation(Mode::Train(moment)).map(|relaxation| relaxation.temperature)
    }

    /// Choices of each quantiser, where the decoder is given the distributions themselves.
    pub fn expected_choices(&self) -> Option<usize> {
        match (&self.kernels, self.kind) {
            (
                Kernels::Description(Description { shares: None, .. }),
                Bottleneck::DescriptionLength { choices, .. },
            ) => Some(choices),
            _ => None,
        }
    }

    /// Updates everything learned without gradients; call after the update of a step.
    pub fn after_step(&self, draw: Draw, threads: &Threads) {
        if let Kernels::Codebook(codebook, _) = &self.kernels {
            let stream = draw.stream(Purpose::Codebook, 0);
            codebook.after_step(Some(Reseed { after: CODEBOOK_IDLE, stream }), threads);
        }
    }

    /// Number of units a k-sparse code keeps in each group that competes.
    pub fn kept(&self, mode: Mode) -> usize {
        let Bottleneck::KSparse { k, alpha, lowers, .. } = self.kind else { return self.units };
        let group = self.group;
        match mode {
            Mode::Train(moment) if lowers => {
                // Falls linearly from all units over the first half of the run.
                let share = (2.0 * moment.share).min(1.0);
                (group as f64 + (k as f64 - group as f64) * share).round() as usize
            }
            Mode::Train(_) => k,
            Mode::Measure(_) | Mode::Use => ((k as f32 * alpha).round() as usize).min(group),
        }
    }

    /// The form in which the decoder is given the quantisers' distributions.
    fn choice(&self, description: &Description, mode: Mode) -> Choice {
        let Bottleneck::DescriptionLength { temperature, .. } = self.kind else { return Choice::Shares };
        match mode {
            Mode::Train(moment) if description.shares.is_some() => {
                let stream = moment.draw.stream(Purpose::Gumbel, 0);
                Choice::Relaxed(Relaxation { stream, temperature })
            }
            // Relaxed choices would not give a bound.
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
        // Per step, in fixed-point fractions of the run: T = T0 (T_B / T0)^(b / B).
        let scale = 1_u64 << 32;
        let step = (moment.share.clamp(0.0, 1.0) * scale as f64) as u64;
        let temperature = temperature(step, scale, start_temperature, end_temperature);
        Some(Relaxation { stream: moment.draw.stream(Purpose::Gumbel, 0), temperature })
    }

    /// Current weight of the term.
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
