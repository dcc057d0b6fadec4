//! Codes prepared for a table, with everything their kind adds to them.

use super::Sheet;
use crate::dataset::Dataset;
use crate::engine::{Codes, Network};
use crate::project::{Bottleneck, Shape};

/// Codes of some rows of data.
#[derive(Clone, Debug)]
pub struct Encoded {
    codes: Codes,
    shape: Shape,
    /// The bits of hashing codes, rows × units; empty for other kinds.
    bits: Vec<u8>,
    /// The most likely unit of each quantiser of an MDL code, counted from 0; empty for other
    /// kinds.
    choices: Vec<usize>,
    /// The features chosen by a selector; empty for other kinds.
    chosen: Vec<u32>,
}

impl Encoded {
    /// Codes of this network. `thresholds` separate 0 from 1 for each unit of hashing codes; empty
    /// for other kinds.
    pub fn new(network: &Network, codes: Codes, thresholds: &[f32]) -> Encoded {
        let kind = network.plan().design().code.kind;
        let is_hashing = matches!(kind, Bottleneck::Hashing { .. });
        Encoded {
            shape: network.plan().code_shape(),
            bits: if is_hashing { codes.bits(thresholds) } else { Vec::new() },
            choices: choices(kind, &codes.values),
            chosen: network.chosen_features().unwrap_or_default(),
            codes,
        }
    }

    /// The codes in the form the decoder expects, rows × units.
    pub fn codes(&self) -> &[f32] {
        &self.codes.values
    }

    /// Axis lengths of an array of this many codes: rows × units, or rows × height × width ×
    /// channels.
    pub fn axes(&self, rows: usize) -> Vec<usize> {
        code_axes(rows, self.shape)
    }

    /// Adds everything the kind of code has besides its numbers: chosen features of the rows,
    /// entries, choices, bits.
    pub fn add_known<'a>(&'a self, sheet: &mut Sheet<'a>, data: &'a Dataset, rows: &'a [u32]) {
        for feature in self.chosen.iter().map(|feature| *feature as usize) {
            sheet.push(data.feature_name(feature), move |at| data.source_text(rows[at] as usize, feature));
        }
        sheet.numbered("entry", &self.codes.entries);
        sheet.numbered("choice", &self.choices);
        if !self.bits.is_empty() {
            let units = self.shape.features();
            sheet.push("hash", move |at| hexadecimal(&self.bits[at * units..(at + 1) * units]));
            sheet.numbered("bit", &self.bits);
        }
    }

    /// Adds the numbers; if a code is a distribution, its means.
    pub fn add_values<'a>(&'a self, sheet: &mut Sheet<'a>) {
        let name = if self.codes.variances.is_empty() { "code" } else { "mean" };
        sheet.numbered(name, &self.codes.values);
    }

    /// Adds the variances, if a code is a distribution.
    pub fn add_variances<'a>(&'a self, sheet: &mut Sheet<'a>) {
        sheet.numbered("variance", &self.codes.variances);
    }
}

/// Axis lengths of an array of codes: rows × units, or rows × height × width × channels.
pub(super) fn code_axes(rows: usize, code: Shape) -> Vec<usize> {
    match code {
        Shape::Vector(units) => vec![rows, units],
        Shape::Image { height, width, channels } => vec![rows, height, width, channels],
    }
}

/// Bits as one hexadecimal number, the first bit being the highest.
fn hexadecimal(bits: &[u8]) -> String {
    let digit = |four: &[u8]| four.iter().fold(0, |digit, bit| 2 * digit + u32::from(*bit));
    let (first, rest) = bits.split_at(bits.len() % 4);
    let first = (!first.is_empty()).then_some(first);
    let digits = first.into_iter().chain(rest.chunks(4)).map(digit);
    digits.filter_map(|digit| char::from_digit(digit, 16)).collect()
}

fn choices(kind: Bottleneck, values: &[f32]) -> Vec<usize> {
    let Bottleneck::DescriptionLength { choices, .. } = kind else { return Vec::new() };
    let likeliest = |shares: &[f32]| {
        let most = shares.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        shares.iter().position(|share| *share == most).unwrap_or_default()
    };
    values.chunks_exact(choices.max(1)).map(likeliest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_written_as_one_number() {
        let check = |bits: &[u8], expected: &str| assert_eq!(hexadecimal(bits), expected);
        check(&[], "");
        check(&[1], "1");
        check(&[1, 0, 1, 0], "a");
        check(&[1, 1, 0, 0, 0, 1], "31");
        check(&[0, 0, 0, 0, 1, 1, 1, 1], "0f");
    }

    #[test]
    fn the_likeliest_choice_of_each_quantiser_is_named() {
        let kind = Bottleneck::DescriptionLength { choices: 3, width: 0.1, temperature: 0.5 };
        assert_eq!(choices(kind, &[0.2, 0.5, 0.3, 0.4, 0.4, 0.2]), [1, 0]);
        assert_eq!(choices(Bottleneck::Plain, &[0.2, 0.5]), [0; 0]);
    }
}
