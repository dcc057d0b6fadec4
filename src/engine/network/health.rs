//! What tells whether a network is well.

use std::rc::Rc;

use super::{Network, RECONSTRUCTION, VARIANCE, jacobian_of_code};
use crate::check::sizes::JACOBIAN_ROWS;
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
use crate::project::{Bottleneck, Estimator, Loss, Place, Shape, Threshold, Variance};
use crate::run::{Attempt, Bits, CodebookHealth, HashHealth, Health, LayerHealth, Losses, SelectorHealth};

/// Sums over the samples.
struct Sums {
    activities: Vec<(String, Node, Activity, f64)>,
    /// Of each unit of a code that is a picture.
    means: Option<Vec<f64>>,
    divergence: Option<(Rc<KlToPrior>, Vec<f64>)>,
    /// Terms of the loss where a description length is measured.
    losses: Option<Losses>,
    usage: Option<Vec<u64>>,
    mean: Vec<f64>,
    codes: Vec<f32>,
    jacobian: Option<f64>,
}

impl Network {
    /// What tells whether the network is well, on rows of the data with clean inputs. Nothing it learns is touched.
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

    /// How near the selector is to a choice, where that is too little after an attempt and another is
    /// allowed.
    pub(in crate::engine) fn undecided(&self, attempt: Attempt) -> Option<f64> {
        let Bottleneck::Concrete { tries, .. } = self.plan.design().code.kind else { return None };
        let logits = self.parameters().iter().find(|parameter| parameter.name == "code.logits")?;
        let node = logits.node.borrow();
        let mean_max = mean_max(node.values(), node.columns());
        (verdict(mean_max, attempt.number + 1, tries) == Verdict::TryAgain).then_some(mean_max)
    }

    fn sums(&self) -> Sums {
        let mut activities: Vec<(String, Node, Activity, f64)> = Vec::new();
        for (place, node) in &self.encoded {
            let Place::Encoder(index) = place else { continue };
            let name = format!("layer {}", index + 1);
            // A card may be several operations, of which the last counts.
            activities.retain(|(own, ..)| *own != name);
            activities.push((name, Rc::clone(node), Activity::new(node.borrow().columns()), 0.0));
        }
        let units = self.code.borrow().columns();
        activities.push(("code".to_owned(), Rc::clone(&self.code), Activity::new(units), 0.0));
        let kind = self.plan.design().code.kind;
        let divergence = self
            .waist
            .sampler()
            .map(|sampler| (KlToPrior::new(Rc::clone(sampler.head()), 0.0), vec![0.0; units]));
        let is_description = matches!(kind, Bottleneck::DescriptionLength { .. });
        Sums {
            activities,
            means: matches!(self.plan.code_shape(), Shape::Image { .. }).then(|| vec![0.0; units]),
            divergence,
            losses: is_description.then(|| Losses::zero(self.terms())),
            usage: self.waist.codebook().map(|codebook| vec![0; codebook.usage().len()]),
            mean: vec![0.0; self.plan.shape().features()],
            codes: Vec::new(),
            jacobian: None,
        }
    }

    /// Adds the first `rows` rows of the latest pass.
    fn add(&self, sums: &mut Sums, rows: usize) {
        for (_, node, activity, sum) in &mut sums.activities {
            let node = node.borrow();
            let values = &node.values()[..rows * node.columns()];
            activity.add(values);
            *sum += values.iter().map(|value| f64::from(*value)).sum::<f64>();
        }
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
        if let (Some(usage), Some(codebook)) = (&mut sums.usage, self.waist.codebook()) {
            usage.iter_mut().zip(codebook.usage().iter()).for_each(|(sum, count)| *sum += u64::from(*count));
        }
        let target = self.target.borrow();
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
            let chain = jacobian_of_code(&self.operations[..self.encoder_len], &self.waist)?;
            self.jacobian = Some(Contractive::new(chain, Estimator::Auto, JACOBIAN_ROWS)?);
        }
        let pass = Pass::new(rows, Mode::Use, &self.threads);
        let sum = self.jacobian.as_ref().map(|contractive| contractive.compute(&pass));
        Ok(sum.map(|sum| (sum / rows as f64).max(0.0).sqrt()))
    }

    /// Sizes of the linear maps that the way from the input to the code is made of.
    #[cfg(test)]
    pub(in crate::engine) fn jacobian_maps(&self) -> Vec<crate::check::MapSizes> {
        let chain = jacobian_of_code(&self.operations[..self.encoder_len], &self.waist).expect("small");
        crate::engine::kernels::contractive::map_sizes(&chain.into_links())
    }

    fn judge(&self, sums: Sums, samples: usize, epoch: u32, moment: Moment) -> Health {
        let count = samples.max(1) as f64;
        let over = |sums: &[f64]| -> Vec<f32> { sums.iter().map(|sum| (sum / count) as f32).collect() };
        let mean = over(&sums.mean);
        Health {
            epoch,
            samples,
            layers: sums
                .activities
                .into_iter()
                .map(|(name, _, activity, sum)| layer(name, &activity, sum))
                .collect(),
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
        let temperature = self.waist.temperature(moment)?;
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
        let code = losses.get(self.waist.terms()?)?;
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

/// Where 0 ends and 1 begins for each unit of hashing codes (rows × `units`).
pub fn code_thresholds(codes: &[f32], units: usize, threshold: Threshold) -> Vec<f32> {
    match threshold {
        Threshold::Half => vec![0.5; units],
        Threshold::Tenth => vec![0.1; units],
        Threshold::Median => (0..units)
            .map(|unit| {
                let mut values: Vec<f32> = codes.iter().skip(unit).step_by(units).copied().collect();
                values.sort_by(f32::total_cmp);
                // The end of the lower half: what is above it is 1.
                values.get((values.len() / 2).saturating_sub(1)).copied().unwrap_or(0.5)
            })
            .collect(),
    }
}

fn layer(name: String, activity: &Activity, sum: f64) -> LayerHealth {
    let (active_min, active_max) = activity.active_range().unwrap_or_default();
    let (_, reach, histogram) = activity.histogram();
    let units = activity.active_shares().count();
    LayerHealth {
        name,
        units,
        active_mean: activity.mean_active(),
        active_min,
        active_max,
        dead: activity.dead_units().count(),
        mean: sum / (activity.rows().max(1) * units.max(1) as u64) as f64,
        histogram: histogram.to_vec(),
        reach,
    }
}
