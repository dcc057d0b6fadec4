//! The commands that add layers, one per kind of [`Layer`].

use egui::KeyboardShortcut;

use super::record::{Menu, Record};
use crate::project::Layer;
use crate::ui::keys::keys;
use crate::ui::state::State;

/// One command per kind; it adds a layer with default settings.
pub(super) fn records() -> impl Iterator<Item = (Layer, Record)> {
    Layer::ALL.into_iter().map(|layer| {
        let (title, tooltip, keys) = words(&layer);
        let added = layer.clone();
        let effect = move |state: &mut State| state.add(added.clone());
        (layer, Menu::Edit.item(2, title, keys, effect).about(tooltip))
    })
}

/// Title, tooltip and keys of the command that adds a layer of this kind.
fn words(layer: &Layer) -> (&'static str, &'static str, &'static [KeyboardShortcut]) {
    match layer {
        Layer::Dense { .. } => {
            ("Add dense layer", "Add a fully connected layer after the selected card.", keys![CTRL, E])
        }
        Layer::Conv2d { .. } => (
            "Add convolution",
            "Add a convolution of pictures after the selected card.",
            keys![CTRL_SHIFT, C],
        ),
        Layer::ConvTranspose2d { .. } => (
            "Add transposed convolution",
            "Add a convolution that enlarges pictures after the selected card.",
            keys![CTRL_ALT, V],
        ),
        Layer::Residual { .. } => (
            "Add residual block",
            "Add convolutions with a shortcut after the selected card.",
            keys![CTRL_SHIFT, B],
        ),
        Layer::ResidualTranspose { .. } => (
            "Add transposed residual block",
            "Add a residual block that enlarges pictures after the selected card.",
            keys![CTRL_SHIFT, N],
        ),
        Layer::MaxPool2d { .. } => (
            "Add max pooling",
            "Add a layer that keeps the largest of each block of pixels after the selected card.",
            keys![CTRL_ALT, M],
        ),
        Layer::AvgPool2d { .. } => (
            "Add average pooling",
            "Add a layer that averages blocks of pixels after the selected card.",
            keys![CTRL_ALT, A],
        ),
        Layer::Upsample { .. } => {
            ("Add upsampling", "Add a layer that repeats pixels after the selected card.", keys![CTRL_ALT, U])
        }
        Layer::CropOrPad { .. } => (
            "Add crop or pad",
            "Add a layer that crops or pads pictures to a size after the selected card.",
            keys![CTRL_SHIFT, K],
        ),
        Layer::BatchNorm { .. } => (
            "Add batch norm",
            "Add a layer that normalises features over the minibatch after the selected card.",
            keys![CTRL_ALT, B],
        ),
        Layer::LayerNorm { .. } => (
            "Add layer norm",
            "Add a layer that normalises each sample after the selected card.",
            keys![CTRL_ALT, N],
        ),
        Layer::GroupNorm { .. } => (
            "Add group norm",
            "Add a layer that normalises groups of channels of each sample after the selected card.",
            keys![CTRL_ALT, G],
        ),
        Layer::Prelu { .. } => (
            "Add PReLU",
            "Add a ReLU with learned negative slopes after the selected card.",
            keys![CTRL_SHIFT, L],
        ),
        Layer::Flatten => (
            "Add flatten",
            "Add a layer that turns pictures into rows after the selected card.",
            keys![CTRL_ALT, F],
        ),
        Layer::Reshape { .. } => (
            "Add reshape",
            "Add a layer that turns rows into pictures after the selected card.",
            keys![CTRL_ALT, H],
        ),
        Layer::Dropout { .. } => {
            ("Add dropout", "Add a dropout layer after the selected card.", keys![CTRL_SHIFT, D])
        }
    }
}
