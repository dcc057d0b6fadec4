//! The text of a card.

use egui::Color32;

use crate::check::Card;
use crate::project::{
    Activation, Bottleneck, Layer, Place, Shape as SampleShape, format_count, format_percent, short_count,
    visible,
};
use crate::ui::state::State;
use crate::ui::theme::Tokens;

/// The text of a card.
pub(super) struct CardText {
    pub place: Place,
    pub title: String,
    /// Candidates for the text below the title, from long to short; the longest that fits is shown.
    pub about: Vec<String>,
    pub color: fn(&Tokens) -> Color32,
    pub mirrored: bool,
    pub hover: String,
}

impl CardText {
    /// The text of the input.
    pub fn input(state: &State) -> CardText {
        let source = &state.project.data.source;
        let parts = match (&state.data.dataset, &state.data.progress, &state.data.error) {
            (_, Some((done, total)), _) if *total > 0 => {
                vec![format!("loading {} %", done.saturating_mul(100) / total)]
            }
            (None, Some(_), _) => vec!["loading…".to_owned()],
            (_, None, Some(_)) => vec!["could not be loaded".to_owned()],
            (Some(data), ..) => {
                let samples = format!("{} samples", format_count(data.len()));
                let shape = match data.shape {
                    SampleShape::Vector(features) => format!("{} features", format_count(features)),
                    SampleShape::Image { .. } => data.shape.to_string(),
                };
                vec![visible(&data.name).into_owned(), shape, samples]
            }
            (None, None, None) => vec![format!("{}: no data yet", source.name())],
        };
        let title = "Input".to_owned();
        let hover = format!("Input: {}", parts.join(" · "));
        let about = shorter(&parts);
        CardText { place: Place::Data, title, about, color: |tokens| tokens.dim, mirrored: false, hover }
    }

    /// The text of a layer, the code or the output.
    pub fn of(card: &Card, state: &State) -> CardText {
        let project = &state.project;
        let parameters = card.parameters.filter(|count| *count > 0);
        let parameters = parameters.map(|count| format!("{} parameters", short_count(count)));
        let own = card.layer.as_ref().and_then(Layer::activation);
        let (title, mut about) = match (card.place, &card.layer) {
            (Place::Code, _) => {
                let projection = own.map_or("passes through", Activation::name);
                let kind = project.code.kind;
                let about = if kind == Bottleneck::Plain { projection } else { kind.name() };
                // A single channel of three is not a colour picture.
                let size = match card.output {
                    Some(SampleShape::Image { height, width, channels }) => {
                        format!("{width}×{height}×{channels}")
                    }
                    Some(SampleShape::Vector(_)) | None => project.code.units.to_string(),
                };
                (format!("Code {size}"), vec![about.to_owned()])
            }
            (Place::Output, layer) => {
                let kind =
                    layer.as_ref().filter(|layer| !matches!(layer, Layer::Dense { .. })).map(Layer::name);
                // The loss is shown only on this card.
                let about = [project.loss.name(), project.output.activation.name()].into_iter().chain(kind);
                ("Output".to_owned(), about.map(str::to_owned).collect())
            }
            (_, Some(layer)) => words(layer, card.output),
            (_, None) => ("Layer".to_owned(), Vec::new()),
        };
        if card.tied_to.is_some() {
            about.push("tied".to_owned());
        }
        about.extend(parameters);
        let mirrored = matches!(card.place, Place::Decoder(_)) && state.is_mirrored();
        let count = |count: Option<u64>| count.map_or_else(|| "unknown".to_owned(), format_count);
        let output = card.output.map_or_else(|| "unknown".to_owned(), |shape| shape.to_string());
        let colon = if about.is_empty() { "" } else { ": " };
        let mut hover = format!(
            "{title}{colon}{}\noutput {output}\n{} parameters, {} multiply-adds per sample",
            about.join(" · "),
            count(card.parameters),
            count(card.macs)
        );
        if mirrored {
            hover.push_str("\nMirrors the encoder.");
        }
        let color: fn(&Tokens) -> Color32 = match card.place {
            Place::Encoder(_) => |tokens| tokens.encoder,
            Place::Code => |tokens| tokens.code,
            Place::Decoder(_) => |tokens| tokens.decoder,
            Place::Data | Place::Corruption | Place::Output | Place::Training => |tokens| tokens.dim,
        };
        CardText { place: card.place, title, about: shorter(&about), color, mirrored, hover }
    }
}

/// All parts on one line, then without the last, and so on.
fn shorter(parts: &[String]) -> Vec<String> {
    (1..=parts.len()).rev().map(|count| parts[..count].join(" · ")).collect()
}

/// The text of a layer's card: its title, and candidates for the text below it.
pub(super) fn words(layer: &Layer, output: Option<SampleShape>) -> (String, Vec<String>) {
    let size = output.map(|shape| shape.to_string());
    let function = layer.activation().map(|activation| activation.name().to_owned());
    let (title, about): (String, Vec<String>) = match layer {
        Layer::Dense { units, .. } => (format!("Dense {units}"), Vec::new()),
        Layer::Conv2d { channels, kernel, stride, dilation, groups, .. }
        | Layer::ConvTranspose2d { channels, kernel, stride, dilation, groups, .. } => {
            let step = if *stride > 1 {
                format!("{kernel}×{kernel} / {stride}")
            } else {
                format!("{kernel}×{kernel}")
            };
            let gaps = (*dilation > 1).then(|| format!("dilation {dilation}"));
            let groups = (*groups > 1).then(|| format!("{groups} groups"));
            let about = size.into_iter().chain([step]).chain(gaps).chain(groups);
            (format!("{} {channels}", layer.name()), about.collect())
        }
        Layer::Residual { form, channels, stride, .. }
        | Layer::ResidualTranspose { form, channels, stride, .. } => {
            let form =
                if *stride > 1 { format!("{} / {stride}", form.name()) } else { form.name().to_owned() };
            (format!("{} {channels}", layer.name()), size.into_iter().chain([form]).collect())
        }
        Layer::MaxPool2d { size: side } | Layer::AvgPool2d { size: side } => {
            (format!("{} {side}", layer.name()), size.into_iter().collect())
        }
        Layer::Upsample { factor } => (format!("Upsample {factor}"), size.into_iter().collect()),
        Layer::CropOrPad { .. } | Layer::Flatten | Layer::Reshape { .. } => {
            (layer.name().to_owned(), size.into_iter().collect())
        }
        Layer::BatchNorm { .. } | Layer::LayerNorm { .. } => (layer.name().to_owned(), Vec::new()),
        Layer::GroupNorm { groups, .. } => (format!("GroupNorm {groups}"), Vec::new()),
        Layer::Prelu { shared } => {
            let slopes = if *shared { "one slope" } else { "a slope per channel" };
            ("PReLU".to_owned(), vec![slopes.to_owned()])
        }
        Layer::Dropout { rate } => {
            ("Dropout".to_owned(), vec![format!("{} set to 0", format_percent(f64::from(*rate), 0))])
        }
    };
    (title, about.into_iter().chain(function).collect())
}

/// A title for a narrow card: layer names are the longest words.
pub(super) fn abbreviated(title: &str) -> String {
    title.replace("Transpose2d", "T").replace("Transpose", "T")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_of_layers_are_abbreviated() {
        let short = |layer: &Layer| abbreviated(layer.name());
        let longest = Layer::ALL.iter().map(|layer| short(layer).len()).max();
        assert!(longest.is_some_and(|longest| longest <= 9), "{longest:?}");
        assert_eq!(abbreviated("ConvTranspose2d 16"), "ConvT 16");
        assert_eq!(abbreviated("Dense 128"), "Dense 128");
    }
}
