//! The form of a layer.

use egui::Ui;

use crate::project::{Activation, BlockForm, BlockNorm, Layer, Padding, format_percent};
use crate::ui::theme::tokens;
use crate::ui::widgets::button::choices_ui;
use crate::ui::widgets::form::{combo_ui, explain_ui, number_ui, slider_ui, switch_ui};

/// Largest number of units the field offers; `check` judges it.
const MOST_UNITS: usize = 1 << 20;

/// Largest side of a kernel the field offers.
const MOST_KERNEL: usize = 31;
/// Largest stride, pool or factor the field offers.
const MOST_STRIDE: usize = 8;

/// The form of a layer: its kind, its settings, and what it computes.
pub fn layer_ui(ui: &mut Ui, layer: &mut Layer) {
    let ring = tokens(ui).accent;
    let kinds: Vec<(Layer, &str)> = Layer::ALL.into_iter().map(|kind| (kind.clone(), kind.name())).collect();
    let same = |a: &Layer, b: &Layer| a.name() == b.name();
    ui.scope(|ui| choices_ui(ui, layer, &kinds, 3, ring, same));
    match layer {
        Layer::Dense { units, activation } => {
            number_ui(ui, ("Units", "Numbers the layer puts out."), units, 0..=MOST_UNITS, "");
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
                ("Window", "Side of a block of pixels that becomes one."),
                size,
                1..=MOST_STRIDE,
                "px",
            );
        }
        Layer::Upsample { factor } => {
            let field = ("Factor", "How often each pixel is repeated in each direction.");
            number_ui(ui, field, factor, 1..=MOST_STRIDE, "×");
        }
        Layer::CropOrPad { height, width } => {
            number_ui(ui, ("Height", "Rows of pixels after it."), height, 1..=MOST_UNITS, "px");
            number_ui(ui, ("Width", "Columns of pixels after it."), width, 1..=MOST_UNITS, "px");
        }
        Layer::BatchNorm { activation } | Layer::LayerNorm { activation } => activation_ui(ui, activation),
        Layer::GroupNorm { groups, activation } => {
            let field = ("Groups", "Number of groups the channels are divided into.");
            number_ui(ui, field, groups, 1..=MOST_UNITS, "");
            activation_ui(ui, activation);
        }
        Layer::Reshape { height, width, channels } => {
            number_ui(ui, ("Height", "Rows of pixels."), height, 1..=MOST_UNITS, "px");
            number_ui(ui, ("Width", "Columns of pixels."), width, 1..=MOST_UNITS, "px");
            number_ui(ui, ("Channels", "Numbers per pixel."), channels, 1..=MOST_UNITS, "");
        }
        Layer::Prelu { shared } => {
            let field = ("Slopes", "One slope per channel, or one slope for all channels.");
            switch_ui(ui, field, shared, "One slope for all channels");
        }
        Layer::Flatten => {}
        Layer::Dropout { rate } => {
            slider_ui(
                ui,
                ("Rate", "Probability that a feature is silenced in a step of training."),
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
    number_ui(
        ui,
        ("Channels", "Patterns it looks for: numbers per pixel it puts out."),
        channels,
        1..=MOST_UNITS,
        "",
    );
    number_ui(ui, ("Kernel", "Side of the square it looks at."), kernel, 1..=MOST_KERNEL, "px");
    number_ui(ui, ("Stride", "Pixels between two places it looks at."), stride, 1..=MOST_STRIDE, "px");
}

/// Form, channels and stride of a residual block.
fn block_ui(ui: &mut Ui, form: &mut BlockForm, channels: &mut usize, stride: &mut usize) {
    let field =
        ("Convolutions", "Two of 3×3 pixels, or 1×1 to a quarter of the channels, 3×3, and 1×1 back.");
    combo_ui(ui, field, form, &BlockForm::ALL, |form| form.name().to_owned());
    number_ui(ui, ("Channels", "Number of output channels."), channels, 1..=MOST_UNITS, "");
    let field = ("Stride", "Factor by which the block shrinks the picture, or enlarges it if transposed.");
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
    let field =
        ("Padding", "Zeros around the picture: as many as keep every place, or a number of your own.");
    combo_ui(ui, field, padding, &options, |padding| match padding {
        Padding::Same => "same".to_owned(),
        Padding::Pixels(_) => "pixels".to_owned(),
    });
    if let Padding::Pixels(pixels) = padding {
        number_ui(ui, ("Pixels", "Zeros on every side."), pixels, 0..=MOST_KERNEL, "px");
    }
}

/// The rows and columns added at the end; how many are sensible depends on stride and padding.
fn output_padding_ui(ui: &mut Ui, extra: &mut Option<(usize, usize)>, stride: usize, padding: Padding) {
    let mut is_own = extra.is_some();
    let field = (
        "Output size",
        "Automatic multiplies the size by the stride where padding is same, and adds nothing where it is in pixels; by hand, rows and columns are added one by one.",
    );
    if switch_ui(ui, field, &mut is_own, "Set by hand").changed() {
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
        ("Activation", "The bend behind the linear map."),
        activation,
        &Activation::ALL,
        |activation| activation.name().to_owned(),
    );
}

/// `f(a)` of an activation, in plain symbols.
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
                    "A linear map: without a bend it can only turn, stretch and drop directions."
                }
                Activation::Relu => {
                    "Every unit looks for one pattern in all inputs and stays silent where it is absent."
                }
                Activation::LeakyRelu => "As ReLU, but silent units still learn a little.",
                Activation::Elu | Activation::Gelu | Activation::Silu | Activation::Softplus => {
                    "Bends smoothly: gradients reach units that ReLU would leave dead."
                }
                Activation::Sigmoid => "Puts out a number between 0 and 1; gradients vanish far from 0.",
                Activation::Tanh => "Puts out a number between −1 and 1; gradients vanish far from 0.",
            };
            (format!("y = f(W x + b),  f(a) = {}", formula(*activation)), effect.to_owned())
        }
        Layer::Conv2d { activation, .. } => (
            format!("y = f(W * x + b),  f(a) = {}", formula(*activation)),
            "Looks for the same small patterns everywhere in the picture, so that it learns from few pixels what holds for all.".to_owned(),
        ),
        Layer::ConvTranspose2d { activation, .. } => (
            format!("y = f(transpose(W) * x + b),  f(a) = {}", formula(*activation)),
            "Paints its patterns around every pixel: a convolution run backwards, which enlarges by its stride.".to_owned(),
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
            "Keeps the strongest answer of each block and forgets where in it that was.".to_owned(),
        ),
        Layer::AvgPool2d { .. } => (
            "y = mean of each block".to_owned(),
            "Makes the picture smaller without choosing: fine detail is averaged away.".to_owned(),
        ),
        Layer::Upsample { .. } => (
            "y[n r + i, n c + j] = x[r, c],  i, j < n".to_owned(),
            "Makes the picture larger by repeating pixels; a convolution behind it smooths the blocks.".to_owned(),
        ),
        Layer::CropOrPad { .. } => (
            "y[r, c] = x[min(r, rows − 1), min(c, columns − 1)]".to_owned(),
            "Crops or pads the picture at the bottom and right. Padding repeats the last row and column.".to_owned(),
        ),
        Layer::BatchNorm { activation } => (
            format!("y = f(γ (x − mean) / σ + β),  f(a) = {}", formula(*activation)),
            "Brings every channel to one scale over the minibatch, so that deep stacks train faster; afterwards running means are used.".to_owned(),
        ),
        Layer::LayerNorm { activation } => (
            format!("y = f(γ (x − mean) / σ + β),  f(a) = {}", formula(*activation)),
            "Brings every sample to one scale over its features, whatever else is in the minibatch.".to_owned(),
        ),
        Layer::GroupNorm { activation, .. } => (
            format!("y = f(γ (x − mean) / σ + β),  f(a) = {}", formula(*activation)),
            "Brings every group of channels of a sample to one scale, whatever the size of the minibatch."
                .to_owned(),
        ),
        Layer::Prelu { .. } => (
            "y = x if x > 0, else a x".to_owned(),
            "A ReLU with a learned slope for negative values; slopes start at 0.25.".to_owned(),
        ),
        Layer::Flatten => (
            "y = x as a row".to_owned(),
            "Forgets which pixels are neighbours: what follows sees a row of features, channel by channel.".to_owned(),
        ),
        Layer::Reshape { .. } => (
            "y = x as a picture".to_owned(),
            "Reads a row of features as pixels, channel by channel, so that convolutions can follow.".to_owned(),
        ),
        Layer::Dropout { rate } => (
            "y = m · x / (1 − p),  m = 0 with probability p".to_owned(),
            format!(
                "Silences {} of the features at random while training, so that none can be relied on alone.",
                format_percent(f64::from(*rate), 0)
            ),
        ),
    }
}
