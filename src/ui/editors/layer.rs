//! The form of a layer.

use egui::Ui;

use crate::project::{Activation, BlockForm, BlockNorm, Layer, Padding, format_percent};
use crate::ui::theme::tokens;
use crate::ui::widgets::button::choices_ui;
use crate::ui::widgets::form::{combo_ui, explain_ui, number_ui, slider_ui, switch_ui};

/// Largest number of units in the field; `check` validates it.
const MOST_UNITS: usize = 1 << 20;

/// Largest side of a kernel in the field.
const MOST_KERNEL: usize = 31;
/// Largest stride, pool size or factor in the field.
const MOST_STRIDE: usize = 8;

/// The form of a layer: its kind, its settings and its formula.
pub fn layer_ui(ui: &mut Ui, layer: &mut Layer) {
    let ring = tokens(ui).accent;
    let kinds: Vec<(Layer, &str)> = Layer::ALL.into_iter().map(|kind| (kind.clone(), kind.name())).collect();
    let same = |a: &Layer, b: &Layer| a.name() == b.name();
    ui.scope(|ui| choices_ui(ui, layer, &kinds, 3, ring, same));
    match layer {
        Layer::Dense { units, activation } => {
            number_ui(ui, ("Units", "Number of outputs."), units, 0..=MOST_UNITS, "");
            activation_ui(ui, activation);
        }
        Layer::Conv2d { channels, kernel, stride, padding, dilation, groups, activation } => {
            window_ui(ui, channels, kernel, stride);
            padding_ui(ui, padding);
            gaps_ui(ui, dilation, groups);
            activation_ui(ui, activation);
        }
        Layer::ConvTranspose2d {
            channels,
            kernel,
            stride,
            padding,
            output_padding,
            dilation,
            groups,
            activation,
        } => {
            window_ui(ui, channels, kernel, stride);
            padding_ui(ui, padding);
            output_padding_ui(ui, output_padding, *stride, *padding);
            gaps_ui(ui, dilation, groups);
            activation_ui(ui, activation);
        }
        Layer::Residual { form, channels, stride, norm, inner, activation } => {
            block_ui(ui, form, channels, stride);
            block_norm_ui(ui, norm);
            inner_ui(ui, inner);
            activation_ui(ui, activation);
        }
        Layer::ResidualTranspose { form, channels, stride, output_padding, norm, inner, activation } => {
            block_ui(ui, form, channels, stride);
            output_padding_ui(ui, output_padding, *stride, Padding::Same);
            block_norm_ui(ui, norm);
            inner_ui(ui, inner);
            activation_ui(ui, activation);
        }
        Layer::MaxPool2d { size } | Layer::AvgPool2d { size } => {
            number_ui(
                ui,
                ("Window", "Side of the blocks that are pooled, in pixels."),
                size,
                1..=MOST_STRIDE,
                "px",
            );
        }
        Layer::Upsample { factor } => {
            let field = ("Factor", "Factor by which width and height grow.");
            number_ui(ui, field, factor, 1..=MOST_STRIDE, "×");
        }
        Layer::CropOrPad { height, width } => {
            number_ui(ui, ("Height", "Output height in pixels."), height, 1..=MOST_UNITS, "px");
            number_ui(ui, ("Width", "Output width in pixels."), width, 1..=MOST_UNITS, "px");
        }
        Layer::BatchNorm { activation } | Layer::LayerNorm { activation } => activation_ui(ui, activation),
        Layer::GroupNorm { groups, activation } => {
            let field = ("Groups", "Number of groups the channels are divided into.");
            number_ui(ui, field, groups, 1..=MOST_UNITS, "");
            activation_ui(ui, activation);
        }
        Layer::Reshape { height, width, channels } => {
            number_ui(ui, ("Height", "Height in pixels."), height, 1..=MOST_UNITS, "px");
            number_ui(ui, ("Width", "Width in pixels."), width, 1..=MOST_UNITS, "px");
            number_ui(ui, ("Channels", "Channels per pixel."), channels, 1..=MOST_UNITS, "");
        }
        Layer::Prelu { shared } => {
            let field = ("Slopes", "One slope per channel, or one slope for all channels.");
            switch_ui(ui, field, shared, "one slope for all channels");
        }
        Layer::Flatten => {}
        Layer::Dropout { rate } => {
            slider_ui(
                ui,
                ("Rate", "Probability that a feature is set to 0 in a training step."),
                rate,
                0.0..=0.95,
                false,
            );
        }
    }
    let (equation, effect) = explanation(layer);
    explain_ui(ui, &equation, &effect);
}

fn window_ui(ui: &mut Ui, channels: &mut usize, kernel: &mut usize, stride: &mut usize) {
    number_ui(ui, ("Channels", "Number of output channels."), channels, 1..=MOST_UNITS, "");
    number_ui(ui, ("Kernel", "Side of the kernel in pixels."), kernel, 1..=MOST_KERNEL, "px");
    number_ui(
        ui,
        ("Stride", "Step between two positions of the kernel in pixels."),
        stride,
        1..=MOST_STRIDE,
        "px",
    );
}

/// Form, channels and stride of a residual block.
fn block_ui(ui: &mut Ui, form: &mut BlockForm, channels: &mut usize, stride: &mut usize) {
    let field = (
        "Convolutions",
        "Basic: two 3×3 convolutions. Bottleneck: 1×1 to a quarter of the channels, 3×3, and 1×1 back.",
    );
    combo_ui(ui, field, form, &BlockForm::ALL, |form| form.name().to_owned());
    number_ui(ui, ("Channels", "Number of output channels."), channels, 1..=MOST_UNITS, "");
    let field = ("Stride", "Factor by which the picture shrinks, or grows if the block is transposed.");
    number_ui(ui, field, stride, 1..=MOST_STRIDE, "px");
}

fn block_norm_ui(ui: &mut Ui, norm: &mut BlockNorm) {
    let groups = if let BlockNorm::Group { groups } = *norm { groups } else { 8 };
    let options = BlockNorm::ALL.map(|kind| match kind {
        BlockNorm::Group { .. } => BlockNorm::Group { groups },
        BlockNorm::Batch | BlockNorm::None => kind,
    });
    combo_ui(ui, ("Norm", "Norm after each convolution."), norm, &options, |norm| norm.name().to_owned());
    if let BlockNorm::Group { groups } = norm {
        let field =
            ("Groups", "Number of groups, or the largest number that divides both it and the channels.");
        number_ui(ui, field, groups, 1..=MOST_UNITS, "");
    }
}

fn inner_ui(ui: &mut Ui, activation: &mut Activation) {
    let field = ("Between", "Activation between the convolutions.");
    combo_ui(ui, field, activation, &Activation::ALL, |activation| activation.name().to_owned());
}

fn gaps_ui(ui: &mut Ui, dilation: &mut usize, groups: &mut usize) {
    let field = (
        "Dilation",
        "Spacing of the kernel's pixels: larger values cover a larger area, and 1 leaves no gaps.",
    );
    number_ui(ui, field, dilation, 1..=MOST_KERNEL, "px");
    let field = (
        "Groups",
        "Groups of channels that are convolved separately. One group per channel is a depthwise convolution.",
    );
    number_ui(ui, field, groups, 1..=MOST_UNITS, "");
}

fn padding_ui(ui: &mut Ui, padding: &mut Padding) {
    let pixels = match *padding {
        Padding::Pixels(pixels) => pixels,
        Padding::Same => 0,
    };
    let options = [Padding::Same, Padding::Pixels(pixels)];
    let field = (
        "Padding",
        "Zeros around the picture: as many as keep its size at stride 1, or a number of your own.",
    );
    combo_ui(ui, field, padding, &options, |padding| match padding {
        Padding::Same => "same".to_owned(),
        Padding::Pixels(_) => "pixels".to_owned(),
    });
    if let Padding::Pixels(pixels) = padding {
        number_ui(ui, ("Pixels", "Number of zeros on every side."), pixels, 0..=MOST_KERNEL, "px");
    }
}

/// The rows and columns added at the end; the useful range depends on stride and padding.
fn output_padding_ui(ui: &mut Ui, extra: &mut Option<(usize, usize)>, stride: usize, padding: Padding) {
    let mut is_own = extra.is_some();
    let field = (
        "Output size",
        "Automatic: with padding “same” the size is multiplied by the stride; with padding in pixels nothing is added. Or choose the number of extra rows and columns.",
    );
    if switch_ui(ui, field, &mut is_own, "set by hand").changed() {
        let filling = if padding == Padding::Same { stride.saturating_sub(1) } else { 0 };
        *extra = is_own.then_some((filling, filling));
    }
    if let Some((rows, columns)) = extra {
        let most = stride.saturating_sub(1);
        number_ui(ui, ("Extra rows", "Rows added at the bottom."), rows, 0..=most, "px");
        number_ui(ui, ("Extra columns", "Columns added at the right."), columns, 0..=most, "px");
    }
}

/// The choice of an activation.
pub fn activation_ui(ui: &mut Ui, activation: &mut Activation) {
    combo_ui(
        ui,
        ("Activation", "Activation after the linear map."),
        activation,
        &Activation::ALL,
        |activation| activation.name().to_owned(),
    );
}

/// `f(a)` of an activation in plain symbols.
pub fn formula(activation: Activation) -> &'static str {
    match activation {
        Activation::Linear => "a",
        Activation::Relu => "max(0, a)",
        Activation::LeakyRelu => "max(0.01 a, a)",
        Activation::Elu => "a if a > 0, else exp(a) − 1",
        Activation::Gelu => "a · Φ(a)",
        Activation::Silu => "a · σ(a)",
        Activation::Sigmoid => "1 / (1 + exp(−a))",
        Activation::Tanh => "tanh a",
        Activation::Softplus => "log(1 + exp(a))",
    }
}

fn explanation(layer: &Layer) -> (String, String) {
    match layer {
        Layer::Dense { activation, .. } => {
            let effect = match activation {
                Activation::Linear => {
                    "A linear map without an activation; several in a row are still one linear map."
                }
                Activation::Relu => {
                    "Fully connected. Each unit responds to one pattern in all inputs and is 0 without it."
                }
                Activation::LeakyRelu => "Like ReLU, but with a small gradient for negative inputs, so units cannot die.",
                Activation::Elu | Activation::Gelu | Activation::Silu | Activation::Softplus => {
                    "A smooth activation: negative inputs still have a gradient, so units do not die."
                }
                Activation::Sigmoid => "Outputs lie between 0 and 1; gradients vanish far from 0.",
                Activation::Tanh => "Outputs lie between −1 and 1; gradients vanish far from 0.",
            };
            (format!("y = f(W x + b),  f(a) = {}", formula(*activation)), effect.to_owned())
        }
        Layer::Conv2d { activation, .. } => (
            format!("y = f(W * x + b),  f(a) = {}", formula(*activation)),
            "Applies the same small kernels at every position of the picture, so it needs few weights.".to_owned(),
        ),
        Layer::ConvTranspose2d { activation, .. } => (
            format!("y = f(transpose(W) * x + b),  f(a) = {}", formula(*activation)),
            "The transpose of a convolution: enlarges the picture by its stride.".to_owned(),
        ),
        Layer::Residual { activation, .. } => (
            format!("y = f(F(x) + x),  f(a) = {}", formula(*activation)),
            "Learns what to add to its input, so that deep networks train well. The shortcut passes the input on unchanged, or through a 1×1 convolution if size or channels change.".to_owned(),
        ),
        Layer::ResidualTranspose { activation, .. } => (
            format!("y = f(F(x) + enlarged x),  f(a) = {}", formula(*activation)),
            "A residual block in reverse: transposed convolutions, and a shortcut that repeats pixels.".to_owned(),
        ),
        Layer::MaxPool2d { .. } => (
            "y = max of each block".to_owned(),
            "Keeps the largest value of each block; its position in the block is lost.".to_owned(),
        ),
        Layer::AvgPool2d { .. } => (
            "y = mean of each block".to_owned(),
            "Shrinks the picture by averaging blocks; fine detail is lost.".to_owned(),
        ),
        Layer::Upsample { .. } => (
            "y[n r + i, n c + j] = x[r, c],  i, j < n".to_owned(),
            "Enlarges the picture by repeating pixels; a convolution after it smooths the blocks.".to_owned(),
        ),
        Layer::CropOrPad { .. } => (
            "y[r, c] = x[min(r, rows − 1), min(c, columns − 1)]".to_owned(),
            "Crops or pads the picture at the bottom and right. Padding repeats the last row and column.".to_owned(),
        ),
        Layer::BatchNorm { activation } => (
            format!("y = f(γ (x − mean) / σ + β),  f(a) = {}", formula(*activation)),
            "Normalises every channel over the minibatch, so that deep networks train faster. After training, running statistics are used.".to_owned(),
        ),
        Layer::LayerNorm { activation } => (
            format!("y = f(γ (x − mean) / σ + β),  f(a) = {}", formula(*activation)),
            "Normalises every sample over its features, independently of the minibatch.".to_owned(),
        ),
        Layer::GroupNorm { activation, .. } => (
            format!("y = f(γ (x − mean) / σ + β),  f(a) = {}", formula(*activation)),
            "Normalises groups of channels of every sample, independently of the minibatch."
                .to_owned(),
        ),
        Layer::Prelu { .. } => (
            "y = x if x > 0, else a x".to_owned(),
            "A ReLU with a learned slope for negative values; slopes start at 0.25.".to_owned(),
        ),
        Layer::Flatten => (
            "y = x as a row".to_owned(),
            "Turns the picture into a row of features, channel by channel.".to_owned(),
        ),
        Layer::Reshape { .. } => (
            "y = x as a picture".to_owned(),
            "Turns a row of features into a picture, channel by channel, so that convolutions can follow.".to_owned(),
        ),
        Layer::Dropout { rate } => (
            "y = m · x / (1 − p),  m = 0 with probability p".to_owned(),
            format!(
                "Sets {} of the features to 0 at random during training, so that the network cannot rely on single ones.",
                format_percent(f64::from(*rate), 0)
            ),
        ),
    }
}
