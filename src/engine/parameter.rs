//! Parameters and buffers: named arrays of the network, and their order in memory and in files.
//!
//! 1. In memory a picture is height × width × **channels last**: kernels run along channels, and
//!    values per channel repeat. In files, and wherever a picture becomes a row or vice versa
//!    (`Flatten`, `Reshape`, a dense layer after a picture, the code), it is **channel by
//!    channel**, as in `PyTorch`. A plan has a `ChannelsFirst` or `ChannelsLast` stage where the
//!    order changes; [`MemoryLayout`] converts arrays when files are written and read.
//! 2. The kernel of a **transposed convolution is stored as that of the convolution it
//!    transposes**: channels of the small side × channels of the large side × rows × columns; in
//!    memory with the channels of the large side last. So a tied pair shares one array, and both of
//!    `PyTorch`'s layers read the same file.

use super::EngineError;
use super::kernels::variable::Node;
use crate::project::Place;
use crate::run::{Array, Weights};

/// One named array.
pub(super) struct Parameter {
    /// The card it belongs to.
    pub place: Place,
    /// `encoder.0.weight`
    pub name: String,
    /// Length of each axis, as in weight files.
    pub shape: Vec<usize>,
    /// Its values, in the engine's order.
    pub node: Node,
    /// Its role.
    pub role: Role,
    /// How the engine's order differs from that of weight files.
    pub layout: MemoryLayout,
}

/// The role of an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Learned, and subject to weight decay.
    Weight,
    /// Learned, without weight decay: biases, scales and shifts.
    Bias,
    /// Not learned by gradients: running statistics.
    Buffer,
}

/// Order of an array in memory, compared with `PyTorch`'s order in weight files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MemoryLayout {
    /// `PyTorch`'s order.
    Same,
    /// outer × pixels × channels in memory, outer × channels × pixels in files: kernels, and
    /// features of pictures.
    ChannelsLast {
        /// Pixels of a kernel or a picture.
        pixels: usize,
        /// Channels.
        channels: usize,
    },
}

impl Parameter {
    /// Whether gradients change it.
    pub fn is_learned(&self) -> bool {
        self.role != Role::Buffer
    }

    /// Whether weight decay applies.
    pub fn is_decayed(&self) -> bool {
        self.role == Role::Weight
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// This array as in weight files, from values in the engine's order; `prefix` comes before the
    /// name.
    pub fn to_array(&self, prefix: &str, values: &[f32]) -> (String, Array) {
        let mut array = Array { shape: self.shape.clone(), values: vec![0.0; values.len()] };
        self.export(values, &mut array.values);
        (format!("{prefix}{}", self.name), array)
    }

    /// Converts values of this array from the engine's order to that of files.
    pub fn export(&self, values: &[f32], out: &mut [f32]) {
        if matches!(self.layout, MemoryLayout::Same) {
            out[..values.len()].copy_from_slice(values);
            return;
        }
        self.layout.each(values.len(), |inside, outside| out[outside] = values[inside]);
    }

    /// Converts values of this array from the order of files to the engine's.
    pub fn import(&self, values: &[f32], out: &mut [f32]) {
        self.layout.each(values.len(), |inside, outside| out[inside] = values[outside]);
    }
}

impl MemoryLayout {
    /// Calls `pair` with every index in memory and the corresponding one in files.
    fn each(self, len: usize, mut pair: impl FnMut(usize, usize)) {
        match self {
            MemoryLayout::Same => (0..len).for_each(|index| pair(index, index)),
            MemoryLayout::ChannelsLast { pixels, channels } => {
                for outer in (0..len).step_by((pixels * channels).max(1)) {
                    for pixel in 0..pixels {
                        for channel in 0..channels {
                            pair(outer + pixel * channels + channel, outer + channel * pixels + pixel);
                        }
                    }
                }
            }
        }
    }
}

/// Whether `weights` has exactly one array of the right size for each of the parameters, named
/// `prefix` plus its name.
pub(super) fn check_names<'a>(
    parameters: impl IntoIterator<Item = &'a Parameter>,
    weights: &Weights,
    prefix: &str,
) -> Result<(), EngineError> {
    let mut wanted = 0;
    for parameter in parameters {
        wanted += 1;
        let name = format!("{prefix}{}", parameter.name);
        match weights.0.get(&name) {
            None => return Err(EngineError::Weights(format!("{name} is missing"))),
            Some(array) if array.shape != parameter.shape || array.values.len() != parameter.len() => {
                let (found, wanted) = (&array.shape, &parameter.shape);
                return Err(EngineError::Weights(format!("{name} has shape {found:?}, not {wanted:?}")));
            }
            Some(_) => {}
        }
    }
    let found = weights.0.keys().filter(|name| name.starts_with(prefix)).count();
    if found == wanted {
        Ok(())
    } else {
        Err(EngineError::Weights(format!("{found} arrays for {wanted} parameters")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::kernels::variable::Variable;

    #[test]
    fn kernels_are_stored_in_pytorchs_order() {
        // 2 outputs, a kernel of 1×3 pixels, 2 inputs: [o][x][c] in memory, [o][c][x] in files.
        let node = Variable::zeros(2, 6).expect("twelve numbers");
        let parameter = Parameter {
            place: Place::Encoder(0),
            name: "encoder.0.weight".to_owned(),
            shape: vec![2, 2, 1, 3],
            node,
            role: Role::Weight,
            layout: MemoryLayout::ChannelsLast { pixels: 3, channels: 2 },
        };
        let inside: Vec<f32> = (0..12).map(|i| i as f32).collect();
        let mut file = vec![0.0; 12];
        parameter.export(&inside, &mut file);
        assert_eq!(file, [0.0, 2.0, 4.0, 1.0, 3.0, 5.0, 6.0, 8.0, 10.0, 7.0, 9.0, 11.0]);
        let mut back = vec![0.0; 12];
        parameter.import(&file, &mut back);
        assert_eq!(back, inside);
    }
}
