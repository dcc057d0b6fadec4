//! The form of a folder of pictures.

use egui::Ui;

use crate::project::{
    Alpha, Channels, Fit, LabelFrom, Masks, Pages, Parts, PictureReading, PixelRange, Source,
};
use crate::ui::state::PathField;
use crate::ui::widgets::form::{combo_ui, more_ui, number_ui, optional_text_ui, path_row_ui, text_ui};

/// The form of pictures; nothing for other sources. Returns the path to choose in the desktop's
/// dialog, if requested.
pub(super) fn pictures_ui(ui: &mut Ui, source: &mut Source) -> Option<PathField> {
    let Source::ImageFolder { path, width, height, channels, fit, reading } = source else { return None };
    let browse = path_row_ui(ui, "Folder", path, PathField::Main, "a folder of pictures");
    number_ui(ui, ("Width", "Pictures are resized to this width in pixels."), width, 1..=4096, "px");
    number_ui(ui, ("Height", "Pictures are resized to this height in pixels."), height, 1..=4096, "px");
    combo_ui(
        ui,
        ("Channels", "Grey: one number per pixel. RGB: three."),
        channels,
        &Channels::ALL,
        |channels| channels.name().to_owned(),
    );
    combo_ui(
        ui,
        ("Fit", "How pictures of another aspect ratio are resized: padded, cropped, or stretched."),
        fit,
        &Fit::ALL,
        |fit| fit.name().to_owned(),
    );
    let from_table = label_ui(ui, &mut reading.label);
    let is_default =
        PictureReading { label: LabelFrom::Auto, ..reading.clone() } == PictureReading::default();
    more_ui(ui, "pictures", is_default, |ui| reading_ui(ui, reading));
    browse.or(from_table)
}

fn label_ui(ui: &mut Ui, label: &mut LabelFrom) -> Option<PathField> {
    let about = "Where labels come from: a folder at some depth, a part of the file's name, or a table beside the pictures.";
    combo_ui(ui, ("Label from", about), label, &LabelFrom::all(), |label| label.name().to_owned());
    match label {
        LabelFrom::Auto | LabelFrom::Nothing => None,
        LabelFrom::Folder(depth) => {
            let about = "How many levels below the loaded folder the folder of the label is, counted from 1.";
            number_ui(ui, ("Depth", about), depth, 1..=64, "");
            None
        }
        LabelFrom::Name(pattern) => {
            let about = "{label} stands for the label, * for any text: {label}_*.png. {word} is a label of letters without digits.";
            text_ui(ui, ("Pattern", about), pattern, "{label}_*");
            None
        }
        LabelFrom::Table { path, file, label } => {
            let browse = path_row_ui(ui, "Label table", path, PathField::LabelTable, "labels.csv");
            let about = "The column of file names; if empty, found by its values.";
            optional_text_ui(ui, ("File column", about), file, "detect");
            let about = "The column of labels; if empty, the first other column, or the one that holds the 1 (one-hot).";
            optional_text_ui(ui, ("Label column", about), label, "detect");
            browse
        }
    }
}

/// Rarely changed settings. New settings for reading pictures get their field here.
fn reading_ui(ui: &mut Ui, reading: &mut PictureReading) {
    combo_ui(
        ui,
        (
            "Transparency",
            "Background of transparent pixels. Keep: transparency becomes another channel. Mask: losses and errors ignore transparent pixels (--alpha).",
        ),
        &mut reading.alpha,
        &Alpha::ALL,
        |alpha| alpha.name().to_owned(),
    );
    combo_ui(
        ui,
        (
            "Range",
            "Which values become 0 and 1: the range of the type, of the training split, of each picture, or the 0.1 and 99.9 percentiles of the training split.",
        ),
        &mut reading.range,
        &PixelRange::ALL,
        |range| range.name().to_owned(),
    );
    combo_ui(
        ui,
        ("Pages", "Whether every page of a multi-page file is a sample, or only the first."),
        &mut reading.pages,
        &Pages::ALL,
        |pages| pages.name().to_owned(),
    );
    combo_ui(
        ui,
        (
            "Masks",
            "Whether masks of other pictures (x_mask.png, masks/x.png) are skipped, or are samples like all others.",
        ),
        &mut reading.masks,
        &Masks::ALL,
        |masks| masks.name().to_owned(),
    );
    combo_ui(
        ui,
        (
            "Parts",
            "Kept: folders called train, validation and test become those splits. Mixed: all pictures are one set, split by the fractions.",
        ),
        &mut reading.parts,
        &Parts::ALL,
        |parts| parts.name().to_owned(),
    );
}
