//! How much memory training takes beside the data. The engine allocates what is counted here; its tests compare.

use super::{Place, Plan, Stage, StageKind, Window};
use crate::project::{Activation, Optimizer};

/// Bytes of an `f32`, of an index.
const VALUE: u64 = 4;
/// Values of the patches a thread of a convolution works on, at least, and how many such scratches there are.
const SCRATCH: (u64, u64) = (1 << 16, 16);
/// Values of all shards' weight gradients of a convolution together, and how few and many shards there are.
const PARTIAL: (u64, u64, u64) = (1 << 20, 4, 16);
/// Shards of a batch norm, at most.
const SHARDS: u64 = 64;
/// Values per channel are repeated until there are so many.
const TILE: u64 = 64;

impl Plan {
    /// Memory training will take beside the data: parameters with gradients, optimizer state and copies, the activations
    /// of a minibatch with their gradients, and what operations need beside; in bytes.
    pub fn training_bytes(&self) -> u64 {
        let rows = self.held_rows();
        let input = (self.shape().features() as u64).saturating_mul(2 * 2 * VALUE).saturating_mul(rows);
        self.stages().fold(input, |sum, stage| sum.saturating_add(self.stage_bytes(stage)))
    }

    /// The card that takes most of that memory.
    pub(super) fn heaviest(&self) -> Place {
        self.stages().max_by_key(|stage| self.stage_bytes(stage)).map_or(Place::Data, |stage| stage.place)
    }

    /// Rows the engine's buffers hold.
    fn held_rows(&self) -> u64 {
        self.batch_rows().max(self.inference_rows()) as u64
    }

    /// What one stage takes of it.
    fn stage_bytes(&self, stage: &Stage) -> u64 {
        let moments = match self.design().training.optimizer {
            Optimizer::Sgd { momentum, .. } => u64::from(momentum != 0.0),
            Optimizer::RmsProp { .. } => 1,
            Optimizer::Adam { .. } | Optimizer::AdamW { .. } => 2,
        };
        // Weights, gradients, moments; a copy of weights and moments for the last sound state and for the checkpoint being
        // written, and of the weights for the best epoch.
        let per_parameter = VALUE * (2 + moments + 2 * (1 + moments) + 1);
        let is_decoder = matches!(stage.place, Place::Decoder(_) | Place::Output);
        let rows = self.held_rows().saturating_mul(if is_decoder { self.samples() as u64 } else { 1 });
        let outputs = (stage.outputs() as u64).saturating_mul(2 * VALUE).saturating_mul(rows);
        let parameters = stage.parameters().saturating_mul(per_parameter);
        parameters.saturating_add(outputs).saturating_add(stage.scratch_bytes(rows))
    }
}

impl Stage {
    /// Memory its operation takes in training beside its parameters and its output, with buffers for `rows` rows; in
    /// bytes.
    pub fn scratch_bytes(&self, rows: u64) -> u64 {
        let per_output = (self.outputs() as u64).saturating_mul(rows).saturating_mul(VALUE);
        // The derivative of these is one of the sums and not of the outputs, so the sums are kept.
        let sums = |activation: &Activation| match activation {
            Activation::Gelu | Activation::Silu => per_output,
            Activation::Linear
            | Activation::Relu
            | Activation::LeakyRelu
            | Activation::Elu
            | Activation::Sigmoid
            | Activation::Tanh
            | Activation::Softplus => 0,
        };
        match &self.kind {
            StageKind::Dense { activation, .. } => sums(activation),
            StageKind::Conv { window, activation, .. } => {
                sums(activation).saturating_add(self.convolution_bytes(*window, self.input.channels()))
            }
            StageKind::ConvTranspose { window, activation, .. } => {
                sums(activation).saturating_add(self.convolution_bytes(*window, self.output.channels()))
            }
            // Which value was the largest.
            StageKind::MaxPool { .. } => per_output,
            StageKind::BatchNorm { activation } => sums(activation).saturating_add(self.norm_bytes(rows)),
            // Mean and deviation of every row.
            StageKind::LayerNorm { activation } => {
                sums(activation).saturating_add(rows.saturating_mul(2 * VALUE))
            }
            StageKind::AvgPool { .. }
            | StageKind::Upsample { .. }
            | StageKind::ChannelsFirst
            | StageKind::ChannelsLast
            | StageKind::Activation(_)
            | StageKind::Dropout { .. } => 0,
        }
    }

    /// Patches of the large picture, of so many channels, each shard's gradients of weight and bias, and the bias repeated.
    fn convolution_bytes(&self, window: Window, channels: usize) -> u64 {
        let product =
            |sizes: &[usize]| sizes.iter().fold(1_u64, |all, &size| all.saturating_mul(size as u64));
        let band = product(&[window.small.1, window.kernel, window.kernel, channels]);
        let patches = band.max(SCRATCH.0).saturating_mul(SCRATCH.1 * VALUE);
        let sides = [window.kernel, window.kernel, self.input.channels(), self.output.channels()];
        let weights = product(&sides);
        let (most, fewest_shards, most_shards) = PARTIAL;
        let shards = (most / weights.max(1)).clamp(fewest_shards, most_shards);
        let partial = weights.saturating_mul(VALUE).saturating_add(2 * VALUE * tile(self.output.channels()));
        let bias = VALUE.saturating_mul(tile(self.output.channels()));
        patches.saturating_add(partial.saturating_mul(shards)).saturating_add(bias)
    }

    /// Two sums for each channel of every shard, statistics, and values repeated over a tile.
    fn norm_bytes(&self, rows: u64) -> u64 {
        let channels = self.input.channels() as u64;
        let pixels = (self.inputs() as u64 / channels.max(1)).saturating_mul(rows);
        let tile = tile(self.input.channels());
        let partial = tile.saturating_mul(2 * 2 * VALUE).saturating_mul(SHARDS.min(pixels));
        partial
            .saturating_add(tile.saturating_mul(4 * VALUE))
            .saturating_add(channels.saturating_mul(2 * VALUE))
    }
}

/// Values of the shortest run of whole pixels that is worth a vector.
fn tile(channels: usize) -> u64 {
    let channels = channels as u64;
    channels.saturating_mul(TILE.div_ceil(channels.max(1)))
}
