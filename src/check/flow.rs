//! What one layer does to a shape.

use super::Window;
use super::settings::{MOST_SIDE, setting_problem};
use crate::project::{Layer, Padding, Shape};

/// One layer applied to one shape.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Passage {
    /// Shape of what comes out.
    pub output: Shape,
    /// Trainable parameters: those a tied layer shares, and its own.
    pub weights: u64,
    /// Trainable parameters no other layer shares: biases, scales and shifts.
    pub own: u64,
    /// Multiply-adds of one sample.
    pub macs: u64,
    /// How the kernel moves, where there is one.
    pub window: Option<Window>,
}

/// Applies `layer` to samples of shape `input`.
///
/// # Errors
/// Why it cannot be applied, in a sentence: a setting is impossible, or the layer does not fit what reaches it.
pub(super) fn pass(layer: &Layer, input: Shape) -> Result<Passage, String> {
    if let Some((message, ..)) = setting_problem(layer) {
        return Err(message);
    }
    let features = input.features() as u64;
    match *layer {
        Layer::Dense { units, .. } => Ok(Passage {
            output: Shape::Vector(units),
            weights: features.saturating_mul(units as u64),
            own: units as u64,
            macs: features.saturating_mul(units as u64),
            window: None,
        }),
        Layer::Conv2d { channels, kernel, stride, padding, .. } => {
            let (large, from) = picture(layer, input)?;
            let window = Window::over(large, kernel, stride, padding)
                .ok_or_else(|| format!("A kernel of {kernel}×{kernel} does not fit into {input}."))?;
            Ok(convolution(window, window.small, from, channels))
        }
        Layer::ConvTranspose2d { channels, kernel, stride, padding, output_padding, .. } => {
            let (small, from) = picture(layer, input)?;
            let extra = output_padding.unwrap_or_else(|| filling(padding, stride));
            let window = Window::under(small, kernel, stride, padding, extra)
                .filter(|window| window.large.0 <= MOST_SIDE && window.large.1 <= MOST_SIDE)
                .ok_or_else(|| {
                    format!("With this kernel, stride and padding nothing sensible comes out of {input}.")
                })?;
            Ok(convolution(window, window.large, from, channels))
        }
        Layer::MaxPool2d { size } | Layer::AvgPool2d { size } => {
            let (large, channels) = picture(layer, input)?;
            let window = Window::over(large, size, size, Padding::Pixels(0))
                .ok_or_else(|| format!("Windows of {size}×{size} do not fit into {input}."))?;
            let (height, width) = window.small;
            Ok(Passage { window: Some(window), ..weightless(Shape::Image { height, width, channels }) })
        }
        Layer::Upsample { factor } => {
            let ((height, width), channels) = picture(layer, input)?;
            let (height, width) = (height.saturating_mul(factor), width.saturating_mul(factor));
            if height > MOST_SIDE || width > MOST_SIDE {
                return Err(format!("Enlarged {factor} times, {input} would be beyond all bounds."));
            }
            Ok(weightless(Shape::Image { height, width, channels }))
        }
        Layer::BatchNorm { .. } => {
            let per = match input {
                Shape::Vector(features) => features,
                Shape::Image { channels, .. } => channels,
            };
            Ok(Passage { own: (per as u64).saturating_mul(2), ..weightless(input) })
        }
        Layer::LayerNorm { .. } => Ok(Passage { own: features.saturating_mul(2), ..weightless(input) }),
        Layer::Flatten => Ok(weightless(Shape::Vector(input.features()))),
        Layer::Reshape { height, width, channels } => {
            let output = Shape::Image { height, width, channels };
            if output.features() == input.features() {
                Ok(weightless(output))
            } else {
                Err(format!(
                    "{} features cannot be read as {height} rows of {width} pixels with {channels} channels, which are {}.",
                    input.features(),
                    output.features()
                ))
            }
        }
        Layer::Dropout { .. } => Ok(weightless(input)),
    }
}

/// What comes out of a layer whatever goes in, where that is so.
pub(super) fn output_of_any(layer: &Layer) -> Option<Shape> {
    match *layer {
        Layer::Dense { units, .. } => (units > 0).then_some(Shape::Vector(units)),
        Layer::Reshape { height, width, channels } => {
            let shape = Shape::Image { height, width, channels };
            (shape.features() > 0).then_some(shape)
        }
        Layer::Conv2d { .. }
        | Layer::ConvTranspose2d { .. }
        | Layer::MaxPool2d { .. }
        | Layer::AvgPool2d { .. }
        | Layer::Upsample { .. }
        | Layer::BatchNorm { .. }
        | Layer::LayerNorm { .. }
        | Layer::Flatten
        | Layer::Dropout { .. } => None,
    }
}

/// The output padding that makes a transposed convolution multiply the size by its stride.
fn filling(padding: Padding, stride: usize) -> (usize, usize) {
    match padding {
        Padding::Same => (stride - 1, stride - 1),
        Padding::Pixels(_) => (0, 0),
    }
}

fn convolution(window: Window, (height, width): (usize, usize), from: usize, channels: usize) -> Passage {
    let product = |factors: &[usize]| factors.iter().fold(1_u64, |all, &one| all.saturating_mul(one as u64));
    let weights = product(&[window.kernel, window.kernel, from, channels]);
    Passage {
        output: Shape::Image { height, width, channels },
        weights,
        own: channels as u64,
        macs: weights.saturating_mul(product(&[window.small.0, window.small.1])),
        window: Some(window),
    }
}

fn weightless(output: Shape) -> Passage {
    Passage { output, weights: 0, own: 0, macs: 0, window: None }
}

/// Height and width, and channels, of what must be a picture.
fn picture(layer: &Layer, input: Shape) -> Result<((usize, usize), usize), String> {
    match input {
        Shape::Image { height, width, channels } => Ok(((height, width), channels)),
        Shape::Vector(features) => Err(format!(
            "{} needs a picture, and what arrives is a row of {features} features: put a Reshape before it.",
            layer.name()
        )),
    }
}
