//! The evidence of a finding in words.

use super::{Diagnosis, Evidence, Fault};
use crate::project::{format_count, format_number, format_percent};

impl Diagnosis {
    /// All evidence in a phrase.
    pub fn evidence_text(&self) -> String {
        let numbers: Vec<f64> = self.evidence.iter().map(|evidence| evidence.value).collect();
        phrase(self.fault, &numbers)
            .unwrap_or_else(|| self.evidence.iter().map(Evidence::text).collect::<Vec<_>>().join(", "))
    }
}

/// A phrase for the numbers of a fault, in the order in which its finding lists them; `None` where
/// these are others.
fn phrase(fault: Fault, numbers: &[f64]) -> Option<String> {
    let number = format_number;
    let percent = |share: f64| format_percent(share, 1);
    let text = match (fault, numbers) {
        (Fault::Diverged, &[rate, epochs]) => {
            format!("after {} at a learning rate of {}", counted(epochs, "epoch"), number(rate))
        }
        (Fault::OutputReach, &[beyond, least, most]) => {
            let (least, most) = (number(least), number(most));
            format!(
                "{} of the values are out of range; the data lie between {least} and {most}",
                percent(beyond)
            )
        }
        (Fault::Collapse | Fault::InactiveUnits, &[inactive, active, nats]) => {
            let (inactive, active) = (percent(inactive), counted(active, "active unit"));
            format!("{inactive} of the units are inactive: {active}, KL divergence {} nats", number(nats))
        }
        (Fault::HighRate, &[change, rise, rate]) => format!(
            "the loss changes by {} of its total decrease per epoch and ended {} of it above its \
             minimum, at a learning rate of {}",
            percent(change),
            percent(rise),
            number(rate)
        ),
        (Fault::ExplodingGradients, &[change, gradient]) => {
            format!(
                "a step changes the weights by {} of their size; gradient {}",
                percent(change),
                number(gradient)
            )
        }
        (Fault::VanishingGradients, &[share, gradient]) => {
            format!("gradient {}, {} times the largest one", number(gradient), number(share))
        }
        (Fault::DeadUnits, &[share, dead, units]) => {
            format!("{} of {} are dead ({})", count(dead), counted(units, "unit"), percent(share))
        }
        (Fault::SaturatedUnits, &[share, units]) => {
            format!("{} of the activations of {} are saturated", percent(share), counted(units, "unit"))
        }
        (Fault::CodebookCollapse, &[share, perplexity, entries, unused]) => format!(
            "perplexity {}, {} of the maximum; {} of {} are unused",
            number(perplexity),
            percent(share),
            count(unused),
            counted(entries, "entry")
        ),
        (Fault::UndecidedSelector, &[certainty, temperature]) => {
            format!(
                "the largest shares are {} on average, at temperature {}",
                percent(certainty),
                number(temperature)
            )
        }
        (Fault::RepeatedFeatures, &[repeated, distinct, units]) => format!(
            "{} chose {}; {} repeated",
            counted(units, "unit"),
            counted(distinct, "distinct feature"),
            if repeated == 1.0 { "one is".to_owned() } else { format!("{} are", count(repeated)) }
        ),
        (Fault::WorseThanPca, &[share, own, pca]) => {
            let (own, pca) = (number(own), number(pca));
            format!("squared error {own} per feature, {} of the {pca} of PCA", percent(share))
        }
        (Fault::Overfitting, &[rise, epochs, decrease]) => format!(
            "the validation loss has risen for {} to {} above its minimum; the training loss \
             fell by {} meanwhile",
            counted(epochs, "epoch"),
            number(rise),
            number(decrease)
        ),
        (Fault::WideCode, &[share, code]) => {
            let input = (code / share).round();
            let compared = if share == 1.0 {
                "as many as the input".to_owned()
            } else {
                format!("the input has {}", count(input))
            };
            format!("code: {}, {compared}", counted(code, "number"))
        }
        (Fault::StillFalling, &[fall, epochs]) => {
            format!("the error fell by {} in the last fifth of {}", percent(fall), counted(epochs, "epoch"))
        }
        (Fault::Blurred, &[edges, samples]) => {
            format!("{} of the edges are kept in {}", percent(edges), counted(samples, "sample"))
        }
        _ => return None,
    };
    Some(text)
}

fn count(value: f64) -> String {
    format_count(value.max(0.0) as u64)
}

/// A number of things: `1 epoch`, `2 entries`.
fn counted(value: f64, what: &str) -> String {
    let many = match what.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None => format!("{what}s"),
    };
    format!("{} {}", count(value), if value == 1.0 { what } else { &many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_is_a_phrase() {
        let check = |fault, numbers: &[f64], expected: Option<&str>| {
            assert_eq!(phrase(fault, numbers).as_deref(), expected);
        };
        check(Fault::WideCode, &[1.0, 5.0], Some("code: 5 numbers, as many as the input"));
        check(Fault::WideCode, &[10.0, 640.0], Some("code: 640 numbers, the input has 64"));
        check(Fault::DeadUnits, &[0.625, 40.0, 64.0], Some("40 of 64 units are dead (62.5 %)"));
        check(Fault::Diverged, &[0.5, 1.0], Some("after 1 epoch at a learning rate of 0.5000"));
        let entries = "perplexity 3.200, 5.0 % of the maximum; 60 of 64 entries are unused";
        check(Fault::CodebookCollapse, &[0.05, 3.2, 64.0, 60.0], Some(entries));
        check(Fault::WideCode, &[1.0], None);
    }
}
