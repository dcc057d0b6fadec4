//! Initial weights: `PyTorch`'s defaults, from our own random numbers.

use crate::dataset::random::{Purpose, Stream};

/// Fills a parameter of a layer with `inputs` inputs (fan-in): uniform in ±1/√inputs, weights and biases alike
/// (`torch.nn.Linear` and `torch.nn.Conv2d`: Kaiming-uniform with a = √5 comes to the same bound).
///
/// `parameter` numbers the parameters of the network, so that each has random numbers of its own; so has each `attempt`.
pub fn fill_uniform(values: &mut [f32], inputs: usize, seed: u64, parameter: u64, attempt: u32) {
    let bound = 1.0 / (inputs.max(1) as f32).sqrt();
    let stream = Stream::new(seed, Purpose::Initialisation, parameter, u64::from(attempt));
    for (position, value) in values.iter_mut().enumerate() {
        *value = bound * (2.0 * stream.uniform(position as u64) - 1.0);
    }
}
