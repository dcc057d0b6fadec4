//! The form of arrays.

use egui::Ui;

use crate::project::{ArrayReading, Axes, IdxReading, Missing, Parts, Source};
use crate::ui::state::PathField;
use crate::ui::widgets::form::{combo_ui, draft_ui, more_ui, optional_text_ui, path_row_ui};

/// The form of arrays; nothing for other sources. Returns the path to choose in the desktop's
/// dialog, if requested.
pub(super) fn arrays_ui(ui: &mut Ui, source: &mut Source) -> Option<PathField> {
    let Source::Npy { path, array, labels, reading } = source else { return None };
    let browse = path_row_ui(ui, "File", path, PathField::Main, "rows.npy or arrays.npz");
    optional_text_ui(
        ui,
        ("Array", "Array of an .npz file that holds the rows; if empty, chosen by names and shapes."),
        array,
        "detect",
    );
    optional_text_ui(ui, ("Label array", "The array of an .npz that holds the labels."), labels, "detect");
    let is_default = *reading == ArrayReading::default();
    more_ui(ui, "arrays", is_default, |ui| reading_ui(ui, reading));
    browse
}

/// The other fields of the form of IDX files.
pub(super) fn idx_ui(ui: &mut Ui, reading: &mut IdxReading) {
    let is_default = *reading == IdxReading::default();
    let IdxReading { axes, parts, shown_channels } = reading;
    // In this format, samples are always the first axis.
    let all: Vec<Axes> = Axes::ALL.into_iter().filter(|axes| *axes != Axes::SamplesLast).collect();
    more_ui(ui, "IDX", is_default, |ui| meaning_ui(ui, (axes, &all), shown_channels, parts));
}

fn meaning_ui(
    ui: &mut Ui,
    (axes, all): (&mut Axes, &[Axes]),
    shown_channels: &mut Vec<usize>,
    parts: &mut Parts,
) {
    combo_ui(
        ui,
        (
            "Axes",
            "Meaning of the axes: rows, grey pictures (N×H×W), channels last or first, or samples last (H×W×C×N).",
        ),
        axes,
        all,
        |axes| axes.name().to_owned(),
    );
    let mut shown = shown_channels.clone();
    let about = "Channels shown as red, green and blue, counted from 1, with commas; one for grey. The network sees all channels.";
    if draft_ui(ui, ("Shown channels", about), &mut shown, "detect", |own| channels_text(own), channels) {
        *shown_channels = shown;
    }
    combo_ui(
        ui,
        (
            "Parts",
            "Kept: arrays of validation and test rows become those splits. Mixed: all rows are one data set, split by the fractions.",
        ),
        parts,
        &Parts::ALL,
        |parts| parts.name().to_owned(),
    );
}

/// Rarely changed settings. New settings for reading arrays get their field here.
fn reading_ui(ui: &mut Ui, reading: &mut ArrayReading) {
    meaning_ui(ui, (&mut reading.axes, &Axes::ALL), &mut reading.shown_channels, &mut reading.parts);
    combo_ui(
        ui,
        (
            "NaN",
            "How to treat NaN: refuse it, or treat it as a missing value, filled with the feature's mean. With a mask, losses and errors ignore it as well (--missing).",
        ),
        &mut reading.missing,
        &[None, Some(Missing::ColumnMean), Some(Missing::Masked)],
        |missing| missing.map_or("refused", Missing::name).to_owned(),
    );
    for (name, about, array) in [
        ("Val. array", "The array of the validation rows (--validation-array).", &mut reading.validation),
        (
            "Val. labels",
            "The array of the labels of the validation rows (--validation-label-array).",
            &mut reading.validation_labels,
        ),
        ("Test array", "The array of the test rows (--test-array).", &mut reading.test),
        (
            "Test labels",
            "The array of the labels of the test rows (--test-label-array).",
            &mut reading.test_labels,
        ),
    ] {
        optional_text_ui(ui, (name, about), array, "detect");
    }
}

fn channels_text(channels: &[usize]) -> String {
    channels.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Channels as typed; `None` if the text is not a list of numbers from 1.
fn channels(text: &str) -> Option<Vec<usize>> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts.map(|part| part.parse().ok().filter(|channel| *channel > 0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_read_as_typed() {
        for (text, expected) in [
            ("", Some(vec![])),
            ("4, 3,2", Some(vec![4, 3, 2])),
            ("1,", Some(vec![1])),
            ("0", None),
            ("red", None),
            ("-1", None),
        ] {
            assert_eq!(channels(text), expected, "{text}");
        }
        assert_eq!(channels_text(&[4, 3, 2]), "4, 3, 2");
    }
}
