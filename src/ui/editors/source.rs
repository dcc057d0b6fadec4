//! The forms of the data source, the scaling and the split.

mod arrays;
mod pictures;
mod table;

use std::path::PathBuf;

use egui::Ui;

use crate::project::{
    Binarise, Choice, Data, OwnLabel, Rules, Scaling, Source, Split, Synthetic, join_words, split_words,
    visible,
};
use crate::ui::state::{PathField, Sources, is_same_kind};
use crate::ui::theme::tokens;
use crate::ui::update::OLD_RULES;
use crate::ui::widgets::button::{choices_ui, secondary_ui};
use crate::ui::widgets::form::{combo_ui, explain_ui, number_ui, path_row_ui, slider_ui, text_ui};

/// Differences between the versions of the rules, shown as a tooltip.
pub const NEW_RULES: &str = "The whole table decides whether there is a header, columns of words become features, arrays are chosen by name, pictures keep their bit depth, and folders called train, validation and test become those splits. Can be undone.";

/// Offers the current rules for reading data if the design uses older ones.
pub fn rules_ui(ui: &mut Ui, data: &mut Data) {
    if !data.has_old_rules() {
        return;
    }
    explain_ui(ui, "Rules: version 1", OLD_RULES);
    let choice = Choice::Rules(Rules::Current);
    if secondary_ui(ui, &choice.name()).on_hover_text(NEW_RULES).clicked() {
        choice.apply(data);
    }
}

/// The form of a source; `sources` are the choices. Returns the path to choose in the desktop's
/// dialog, if requested.
pub fn source_ui(ui: &mut Ui, source: &mut Source, sources: &Sources) -> Option<PathField> {
    let ring = tokens(ui).accent;
    let options: Vec<(Source, &str)> =
        sources.0.iter().map(|source| (source.clone(), source.name())).collect();
    let columns = if ui.available_width() < 240.0 { 2 } else { 3 };
    ui.scope(|ui| choices_ui(ui, source, &options, columns, ring, is_same_kind));
    match source {
        Source::Digits => None,
        Source::Synthetic(synthetic) => {
            synthetic_ui(ui, synthetic);
            None
        }
        Source::ImageFolder { .. } => pictures::pictures_ui(ui, source),
        Source::Idx { images, labels, test_images, test_labels, reading } => {
            let browse = path_row_ui(ui, "Images", images, PathField::Main, "train-images-idx3-ubyte.gz");
            let labels = optional_path_ui(ui, "Labels", labels, PathField::Labels);
            let test = optional_path_ui(ui, "Test images", test_images, PathField::TestImages);
            let test_labels = optional_path_ui(ui, "Test labels", test_labels, PathField::TestLabels);
            arrays::idx_ui(ui, reading);
            browse.or(labels).or(test).or(test_labels)
        }
        Source::Csv { .. } => table::table_ui(ui, source),
        Source::Npy { .. } => arrays::arrays_ui(ui, source),
    }
}

/// The form of a synthetic data set.
pub fn synthetic_ui(ui: &mut Ui, synthetic: &mut Synthetic) {
    combo_ui(ui, ("Kind", "Kind of synthetic data."), synthetic, &Synthetic::ALL, |kind| {
        kind.name().to_owned()
    });
    let seed = match synthetic {
        Synthetic::Shapes { count, size, seed } => {
            number_ui(ui, ("Pictures", "Number of pictures."), count, 1..=1_000_000, "");
            number_ui(ui, ("Size", "Width and height of a picture in pixels."), size, 8..=1024, "px");
            seed
        }
        Synthetic::Splines { count, seed } => {
            number_ui(ui, ("Pictures", "Number of pictures."), count, 1..=1_000_000, "");
            seed
        }
        Synthetic::SwissRoll { count, noise, seed } => {
            number_ui(ui, ("Points", "Number of points."), count, 1..=1_000_000, "");
            slider_ui(
                ui,
                ("Noise", "Standard deviation of the noise added to every coordinate."),
                noise,
                0.0..=1.0,
                false,
            );
            seed
        }
        Synthetic::Blobs { count, features, clusters, seed } => {
            number_ui(ui, ("Points", "Number of points."), count, 1..=1_000_000, "");
            number_ui(ui, ("Features", "Coordinates of each point."), features, 1..=10_000, "");
            number_ui(ui, ("Clusters", "Number of clusters."), clusters, 1..=(*count).clamp(1, 1000), "");
            seed
        }
        Synthetic::Informative { count, features, informative, seed } => {
            number_ui(ui, ("Rows", "Number of rows."), count, 1..=1_000_000, "");
            number_ui(ui, ("Columns", "Numbers in each row."), features, 1..=10_000, "");
            number_ui(
                ui,
                ("Informative", "Number of columns from which the others are computed."),
                informative,
                1..=(*features).max(1),
                "",
            );
            seed
        }
    };
    number_ui(
        ui,
        ("Seed", "Seed of the generator: another seed gives other data of the same kind."),
        seed,
        0..=u64::MAX,
        "",
    );
}

/// The forms of scaling and split; `classes` are those of the loaded data.
pub fn scaling_split_ui(ui: &mut Ui, data: &mut Data, classes: &[String]) {
    combo_ui(
        ui,
        (
            "Scaling",
            "How values are scaled before the network sees them; fitted on the training split. Robust uses quantiles, so outliers have little effect.",
        ),
        &mut data.scaling,
        &Scaling::ALL,
        |scaling| scaling.name().to_owned(),
    );
    combo_ui(
        ui,
        (
            "Binarise",
            "Turns values in [0, 1] into 0 or 1, so that cross-entropy is a likelihood: by a threshold, or drawn once with the value as the probability of 1.",
        ),
        &mut data.binarise,
        &Binarise::ALL,
        |how| how.name().to_owned(),
    );
    let Split { validation, test, seed } = &mut data.split;
    slider_ui(
        ui,
        (
            "Validation",
            "Fraction of all samples held out for validation; unused if the data have their own split.",
        ),
        validation,
        0.0..=0.9,
        false,
    );
    slider_ui(
        ui,
        ("Test", "Fraction of all samples held out for testing; unused if the data have their own split."),
        test,
        0.0..=0.9,
        false,
    );
    number_ui(
        ui,
        ("Split seed", "Seed of the split: another seed draws other samples."),
        seed,
        0..=u64::MAX,
        "",
    );
    let own: Vec<String> = data.own_labels.iter().flat_map(OwnLabel::classes).collect();
    let own = own.iter().filter(|class| !classes.contains(class));
    let classes: Vec<&str> = classes.iter().chain(own).map(String::as_str).collect();
    held_out_ui(ui, &mut data.held_out, &classes);
}

/// The choice of a held-out class, if there are classes or one was chosen.
fn held_out_ui(ui: &mut Ui, held_out: &mut Option<String>, classes: &[&str]) {
    if classes.len() < 2 && held_out.is_none() {
        return;
    }
    let mut chosen = held_out.as_deref();
    let mut options = vec![None];
    options.extend(classes.iter().copied().map(Some));
    if !options.contains(&chosen) {
        options.push(chosen);
    }
    let field = (
        "Hold out",
        "A class that is never trained on: its samples go to the test split, to see whether the network detects them as anomalies.",
    );
    if combo_ui(ui, field, &mut chosen, &options, |class| visible(class.unwrap_or("no class")).into_owned()) {
        *held_out = chosen.map(str::to_owned);
    }
}

fn optional_path_ui(
    ui: &mut Ui,
    name: &str,
    path: &mut Option<PathBuf>,
    field: PathField,
) -> Option<PathField> {
    let mut own = path.clone().unwrap_or_default();
    let browse = path_row_ui(ui, name, &mut own, field, "none");
    *path = (!own.as_os_str().is_empty()).then_some(own);
    browse
}

/// Names separated by commas; names that contain a comma are quoted.
fn list_ui(ui: &mut Ui, field: (&str, &str), list: &mut Vec<String>) {
    // The text is kept unchanged while typing, for example a trailing comma or an open quote.
    let id = ui.scope_id().with(("list", field.0));
    let typed: Option<String> = ui.data(|data| data.get_temp(id));
    let typed = typed.filter(|typed| split_words(typed) == *list);
    let mut text = typed.unwrap_or_else(|| join_words(list, ", "));
    let edit = text_ui(ui, field, &mut text, "names, separated by commas");
    if edit.changed() {
        *list = split_words(&text);
    }
    if edit.has_focus() {
        ui.data_mut(|data| data.insert_temp(id, text));
    } else if edit.lost_focus() {
        ui.data_mut(|data| data.remove::<String>(id));
    }
}
