use crate::project::{Binarise, Bottleneck, Loss, format_number};
use crate::run::{Health, Run};

/// A number shown in the view.
pub struct Figure {
    /// Its name.
    pub name: &'static str,
    /// The value with its unit.
    pub value: String,
    /// Explanation, including which values are good.
    pub about: &'static str,
}

fn figure(name: &'static str, value: String, about: &'static str) -> Figure {
    Figure { name, value, about }
}

/// The numbers that apply to the network of a run, most important first.
pub fn figures(run: &Run, health: &Health) -> Vec<Figure> {
    let mut figures = Vec::new();
    of_kind(run, health, &mut figures);
    if let Some(code) = health.layers.last() {
        // Sampled or selected codes have no inactive units.
        let is_sparse = health.divergence.is_none() && health.selector.is_none() && health.bits.is_none();
        if is_sparse {
            figures.push(figure(
                "L0 of the code",
                format!("{:.1} of {}", code.active_mean, code.units),
                "Units of the code that are not 0 for a sample, on average.",
            ));
        }
        figures.push(figure(
            "mean activation",
            format_number(code.mean),
            "Mean over all units and samples of the code; a sparsity penalty moves it towards its target.",
        ));
    }
    let (dead, units) =
        health.layers.iter().fold((0, 0), |(dead, units), layer| (dead + layer.dead, units + layer.units));
    figures.push(figure(
        "dead units",
        format!("{dead} of {units}"),
        "Units of encoder and code that are 0 for every sample. Ideally there are none.",
    ));
    let measured = figure(
        "measured",
        format!("epoch {}", health.epoch),
        "Measured on up to 512 validation samples with clean input: every second, and whenever the run pauses or ends.",
    );
    if let Some(norm) = health.jacobian {
        figures.push(figure(
            "Jacobian norm",
            format_number(norm),
            "Sensitivity of the code to the input: root mean square of the Frobenius norm of ∂code/∂input. A contractive penalty makes it small.",
        ));
    }
    figures.push(measured);
    figures
}

/// Whether a variational network is trained with cross-entropy on grey values, which is not a
/// likelihood.
pub(super) fn is_of_grey(run: &Run) -> bool {
    let is_variational = matches!(
        run.design.code.kind,
        Bottleneck::Variational { .. } | Bottleneck::ImportanceWeighted { .. }
    );
    is_variational && run.design.loss == Loss::BinaryCrossEntropy && run.design.data.binarise == Binarise::Off
}

fn of_kind(run: &Run, health: &Health, figures: &mut Vec<Figure>) {
    if let (Some(active), Some(nats)) = (health.active_units(), &health.divergence) {
        figures.push(figure(
            "active units",
            format!("{active} of {}", nats.len()),
            "Units with a KL divergence above 0.01 nats; the others carry no information. With 0 active units, the code has collapsed.",
        ));
        let sum = nats.iter().map(|nats| f64::from(*nats)).sum();
        figures.push(figure(
            "KL",
            format!("{} nats", format_number(sum)),
            "KL divergence from the prior, summed over all units.",
        ));
    }
    if let Some(selector) = &health.selector {
        figures.push(figure(
            "temperature",
            format_number(f64::from(selector.temperature)),
            "Falls during training; at the end each unit uses a single feature.",
        ));
        figures.push(figure(
            "mean certainty",
            format!("{:.2} %", 100.0 * selector.mean_max),
            "How certain the units are of their choice, on average. Above 99.8 % they have chosen.",
        ));
        figures.push(figure(
            "different features",
            format!("{} of {}", selector.unique(), selector.chosen.len()),
            "Units that chose the same feature are wasted: too few epochs.",
        ));
    }
    if let Some(bits) = health.bits {
        let about = "Total bits per sample: the fewer, the better code and decoder explain the data.";
        figures.push(figure("description length", format!("{:.1} bits", bits.total()), about));
        figures.push(figure(
            "code",
            format!("{:.1} bits", bits.code),
            "Bits that encode the choices of the quantisers.",
        ));
        figures.push(figure(
            "error",
            format!("{:.1} bits", bits.error),
            "Bits that encode the reconstruction error.",
        ));
    }
    if let Some(codebook) = &health.codebook {
        figures.push(figure(
            "perplexity",
            format!("{:.1} of {}", codebook.perplexity(), codebook.shares.len()),
            "exp(entropy): the effective number of entries in use.",
        ));
        figures.push(figure(
            "dead entries",
            codebook.dead().to_string(),
            "Entries that were never chosen. After a while they are moved to encoder outputs.",
        ));
    }
    if let Some(hash) = &health.hash {
        figures.push(figure(
            "decided",
            format!("{:.0} %", 100.0 * hash.decided),
            "Values of the code within 0.1 of 0 or 1: the noise drives them there.",
        ));
        figures.push(figure(
            "correlation of bits",
            format_number(f64::from(hash.correlation)),
            "Mean absolute correlation over pairs of bits: 0 if the bits are uncorrelated.",
        ));
    }
    if is_of_grey(run) {
        figures.push(figure(
            "likelihood",
            "none".to_owned(),
            "Cross-entropy on grey values is not a likelihood. For a bound in nats, binarise the data or use a Gaussian likelihood.",
        ));
    }
}
