//! The plots of the view as data, both for display and for saving as figures.

use crate::figure::{Bars, Ink};
use crate::project::{Shape, format_number, visible};
use crate::run::{ACTIVE_NATS, Bits, Health};

/// A plot with its title and explanation.
pub struct UnitsPlot {
    /// Its title.
    pub title: &'static str,
    /// Explanation.
    pub about: &'static str,
    /// Its accessible name.
    pub name: String,
    /// The bars.
    pub bars: Bars,
}

impl UnitsPlot {
    /// The tooltip of a bar.
    pub fn bar_tooltip(&self, bar: usize) -> String {
        let value = self.bars.values.get(bar).copied().unwrap_or(f32::NAN);
        let number = bar + 1;
        match self.bars.bar.as_str() {
            "entry" => format!("entry {number}: {:.2} % of all choices", 100.0 * value),
            "bit" => format!("bit {number}: 1 for {:.0} % of the samples", 100.0 * value),
            _ => format!("unit {number}: {} nats", format_number(f64::from(value))),
        }
    }
}

/// Statistics per unit, entry or bit; image-shaped codes have maps of units and bits instead.
pub fn units_plots(health: &Health, code: Shape) -> Vec<UnitsPlot> {
    let mut plots = Vec::new();
    let is_row = matches!(code, Shape::Vector(_));
    if let Some(nats) = health.divergence.as_ref().filter(|_| is_row) {
        let active = health.active_units().unwrap_or(0);
        let ink = |nats: &f32| if *nats > ACTIVE_NATS { Ink::Code } else { Ink::Faint };
        plots.push(UnitsPlot {
            title: "KL per unit, nats",
            about: "Information in each unit; above 0.01 nats it is active.",
            name: format!("KL of {} units, {active} active", nats.len()),
            bars: Bars {
                bar: "unit".to_owned(),
                measure: "KL, nats".to_owned(),
                values: nats.clone(),
                inks: nats.iter().map(ink).collect(),
                ..Bars::default()
            },
        });
    }
    if let Some(codebook) = &health.codebook {
        let shares = &codebook.shares;
        plots.push(UnitsPlot {
            title: "Use of the codebook",
            about: "How often each entry is chosen; the line is equal use of all.",
            name: format!("use of {} entries, {} never chosen", shares.len(), codebook.dead()),
            bars: Bars {
                bar: "entry".to_owned(),
                measure: "fraction of all choices".to_owned(),
                values: shares.clone(),
                inks: vec![Ink::Code],
                level: Some(1.0 / shares.len().max(1) as f32),
                ..Bars::default()
            },
        });
    }
    if let Some(hash) = health.hash.as_ref().filter(|_| is_row) {
        plots.push(UnitsPlot {
            title: "Balance of the bits",
            about: "Fraction of samples for which a bit is 1; at the line, one half, it carries the most information.",
            name: format!("balance of {} bits", hash.balance.len()),
            bars: Bars {
                bar: "bit".to_owned(),
                measure: "fraction of samples where it is 1".to_owned(),
                values: hash.balance.clone(),
                inks: vec![Ink::Code],
                most: Some(1.0),
                level: Some(0.5),
                ..Bars::default()
            },
        });
    }
    plots
}

/// The title of the plot of a layer's activations.
pub fn layer_title(name: &str) -> String {
    format!("Activations of {}", if name == "code" { "the code".into() } else { visible(name) })
}

/// The parts of a description length.
pub fn bits_plot(bits: Bits) -> Bars {
    Bars {
        bar: "part".to_owned(),
        measure: "bits per sample".to_owned(),
        values: [bits.code, bits.error, bits.constant].map(|bits| bits as f32).to_vec(),
        inks: vec![Ink::Code, Ink::Decoder, Ink::Line],
        names: ["code", "error", "constant"].map(str::to_owned).to_vec(),
        ..Bars::default()
    }
}
