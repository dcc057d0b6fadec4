//! Measurements of a network's health: activations, outputs, gradients, Jacobian.

use std::rc::Rc;

use super::objective::jacobian_of_code;
use super::{Network, RECONSTRUCTION, VARIANCE};
use crate::check::sizes::JACOBIAN_ROWS;
use crate::check::{Stage, StageKind};
use crate::dataset::Dataset;
use crate::engine::EngineError;
use crate::engine::kernels::activity::Activity;
use crate::engine::kernels::contractive::Contractive;
use crate::engine::kernels::gaussian::KlToPrior;
use crate::engine::kernels::math::exp;
use crate::engine::kernels::operation::LossTerm;
use crate::engine::kernels::pass::{Mode, Moment, Pass};
use crate::engine::kernels::quantiser::description_length;
use crate::engine::kernels::selector::{Verdict, chosen, mean_max, verdict};
use crate::engine::kernels::tape::Recorder;
use crate::engine::kernels::variable::Node;
use crate::project::{Activation, Bottleneck, Estimator, Loss, Place, Shape, Threshold, Variance};
use crate::run::{
    Attempt, Bits, CodebookHealth, HashHealth, Health, LayerHealth, Losses, OutputHealth, SelectorHealth,
};

/// Sums over the samples.
struct Sums {
    /// For the encoder's layers and the code, and for the decoder's layers.
    activities: [Vec<LayerSums>; 2],
    output: OutputSums,
    /// For each unit of a code that is a picture.
    means: Option<Vec<f64>>,
    divergence: Option<(Rc<KlToPrior>, Vec<f64>)>,
    /// Terms of the loss, if a description length is measured.
    losses: Option<Losses>,
    usage: Option<Vec<u64>>,
    mean: Vec<f64>,
    codes: Vec<f32>,
    jacobian: Option<f64>,
}

/// Sums over the activations of a layer.
struct LayerSums {
    name: String,
    node: Node,
    /// Number of channels, if the output is a picture.
    channels: Option<usize>,
    /// Its activation, if that saturates.
    flat: Option<Activation>,
    activity: Activity,
    sum: f64,
    saturated: u64,
}

/// A sigmoid or tanh unit closer than this to an end of its range is saturated: its slope is almost
/// 0.
const FLAT: f32 = 0.01;

impl LayerSums {
    fn new(name: String, node: &Node, shape: Shape, activation: Option<Activation>) -> LayerSums {
        let channels = match shape {
            Shape::Image { channels, .. } => Some(channels),
            Shape::Vector(_) => None,
        };
        let flat = activation.filter(|own| matches!(own, Activation::Sigmoid | Activation::Tanh));
        let activity = Activity::new(node.borrow().columns());
        LayerSums { name, node: Rc::clone(node), channels, flat, activity, sum: 0.0, saturated: 0 }
    }

    /// The outputs of one side's stages; of a card with several operations, the last counts.
    fn all(
        outputs: &[(Place, Node)],
        stages: &[Stage],
        of: impl Fn(Place) -> Option<String>,
    ) -> Vec<LayerSums> {
        let mut all: Vec<LayerSums> = Vec::new();
        for ((place, node), stage) in outputs.iter().zip(stages) {
            let Some(name) = of(*place) else { continue };
            let own = if let StageKind::Activation(activation) = stage.kind {
                Some(activation)
            } else {
                stage.kind.activation()
            };
            all.retain(|earlier| earlier.name != name);
            all.push(LayerSums::new(name, node, stage.output, own));
        }
        all
    }

    /// Adds the first `rows` rows.
    fn add(&mut self, rows: usize) {
        let node = self.node.borrow();
        let values = &node.values()[..rows * node.columns()];
        self.activity.add(values);
        self.sum += values.iter().map(|value| f64::from(*value)).sum::<f64>();
        let is_flat = |value: &&f32| match self.flat {
            Some(Activation::Sigmoid) => **value < FLAT || **value > 1.0 - FLAT,
            Some(_) => value.abs() > 1.0 - FLAT,
            None => false,
        };
        self.saturated += values.iter().filter(is_flat).count() as u64;
    }

    fn judge(self) -> LayerHealth {
        let activity = &self.activity;
        let (active_min, active_max) = activity.active_range().unwrap_or_default();
        let (_, reach, histogram) = activity.histogram();
        let units = activity.active_shares().count();
        let count = (activity.rows().max(1) * units.max(1) as u64) as f64;
        let dead_channels = self.channels.map_or(0, |channels| {
            // A channel may be off at an edge where all samples are empty, but active elsewhere.
            let mut lives = vec![false; channels];
            let shares = activity.active_shares().enumerate().filter(|(_, share)| *share > 0.0);
            shares.for_each(|(unit, _)| lives[unit % channels.max(1)] = true);
            if activity.rows() > 0 { lives.iter().filter(|lives| !**lives).count() } else { 0 }
        });
        LayerHealth {
            name: self.name,
            units,
            active_mean: activity.mean_active(),
            active_min,
            active_max,
            dead: activity.dead_units().count(),
            mean: self.sum / count,
            histogram: histogram.to_vec(),
            reach,
            channels: self.channels,
            dead_channels,
            saturated: self.flat.map(|_| self.saturated as f64 / count),
        }
    }
}

/// Sums over samples and their reconstructions.
struct OutputSums {
    range: (f32, f32),
    beyond: u64,
    values: u64,
    is_binary: bool,
    /// Squared differences of neighbouring pixels, of samples and of reconstructions.
    edges: (f64, f64),
}

impl OutputSums {
    fn new() -> OutputSums {
        let range = (f32::INFINITY, f32::NEG_INFINITY);
        OutputSums { range, beyond: 0, values: 0, is_binary: true, edges: (0.0, 0.0) }
    }

    /// Adds samples and their reconstructions.
    fn add(&mut self, samples: &[f32], outputs: &[f32], shape: Shape, activation: Activation) {
        let (lowest, highest) = activation.reach().unwrap_or((f32::NEG_INFINITY, f32::INFINITY));
        for &value in samples {
            self.range = (self.range.0.min(value), self.range.1.max(value));
            // Rounding errors of the scaling do not count as out of range.
            self.beyond += u64::from(value < lowest - 1e-3 || value > highest + 1e-3);
            self.is_binary &= value == 0.0 || value == 1.0;
        }
        self.values += samples.len() as u64;
        self.edges.0 += edge_energy(samples, shape);
        self.edges.1 += edge_energy(outputs, shape);
    }

    fn judge(&self) -> Option<OutputHealth> {
        let (samples, outputs) = self.edges;
        (self.values > 0).then(|| OutputHealth {
            least: self.range.0,
            most: self.range.1,
            beyond: self.beyond as f64 / self.values as f64,
            is_binary: self.is_binary,
            edges: (samples > 0.0).then(|| outputs / samples),
        })
    }
}

/// Squared differences of neighbouring pixels of pictures, summed over both directions and all
/// channels; 0 for rows.
fn edge_energy(values: &[f32], shape: Shape) -> f64 {
    let Shape::Image { width, channels, .. } = shape else { return 0.0 };
    let (line, features) = (width * channels, shape.features().max(1));
    let square = |(a, b): (&f32, &f32)| f64::from(a - b).powi(2);
    let of_picture = |picture: &[f32]| -> f64 {
        let below = picture.iter().zip(&picture[line.min(picture.len())..]).map(square).sum::<f64>();
        let beside =
            |line: &[f32]| line.iter().zip(&line[channels.min(line.len())..]).map(square).sum::<f64>();
        below + picture.chunks_exact(line.max(1)).map(beside).sum::<f64>()
    };
    values.chunks_exact(features).map(of_picture).sum()
}

impl Network {
    /// The network's health, measured on rows of the data with clean inputs. Learned values do not
    /// change.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`].
    pub(in crate::engine) fn health(
        &mut self,
        data: &Dataset,
        rows: &[u32],
        epoch: u32,
        moment: Moment,
    ) -> Result<Health, EngineError> {
        let mut sums = self.sums();
        for (number, block) in rows.chunks(self.capacity).enumerate() {
            self.gather(data, block, None);
            self.pass(block.len(), Mode::Use, &mut Recorder::idle());
            self.add(&mut sums, block.len());
            if number == 0 {
                sums.jacobian = self.jacobian(block.len().min(JACOBIAN_ROWS))?;
            }
            if let Some(losses) = &mut sums.losses {
                self.pass(block.len(), Mode::Measure(moment), &mut Recorder::idle());
                losses.add(&self.losses);
            }
        }
        Ok(self.judge(sums, rows.len(), epoch, moment))
    }

    /// How close the selector is to a choice, if that is not enough after an attempt and another
    /// one is allowed.
    pub(in crate::engine) fn undecided(&self, attempt: Attempt) -> Option<f64> {
        let Bottleneck::Concrete { tries, .. } = self.plan.design().code.kind else { return None };
        let logits = self.parameters().iter().find(|parameter| parameter.name == "code.logits")?;
        let node = logits.node.borrow();
        let mean_max = mean_max(node.values(), node.columns());
        (verdict(mean_max, attempt.number + 1, tries) == Verdict::TryAgain).then_some(mean_max)
    }

    fn sums(&self) -> Sums {
        let mut encoder = LayerSums::all(&self.encoded, self.plan.encoder(), |place| {
            let Place::Encoder(index) = place else { return None };
            Some(format!("layer {}", index + 1))
        });
        let decoder = LayerSums::all(&self.decoded, self.plan.decoder(), |place| {
            matches!(place, Place::Decoder(_)).then(|| place.to_string())
        });
        let units = self.code.borrow().columns();
        let design = self.plan.design();
        // Kinds with their own function are meant to saturate.
        let own = matches!(design.code.kind, Bottleneck::Plain | Bottleneck::Wasserstein { .. });
        let last = self.plan.encoder().last().and_then(|stage| stage.kind.activation());
        encoder.push(LayerSums::new(
            "code".to_owned(),
            &self.code,
            self.plan.code_shape(),
            last.filter(|_| own),
        ));
        let kind = self.plan.design().code.kind;
        let divergence = self
            .code_layer
            .sampler()
            .map(|sampler| (KlToPrior::new(Rc::clone(sampler.head()), 0.0), vec![0.0; units]));
        let is_description = matches!(kind, Bottleneck::DescriptionLength { .. });
        Sums {
            activities: [encoder, decoder],
            output: OutputSums::new(),
            means: matches!(self.plan.code_shape(), Shape::Image { .. }).then(|| vec![0.0; units]),
            divergence,
            losses: is_description.then(|| Losses::zero(self.terms())),
            usage: self.code_layer.codebook().map(|codebook| vec![0; codebook.usage().len()]),
            mean: vec![0.0; self.plan.shape().features()],
            codes: Vec::new(),
            jacobian: None,
        }
    }

    /// Adds the first `rows` rows of the latest pass.
    fn add(&self, sums: &mut Sums, rows: usize) {
        sums.activities.iter_mut().flatten().for_each(|layer| layer.add(rows));
        if let Some(totals) = &mut sums.means {
            let code = self.code.borrow();
            for code in code.values()[..rows * code.columns()].chunks_exact(code.columns()) {
                totals.iter_mut().zip(code).for_each(|(total, value)| *total += f64::from(*value));
            }
        }
        if let Some((kl, totals)) = &mut sums.divergence {
            kl.compute(&Pass::new(rows, Mode::Use, &self.threads));
            totals.iter_mut().zip(kl.per_unit().iter()).for_each(|(total, nats)| *total += nats);
        }
        if let (Some(usage), Some(codebook)) = (&mut sums.usage, self.code_layer.codebook()) {
            usage.iter_mut().zip(codebook.usage().iter()).for_each(|(sum, count)| *sum += u64::from(*count));
        }
        let target = self.target.borrow();
        let output = self.output.borrow();
        let mut outputs = output.values()[..rows * output.columns()].to_vec();
        self.squash(&mut outputs);
        let (shape, activation) = (self.plan.shape(), self.plan.design().output.activation);
        sums.output.add(&target.values()[..rows * target.columns()], &outputs, shape, activation);
        for row in target.values()[..rows * target.columns()].chunks_exact(target.columns()) {
            sums.mean.iter_mut().zip(row).for_each(|(sum, value)| *sum += f64::from(*value));
        }
        if let Bottleneck::Hashing { .. } = self.plan.design().code.kind {
            let code = self.code.borrow();
            sums.codes.extend_from_slice(&code.values()[..rows * code.columns()]);
        }
    }

    /// Root mean square of `‖∂code/∂input‖_F` over the first `rows` rows of the latest pass.
    fn jacobian(&mut self, rows: usize) -> Result<Option<f64>, EngineError> {
        if self.plan.design().code.kind.jumps() || self.encoder_len == 0 || rows == 0 {
            return Ok(None);
        }
        if self.jacobian.is_none() {
            let chain = jacobian_of_code(&self.operations[..self.encoder_len], &self.code_layer)?;
            self.jacobian = Some(Contractive::new(chain, Estimator::Auto, JACOBIAN_ROWS)?);
        }
        let pass = Pass::new(rows, Mode::Use, &self.threads);
        let sum = self.jacobian.as_ref().map(|contractive| contractive.compute(&pass));
        Ok(sum.map(|sum| (sum / rows as f64).max(0.0).sqrt()))
    }

    /// Sizes of the linear maps from the input to the code.
    #[cfg(test)]
    pub(in crate::engine) fn jacobian_maps(&self) -> Vec<crate::check::MapSizes> {
        let chain = jacobian_of_code(&self.operations[..self.encoder_len], &self.code_layer).expect("small");
        crate::engine::kernels::contractive::map_sizes(&chain.into_links())
    }

    fn judge(&self, sums: Sums, samples: usize, epoch: u32, moment: Moment) -> Health {
        let count = samples.max(1) as f64;
        let over = |sums: &[f64]| -> Vec<f32> { sums.iter().map(|sum| (sum / count) as f32).collect() };
        let mean = over(&sums.mean);
        let [encoder, decoder] = sums.activities.map(|side| side.into_iter().map(LayerSums::judge).collect());
        Health {
            epoch,
            samples,
            layers: encoder,
            decoder,
            gradients: Vec::new(),
            output: sums.output.judge(),
            jacobian: sums.jacobian,
            means: sums.means.as_deref().map(over),
            divergence: sums.divergence.map(|(_, totals)| over(&totals)),
            selector: self.selector_health(moment, mean),
            bits: sums.losses.and_then(|losses| self.bits(&losses.over(count))),
            codebook: sums.usage.map(|usage| {
                let all = usage.iter().sum::<u64>().max(1) as f64;
                CodebookHealth { shares: usage.iter().map(|count| (*count as f64 / all) as f32).collect() }
            }),
            hash: self.hash_health(&sums.codes),
        }
    }

    fn selector_health(&self, moment: Moment, mean: Vec<f32>) -> Option<SelectorHealth> {
        let temperature = self.code_layer.temperature(moment)?;
        let logits = self.parameters.iter().find(|parameter| parameter.name == "code.logits")?;
        let node = logits.node.borrow();
        let (logits, features) = (node.values(), node.columns());
        let mut shares = vec![0.0_f32; features];
        for logits in logits.chunks_exact(features) {
            let most = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let all: f32 = logits.iter().map(|logit| exp(logit - most)).sum();
            shares.iter_mut().zip(logits).for_each(|(share, logit)| *share += exp(logit - most) / all);
        }
        Some(SelectorHealth {
            temperature,
            mean_max: mean_max(logits, features),
            chosen: chosen(logits, features),
            shares,
            mean,
        })
    }

    fn bits(&self, losses: &Losses) -> Option<Bits> {
        let design = self.plan.design();
        let Bottleneck::DescriptionLength { width, .. } = design.code.kind else { return None };
        let Loss::Gaussian { variance: Variance::Fixed { std } } = design.loss else { return None };
        let (features, sigma) = (self.plan.shape().features(), f64::from(std));
        let density = 0.5 * features as f64 * (std::f64::consts::TAU * sigma * sigma).ln();
        let variance = losses.get(VARIANCE).unwrap_or(0.0);
        let error_nats = losses.get(RECONSTRUCTION)? - density + variance;
        let expected = error_nats * 2.0 * sigma * sigma;
        let code = losses.get(self.code_layer.terms()?)?;
        let length = description_length(features, expected, code, sigma, f64::from(width));
        Some(Bits { code: length.code, error: length.error, constant: length.constant })
    }

    fn hash_health(&self, codes: &[f32]) -> Option<HashHealth> {
        let Bottleneck::Hashing { threshold, .. } = self.plan.design().code.kind else { return None };
        let units = self.plan.code_units();
        let thresholds = code_thresholds(codes, units, threshold);
        Some(HashHealth::of(codes, units, |unit| thresholds[unit]))
    }
}

/// Threshold between 0 and 1 for each unit of hashing codes (rows × `units`).
pub fn code_thresholds(codes: &[f32], units: usize, threshold: Threshold) -> Vec<f32> {
    match threshold {
        Threshold::Half => vec![0.5; units],
        Threshold::Tenth => vec![0.1; units],
        Threshold::Median => (0..units)
            .map(|unit| {
                let mut values: Vec<f32> = codes.iter().skip(unit).step_by(units).copied().collect();
                values.sort_by(f32::total_cmp);
                // The end of the lower half: everything above it is 1.
                values.get((values.len() / 2).saturating_sub(1)).copied().unwrap_or(0.5)
            })
            .collect(),
    }
}
