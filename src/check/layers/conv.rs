//! Convolutions and their transposes.

use super::family::{
    AppliedLayer, Before, Family, MOST_SIDE, SettingProblem, Undone, picture, refuse, size_problem,
};
use crate::check::route::{MapKind, MapSizes, StoredMap};
use crate::check::stage::{Cost, StageKind};
use crate::check::{Window, sizes};
use crate::project::{Activation, Layer, Padding, Shape};

/// [`Layer::Conv2d`] or [`Layer::ConvTranspose2d`]
#[derive(Clone, Copy)]
pub(super) struct Conv {
    pub channels: usize,
    pub kernel: usize,
    pub stride: usize,
    pub padding: Padding,
    pub dilation: usize,
    pub groups: usize,
    pub activation: Activation,
    pub direction: Direction,
}

/// From the large picture to the small one, or the reverse.
#[derive(Clone, Copy)]
pub(super) enum Direction {
    /// A convolution.
    Down,
    /// The transpose of a convolution.
    Up {
        /// As in [`Layer::ConvTranspose2d`].
        output_padding: Option<(usize, usize)>,
    },
}

impl Family for Conv {
    fn setting_problem(&self) -> Option<SettingProblem> {
        let name = self.name();
        let problem = |size, value, label, fixed: Conv| {
            size_problem((name, size), value, MOST_SIDE, label, || fixed.layer())
        };
        problem("number of channels", self.channels, "Use 16 channels", Conv { channels: 16, ..*self })
            .or_else(|| problem("kernel", self.kernel, "Use a kernel of 3", Conv { kernel: 3, ..*self }))
            .or_else(|| problem("stride", self.stride, "Use a stride of 1", Conv { stride: 1, ..*self }))
            .or_else(|| {
                problem("dilation", self.dilation, "Use a dilation of 1", Conv { dilation: 1, ..*self })
            })
            .or_else(|| problem("number of groups", self.groups, "Use 1 group", Conv { groups: 1, ..*self }))
            .or_else(|| self.groups_problem())
            .or_else(|| self.padding_problem())
            .or_else(|| self.output_padding_problem())
    }

    fn apply(&self, input: Shape) -> Result<AppliedLayer, String> {
        refuse(self.setting_problem())?;
        let Conv { channels, kernel, stride, padding, dilation, groups, activation, .. } = *self;
        let (sides, from) = picture(self.name(), input)?;
        if !from.is_multiple_of(groups) {
            return Err(format!("{}: {from} channels are not divisible into {groups} groups.", self.name()));
        }
        let (kind, window, (height, width)) = match self.direction {
            Direction::Down => {
                let window =
                    Window::over_dilated(sides, (kernel, dilation), stride, padding).ok_or_else(|| {
                        let gaps = if dilation > 1 {
                            format!(" with a dilation of {dilation}")
                        } else {
                            String::new()
                        };
                        format!("A kernel of {kernel}×{kernel}{gaps} does not fit into {input}.")
                    })?;
                (StageKind::Conv { window, groups, has_bias: true, activation }, window, window.small)
            }
            Direction::Up { output_padding } => {
                let extra = output_padding.unwrap_or_else(|| filling(padding, stride));
                let window = Window::under_dilated(sides, (kernel, dilation), stride, padding, extra)
                    .filter(|window| window.large.0 <= MOST_SIDE && window.large.1 <= MOST_SIDE)
                    .ok_or_else(|| {
                        format!("This kernel, stride and padding are not possible for an input of {input}.")
                    })?;
                (
                    StageKind::ConvTranspose { window, groups, has_bias: true, activation },
                    window,
                    window.large,
                )
            }
        };
        let weights = product(&[kernel, kernel, from / groups, channels]) as u64;
        let macs = weights.saturating_mul(product(&[window.small.0, window.small.1]) as u64);
        Ok(AppliedLayer {
            output: Shape::Image { height, width, channels },
            kind: Some(kind),
            takes_rows: false,
            cost: Cost { weights, own: channels as u64, macs },
        })
    }

    fn fitted(&self, input: Shape) -> Option<(String, Layer)> {
        if input.channels().is_multiple_of(self.groups.max(1)) {
            return None;
        }
        let divides = |groups: &usize| {
            input.channels().is_multiple_of(*groups) && self.channels.is_multiple_of(*groups)
        };
        let groups = (1..=self.groups.min(input.channels())).rev().find(divides)?;
        let label = if groups == 1 { "Use 1 group".to_owned() } else { format!("Use {groups} groups") };
        Some((label, Conv { groups, ..*self }.layer()))
    }

    fn undo(&self, before: Before) -> Undone {
        let window = before.applied.and_then(|applied| {
            if let Some(StageKind::Conv { window, .. } | StageKind::ConvTranspose { window, .. }) =
                applied.kind
            {
                Some(window)
            } else {
                None
            }
        });
        let direction = match self.direction {
            Direction::Down => {
                Direction::Up { output_padding: window.map(|window| window.output_padding(self.padding)) }
            }
            Direction::Up { .. } => Direction::Down,
        };
        let undone =
            Conv { channels: before.channels(), activation: before.activation(), direction, ..*self };
        Undone::by(undone.layer(), window.is_some())
    }

    fn has_weights(&self) -> bool {
        true
    }

    fn needs_picture(&self) -> bool {
        true
    }
}

impl Conv {
    fn layer(self) -> Layer {
        let Conv { channels, kernel, stride, padding, dilation, groups, activation, direction } = self;
        match direction {
            Direction::Down => {
                Layer::Conv2d { channels, kernel, stride, padding, dilation, groups, activation }
            }
            Direction::Up { output_padding } => Layer::ConvTranspose2d {
                channels,
                kernel,
                stride,
                padding,
                output_padding,
                dilation,
                groups,
                activation,
            },
        }
    }

    fn name(self) -> &'static str {
        self.layer().name()
    }

    fn groups_problem(self) -> Option<SettingProblem> {
        let Conv { channels, groups, .. } = self;
        (!channels.is_multiple_of(groups)).then(|| SettingProblem {
            message: format!(
                "{}: {channels} output channels are not divisible into {groups} groups.",
                self.name()
            ),
            label: "Use 1 group",
            fixed: Conv { groups: 1, ..self }.layer(),
        })
    }

    fn padding_problem(self) -> Option<SettingProblem> {
        let Padding::Pixels(pixels @ MOST_SIDE..) = self.padding else { return None };
        Some(SettingProblem {
            message: format!(
                "{}: the padding is {pixels} pixels, and must be below {MOST_SIDE}.",
                self.name()
            ),
            label: "Keep the size",
            fixed: Conv { padding: Padding::Same, ..self }.layer(),
        })
    }

    fn output_padding_problem(self) -> Option<SettingProblem> {
        let (Direction::Up { output_padding: Some((rows, columns)) }, stride) = (self.direction, self.stride)
        else {
            return None;
        };
        (rows.max(columns) >= stride).then(|| SettingProblem {
            message: format!(
                "{}: {rows} extra rows and {columns} extra columns are added, and both must be below the stride, which is {stride}.",
                self.name()
            ),
            label: "Choose the output size automatically",
            fixed: Conv { direction: Direction::Up { output_padding: None }, ..self }.layer(),
        })
    }
}

/// The output padding that makes a transposed convolution multiply the size by its stride.
fn filling(padding: Padding, stride: usize) -> (usize, usize) {
    match padding {
        Padding::Same => (stride - 1, stride - 1),
        Padding::Pixels(_) => (0, 0),
    }
}

/// Memory of a convolution, or of its transpose, between pictures of `large` and `small` channels
/// besides parameters and output, in bytes: patches and gradients of weight and bias (as `f64`) of
/// each shard, and the repeated bias of `outputs` channels.
pub(super) fn scratch_bytes(
    window: Window,
    groups: usize,
    large: usize,
    small: usize,
    outputs: usize,
) -> u64 {
    if groups > 1 || window.dilation > 1 {
        return grouped_scratch_bytes(window, groups, (large, small), outputs);
    }
    let side = window.kernel;
    if let Some(direct) = sizes::DirectSizes::of(window, large, small) {
        let shards = sizes::convolution_shards(product(&[side, side, large, small]));
        let bias = sizes::tile_len(outputs);
        let sums = direct.sums.saturating_add(bias.saturating_mul(2)).saturating_mul(shards);
        let scratch = direct.scratch.saturating_mul(sizes::CONVOLUTION_SHARDS);
        let all = [scratch, sums, bias, direct.panels, direct.places.saturating_mul(2)];
        return (all.iter().fold(0, |sum: usize, one| sum.saturating_add(*one)) as u64).saturating_mul(4);
    }
    let band = product(&[window.small.1, side, side, large]);
    let weights = product(&[side, side, large, small]);
    let patches = sizes::patch_values(band).saturating_mul(sizes::CONVOLUTION_SHARDS);
    let bias = sizes::tile_len(outputs);
    let partial = weights.saturating_add(bias.saturating_mul(2));
    let sums = partial.saturating_mul(sizes::convolution_shards(weights));
    (patches.saturating_add(sums).saturating_add(bias) as u64).saturating_mul(4)
}

/// [`scratch_bytes`] with groups of channels or a dilated kernel: patches and pixels of a group in
/// each shard, the weight, the repeated bias, and each shard's gradients of both.
fn grouped_scratch_bytes(
    window: Window,
    groups: usize,
    (large, small): (usize, usize),
    outputs: usize,
) -> u64 {
    let (inner, outer) = (large / groups.max(1), small / groups.max(1));
    let patch = product(&[window.kernel, window.kernel, inner]);
    let pixel = patch.saturating_add(outer);
    let weights = product(&[patch, small]);
    let band = product(&[sizes::grouped_band(window.small, pixel), window.small.1, pixel]);
    let scratch = if inner == 1 && outer == 1 { 0 } else { band };
    let bias = sizes::tile_len(outputs);
    let shard = scratch.saturating_add(weights).saturating_add(bias.saturating_mul(2));
    let all = shard.saturating_mul(sizes::convolution_shards(weights));
    (all.saturating_add(weights).saturating_add(bias) as u64).saturating_mul(4)
}

/// A convolution or its transpose as a map between pictures, which uses the memory of the stage.
pub(super) fn linear_map(window: Window, groups: usize, input: Shape, output: Shape) -> StoredMap {
    let sides = [window.kernel, window.kernel, window.small.0, window.small.1];
    let multiply_adds =
        product(&sides).saturating_mul(input.channels() / groups.max(1)).saturating_mul(output.channels());
    let (inputs, outputs) = (input.features(), output.features());
    let map = MapSizes { kind: MapKind::Other, inputs, outputs, multiply_adds };
    StoredMap { map, bytes: 0, bytes_per_row: 0 }
}

fn product(factors: &[usize]) -> usize {
    factors.iter().fold(1, |all, &one| all.saturating_mul(one))
}
