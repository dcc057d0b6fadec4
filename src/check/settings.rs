//! What is wrong with the sizes a layer is set to, whatever reaches it.

use crate::project::{Layer, Padding};

/// Largest side, kernel or number of channels that is taken seriously.
pub(super) const MOST_SIDE: usize = 1 << 20;
/// Largest sample that is taken seriously.
pub(super) const MOST_FEATURES: usize = 1 << 24;

/// A setting that is impossible by itself: the message, what mends it, and the layer mended.
pub(super) type SettingProblem = (String, &'static str, Layer);

/// The first setting of a layer of pictures that is impossible by itself.
pub(super) fn setting_problem(layer: &Layer) -> Option<SettingProblem> {
    size_problem(layer).or_else(|| padding_problem(layer)).or_else(|| picture_problem(layer))
}

/// A size, the layer's name of it, what is usual, and how that is proposed.
type Size<'a> = (&'static str, &'a mut usize, usize, &'static str);

fn sizes(layer: &mut Layer) -> Vec<Size<'_>> {
    match layer {
        Layer::Conv2d { channels, kernel, stride, .. }
        | Layer::ConvTranspose2d { channels, kernel, stride, .. } => vec![
            ("number of channels", channels, 16, "Use 16 channels"),
            ("kernel", kernel, 3, "Use a kernel of 3"),
            ("stride", stride, 1, "Use a stride of 1"),
        ],
        Layer::MaxPool2d { size } | Layer::AvgPool2d { size } => vec![("size", size, 2, "Use a size of 2")],
        Layer::Upsample { factor } => vec![("factor", factor, 2, "Use a factor of 2")],
        Layer::Reshape { height, width, channels } => vec![
            ("height", height, 8, "Use a height of 8"),
            ("width", width, 8, "Use a width of 8"),
            ("number of channels", channels, 1, "Use 1 channel"),
        ],
        Layer::Dense { .. }
        | Layer::BatchNorm { .. }
        | Layer::LayerNorm { .. }
        | Layer::Flatten
        | Layer::Dropout { .. } => Vec::new(),
    }
}

fn size_problem(layer: &Layer) -> Option<SettingProblem> {
    let mut mended = layer.clone();
    // A picture's sides are bounded together, as its features are.
    let most = if matches!(layer, Layer::Reshape { .. }) { MOST_FEATURES } else { MOST_SIDE };
    let (message, label) = sizes(&mut mended)
        .into_iter()
        .find(|(_, size, ..)| !(1..=most).contains(&**size))
        .map(|(name, size, usual, label)| {
            let message =
                format!("{}: the {name} is {size}, and must lie between 1 and {most}.", layer.name());
            *size = usual;
            (message, label)
        })?;
    Some((message, label, mended))
}

fn padding_problem(layer: &Layer) -> Option<SettingProblem> {
    let mut mended = layer.clone();
    let (Layer::Conv2d { padding, .. } | Layer::ConvTranspose2d { padding, .. }) = &mut mended else {
        return None;
    };
    if let Padding::Pixels(pixels @ MOST_SIDE..) = *padding {
        *padding = Padding::Same;
        let message =
            format!("{}: the padding is {pixels} pixels, and must be below {MOST_SIDE}.", layer.name());
        return Some((message, "Keep the size", mended));
    }
    let Layer::ConvTranspose2d { stride, output_padding, .. } = &mut mended else { return None };
    let (rows, columns) = output_padding.filter(|(rows, columns)| rows.max(columns) >= stride)?;
    let message = format!(
        "{}: {rows} extra rows and {columns} extra columns are added, and both must be below the stride, which is {stride}.",
        layer.name()
    );
    *output_padding = None;
    Some((message, "Choose the output size automatically", mended))
}

fn picture_problem(layer: &Layer) -> Option<SettingProblem> {
    let Layer::Reshape { height, width, channels } = *layer else { return None };
    let features = height.saturating_mul(width).saturating_mul(channels);
    (features > MOST_FEATURES).then(|| {
        let message = format!(
            "Reshape: {height} rows of {width} pixels with {channels} channels are more than the {MOST_FEATURES} features a sample may have."
        );
        (message, "Use 8×8 pixels", Layer::Reshape { height: 8, width: 8, channels: 1 })
    })
}
