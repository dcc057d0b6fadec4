//! Initial values from the data: the bias of the output, and a learned variance.

use super::Network;
use crate::check::StageKind;
use crate::dataset::Dataset;
use crate::project::Activation;

/// Training samples that are used.
const ROWS: usize = 1000;
/// Margin at both ends of an output's range: at the ends themselves the bias would be infinite.
const MARGIN: f64 = 0.01;

impl Network {
    /// If the design asks for it, sets the bias of the output so that the output is the mean of the
    /// training data, and a learned σ² to their variance around it.
    ///
    /// With random biases, the first steps only move outputs to that mean. Their gradient has the
    /// same sign for all samples. Adam moves the bias and all weights of a unit by about the
    /// learning rate per step (Kingma & Ba 2015, §2.1), so n inputs of one sign shift a unit n
    /// times as much as the bias does: units die or saturate for all samples before the bias has
    /// converged. A lower learning rate does not change the ratio.
    ///
    /// From σ = 1, `log σ²` would need thousands of such steps for data in [0, 1].
    pub(in crate::engine) fn start_from(&self, data: &Dataset) {
        if !self.plan.design().training.starts_from_data {
            return;
        }
        let (means, variance) = moments(data);
        self.start_bias(&means);
        let learned = self.parameters.iter().find(|parameter| parameter.name == "output.log_variance");
        let Some(log_variance) = learned else { return };
        // Without variance in the data it is unchanged.
        if variance.is_finite() && variance > 0.0 {
            log_variance.node.borrow_mut().values_mut()[0] = variance.ln() as f32;
        }
    }

    /// Sets the bias of the last layer from the mean of each feature, or for a convolution of each
    /// channel. Layers without bias, and activations without an inverse, are unchanged.
    fn start_bias(&self, means: &[f64]) {
        let Some(stage) = self.plan.decoder().last() else { return };
        let (StageKind::Dense { activation }
        | StageKind::Conv { activation, .. }
        | StageKind::ConvTranspose { activation, .. }) = stage.kind
        else {
            return;
        };
        let inverse = |mean: f64| match activation {
            Activation::Linear => Some(mean),
            Activation::Sigmoid => {
                let mean = mean.clamp(MARGIN, 1.0 - MARGIN);
                Some((mean / (1.0 - mean)).ln())
            }
            Activation::Tanh => Some(mean.clamp(MARGIN - 1.0, 1.0 - MARGIN).atanh()),
            Activation::Relu
            | Activation::LeakyRelu
            | Activation::Elu
            | Activation::Gelu
            | Activation::Silu
            | Activation::Softplus => None,
        };
        let name = format!("{}.bias", stage.name);
        let Some(bias) = self.parameters.iter().find(|parameter| parameter.name == name) else { return };
        let (len, mut bias) = (bias.len(), bias.node.borrow_mut());
        if len == 0 || !means.len().is_multiple_of(len) {
            return;
        }
        // In memory, the channels of a pixel are adjacent.
        for (at, bias) in bias.values_mut()[..len].iter_mut().enumerate() {
            let own = means.iter().skip(at).step_by(len);
            let mean = own.sum::<f64>() / (means.len() / len) as f64;
            if let Some(value) = inverse(mean).filter(|value| value.is_finite()) {
                *bias = value as f32;
            }
        }
    }
}

/// The mean of each scaled feature over training samples, and the mean squared deviation from it.
fn moments(data: &Dataset) -> (Vec<f64>, f64) {
    let train = &data.split.train;
    // Evenly spaced over the split, whatever its order.
    let rows = train.iter().step_by(train.len().div_ceil(ROWS).max(1));
    let features = data.shape.features();
    let (mut row, mut sums, mut count) = (vec![0.0; features], vec![(0.0_f64, 0.0_f64); features], 0.0);
    for index in rows {
        data.gather(std::slice::from_ref(index), &mut row);
        count += 1.0;
        for ((sum, squares), value) in sums.iter_mut().zip(&row) {
            let value = f64::from(*value);
            (*sum, *squares) = (*sum + value, *squares + value * value);
        }
    }
    let count = f64::max(count, 1.0);
    let spread: f64 = sums.iter().map(|(sum, squares)| (squares - sum * sum / count) / count).sum();
    (sums.iter().map(|(sum, _)| sum / count).collect(), spread / features.max(1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Trainer;
    use crate::engine::tests::{toy_data, toy_plan};
    use crate::project::{Layer, Loss, Output, Project, Recipe, Shape, Variance};

    /// The initial values of an array, with or without this option.
    fn start(data: &Dataset, starts: bool, name: &str, edit: impl Fn(&mut Project)) -> Vec<f32> {
        let plan = toy_plan(data, |project| {
            project.loss = Loss::Gaussian { variance: Variance::Learned };
            project.training.starts_from_data = starts;
            edit(project);
        });
        let mut trainer = Trainer::new(&plan, std::sync::Arc::new(data.clone()), 1).expect("small");
        trainer.network().weights().0[name].values.clone()
    }

    fn mean(values: &[f64]) -> f64 {
        values.iter().sum::<f64>() / values.len() as f64
    }

    /// Values of a feature in the training split.
    fn column(data: &Dataset, feature: usize) -> Vec<f64> {
        let mut row = vec![0.0; data.shape.features()];
        let value = |index: &u32| {
            data.gather(&[*index], &mut row);
            f64::from(row[feature])
        };
        data.split.train.iter().map(value).collect()
    }

    #[test]
    fn outputs_start_at_the_mean_of_the_data_and_the_variance_at_theirs() {
        type Function = fn(f64) -> f64;
        let data = toy_data(40, 12);
        let columns: Vec<Vec<f64>> = (0..12).map(|feature| column(&data, feature)).collect();
        let functions: [(Activation, Function); 3] = [
            (Activation::Linear, |a| a),
            (Activation::Sigmoid, |a| 1.0 / (1.0 + (-a).exp())),
            (Activation::Tanh, f64::tanh),
        ];
        for (activation, function) in functions {
            let edit = |project: &mut Project| project.output = Output { activation };
            let bias = start(&data, true, "output.bias", edit);
            for (bias, column) in bias.iter().zip(&columns) {
                let (start, mean) = (function(f64::from(*bias)), mean(column));
                assert!((start - mean).abs() < 1e-5, "{activation:?}: {start}, not {mean}");
            }
            assert_ne!(start(&data, false, "output.bias", edit), bias);
        }
        let relu = |project: &mut Project| project.output = Output { activation: Activation::Relu };
        let both = [true, false].map(|starts| start(&data, starts, "output.bias", relu));
        assert_eq!(both[0], both[1], "it has no inverse");
        let around = |column: &Vec<f64>| {
            let mean = mean(column);
            column.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / column.len() as f64
        };
        let expected = mean(&columns.iter().map(around).collect::<Vec<_>>());
        let variance = f64::from(start(&data, true, "output.log_variance", |_| {})[0]).exp();
        assert!((variance / expected - 1.0).abs() < 1e-4, "{variance}, not {expected}");
        assert_eq!(start(&data, false, "output.log_variance", |_| {}), [0.0]);
    }

    #[test]
    fn channels_of_a_convolution_start_at_their_means() {
        let mut data = (*toy_data(40, 32)).clone();
        data.shape = Shape::Image { height: 4, width: 4, channels: 2 };
        let bias = start(&data, true, "output.bias", |project| {
            project.encoder = vec![Recipe::Convolutional.project().encoder[0].clone()];
            project.output = Output { activation: Activation::Linear };
        });
        assert_eq!(bias.len(), 2);
        for (channel, bias) in bias.iter().enumerate() {
            let means: Vec<f64> = (0..16).map(|pixel| mean(&column(&data, 2 * pixel + channel))).collect();
            assert!((f64::from(*bias) - mean(&means)).abs() < 1e-5, "{bias}");
        }
        assert!(matches!(Recipe::Convolutional.project().encoder[0], Layer::Conv2d { .. }));
    }

    #[test]
    fn values_at_the_ends_of_the_range_have_a_finite_bias() {
        let mut data = (*toy_data(40, 12)).clone();
        data.rows = crate::dataset::Rows::F32(vec![0.0; 40 * 12]);
        let bias = start(&data, true, "output.bias", |_| {});
        assert!(bias.iter().all(|bias| (bias + 99.0_f32.ln()).abs() < 1e-4), "{bias:?}");
        assert_eq!(start(&data, true, "output.log_variance", |_| {}), [0.0], "they do not vary");
    }
}
