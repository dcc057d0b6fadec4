//! Differences between two designs, in words.
//!
//! They are computed on the serialised document, so that new settings are included automatically:
//! [`words`] has the names of known settings, and any other setting is shown by its field name.

mod words;

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::project::{CodeForm, Project, capital, visible};
use crate::run::Run;

/// The differences between two designs, and the equal parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// The changes, from the older to the newer: `learning rate 0.001 → 0.0003`.
    pub changes: Vec<String>,
    /// The parts of the design that are equal.
    pub same: Vec<&'static str>,
}

impl Difference {
    /// The changes as the start of a sentence; empty if there are none.
    pub fn changes_text(&self) -> String {
        capital(&self.changes.join("; "))
    }

    /// The equal parts: `same data, network and loss`; empty if there are none.
    pub fn same_text(&self) -> String {
        match self.same.as_slice() {
            [] => String::new(),
            [only] => format!("same {only}"),
            [most @ .., last] => format!("same {} and {last}", most.join(", ")),
        }
    }
}

/// The parts of a design, in display order.
const PARTS: [&str; 4] = ["network", "loss", "training", "data"];
/// Fields that do not affect the design.
const IGNORED: [&str; 2] = ["name", "format_version"];

/// The part to which a field of the document belongs.
fn part(field: &str) -> &'static str {
    match field {
        "encoder" | "code" | "decoder" | "output" => "network",
        "loss" | "feature_weights" => "loss",
        "data" => "data",
        _ => "training",
    }
}

/// Changes from one run to another, including the rows of the data.
pub fn run_difference(old: &Run, new: &Run) -> Difference {
    let mut found = difference(&old.design, &new.design);
    if old.fingerprint != new.fingerprint && found.same.contains(&"data") {
        found.same.retain(|part| *part != "data");
        found.changes.push("other rows at the same path".to_owned());
    }
    found
}

/// Changes from one design to another.
pub fn difference(old: &Project, new: &Project) -> Difference {
    let fields = |project: &Project| match serde_json::to_value(project) {
        Ok(Value::Object(fields)) => fields,
        Ok(_) | Err(_) => Map::new(),
    };
    // The kind of code determines some of the terms.
    let same_terms = std::mem::discriminant(&old.code.kind) == std::mem::discriminant(&new.code.kind);
    let (old, new) = (fields(old), fields(new));
    let mut found = Difference::default();
    for wanted in PARTS {
        let before = found.changes.len();
        for field in keys(&old, &new).filter(|field| part(field) == wanted && !IGNORED.contains(field)) {
            compare(&[field], value(&old, field), value(&new, field), &mut found.changes);
        }
        if found.changes.len() == before && (same_terms || wanted != "loss") {
            found.same.push(wanted);
        }
    }
    for change in &mut found.changes {
        *change = visible(change).into_owned();
    }
    found
}

/// Every part of a design with its settings, in words.
pub fn in_words(project: &Project) -> Vec<(String, String)> {
    let Ok(Value::Object(fields)) = serde_json::to_value(project) else { return Vec::new() };
    let of_part = |wanted: &'static str| {
        let fields = fields.iter().filter(move |(field, _)| part(field) == wanted);
        fields.filter(|(field, _)| !IGNORED.contains(&field.as_str()))
    };
    let found = |(field, value): (&String, &Value)| {
        (field.replace('_', " "), visible(&words::setting(&[field.as_str()], value)).into_owned())
    };
    PARTS.into_iter().flat_map(of_part).map(found).collect()
}

/// A short summary of a design: `Digits, encoder 128–64, code 2`.
pub fn brief(project: &Project) -> String {
    let encoder = serde_json::to_value(&project.encoder).unwrap_or_default();
    let data = serde_json::to_value(&project.data.source).unwrap_or_default();
    let [data, encoder] = [data, encoder].map(|value| words::value(&value));
    let form = match project.code.form {
        CodeForm::Units => "",
        CodeForm::Channels => " channels",
    };
    format!("{}, encoder {encoder}, code {}{form}", visible(&data), project.code.units)
}

fn keys<'a>(old: &'a Map<String, Value>, new: &'a Map<String, Value>) -> impl Iterator<Item = &'a str> {
    let added = new.keys().filter(|key| !old.contains_key(*key));
    old.keys().chain(added).map(String::as_str)
}

fn value<'a>(map: &'a Map<String, Value>, key: &str) -> &'a Value {
    map.get(key).unwrap_or(&Value::Null)
}

/// Recurses into sections and kinds, and reports settings that differ.
fn compare(path: &[&str], old: &Value, new: &Value, found: &mut Vec<String>) {
    if old == new {
        return;
    }
    let inner = match (old, new) {
        (Value::Object(a), Value::Object(b)) => match (words::kind(old), words::kind(new)) {
            (None, None) => Some((a, b, None)),
            (Some((of_a, a)), Some((of_b, b))) if of_a == of_b => match (a, b) {
                (Value::Object(map_a), Value::Object(map_b)) if words::kind(a).is_none() => {
                    Some((map_a, map_b, Some(of_a)))
                }
                // A nested kind, or the layers of a free decoder.
                (a, b) => return compare(path, a, b, found),
            },
            (_, _) => None,
        },
        (Value::Array(a), Value::Array(b)) if path == ["encoder"] || path == ["decoder"] => {
            return compare_layers(path[0], a, b, found);
        }
        // A design without reading settings uses automatic ones.
        (Value::Object(_), Value::Null) | (Value::Null, Value::Object(_)) if path.ends_with(&["reading"]) => {
            let nothing = Value::Object(Map::new());
            let or_nothing = |side: &Value| if side.is_null() { nothing.clone() } else { side.clone() };
            return compare(path, &or_nothing(old), &or_nothing(new), found);
        }
        (_, _) if path.ends_with(&["reading", "columns"]) => {
            return compare_named((old, new), ("take", "as detected"), "column", found);
        }
        (_, _) if path == ["feature_weights"] => {
            return compare_named((old, new), ("weight", "1"), "weight in the loss of", found);
        }
        (_, _) => None,
    };
    let Some((a, b, kind)) = inner else {
        found.push(words::change(path, old, new));
        return;
    };
    for key in keys(a, b) {
        let longer: Vec<&str> = path.iter().copied().chain(kind).chain([key]).collect();
        compare(&longer, value(a, key), value(b, key), found);
    }
}

/// Reports changes to lists of named settings, such as the use of each column or the weight of each
/// feature. A name without an entry has the `usual` value.
fn compare_named(
    (old, new): (&Value, &Value),
    (key, usual): (&str, &str),
    what: &str,
    found: &mut Vec<String>,
) {
    let takes = |columns: &Value| -> Vec<(String, String)> {
        let columns = columns.as_array().map_or(&[][..], Vec::as_slice);
        let column = |column: &Value| {
            let name = column.get("name")?.as_str()?.to_owned();
            Some((name, words::value(column.get(key)?)))
        };
        columns.iter().filter_map(column).collect()
    };
    let (old, new) = (takes(old), takes(new));
    let known: HashMap<&str, &str> = old.iter().map(|(name, take)| (name.as_str(), take.as_str())).collect();
    let wanted: HashMap<&str, &str> = new.iter().map(|(name, take)| (name.as_str(), take.as_str())).collect();
    let mut names: Vec<&str> = old.iter().chain(&new).map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let [before, after] = [&known, &wanted].map(|takes| takes.get(name).copied().unwrap_or(usual));
        if before != after {
            found.push(format!("{what} {name} {before} → {after}"));
        }
    }
}

/// Reports changes to the layers of a stack: equal layers at both ends are skipped, the others are
/// compared one by one, and any left over were added or removed.
fn compare_layers(stack: &str, old: &[Value], new: &[Value], found: &mut Vec<String>) {
    let alike = |pairs: &mut dyn Iterator<Item = (&Value, &Value)>| pairs.take_while(|(a, b)| a == b).count();
    let first = alike(&mut old.iter().zip(new));
    let (old, new) = (&old[first..], &new[first..]);
    let last = alike(&mut old.iter().rev().zip(new.iter().rev()));
    let (old, new) = (&old[..old.len() - last], &new[..new.len() - last]);
    for (index, (old, new)) in old.iter().zip(new).enumerate().filter(|(_, (old, new))| old != new) {
        let what = words::layer_change(old, new);
        found.push(format!("layer {} of the {stack}: {what}", first + index + 1));
    }
    let paired = old.len().min(new.len());
    for (rest, what) in [(&old[paired..], "removed"), (&new[paired..], "added")] {
        for (index, layer) in rest.iter().enumerate() {
            let number = first + paired + index + 1;
            found.push(format!("layer {number} of the {stack} {what}: {}", words::value(layer)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::{
        Activation, Corruption, Decoder, Delimiter, EarlyStopping, FeatureWeight, Header, Initialisation,
        Layer, Loss, Missing, Optimizer, Penalty, Recipe, Regularizer, Scaling, Site, Source, Synthetic,
        TableReading,
    };
    use crate::ui::views::samples;

    #[track_caller]
    fn check(change: impl Fn(&mut Project), expected: &str) {
        let base = Recipe::Undercomplete.project();
        let mut other = base.clone();
        change(&mut other);
        assert_eq!(difference(&base, &other).changes.join("; "), expected);
    }

    fn dense(units: usize, activation: Activation) -> Layer {
        Layer::Dense { units, activation }
    }

    #[test]
    fn changes_of_layers_name_their_place() {
        check(|p| p.encoder[1] = dense(32, Activation::Relu), "layer 2 of the encoder: 64 → 32 units");
        check(
            |p| p.encoder[0] = dense(32, Activation::Tanh),
            "layer 1 of the encoder: 128 → 32 units, ReLU → tanh",
        );
        check(
            |p| p.encoder[0] = Layer::Dropout { rate: 0.1 },
            "layer 1 of the encoder: dense 128 → dropout 0.1",
        );
        check(|p| p.encoder.truncate(1), "layer 2 of the encoder removed: dense 64");
        check(
            |p| p.encoder.insert(1, Layer::Dropout { rate: 0.25 }),
            "layer 2 of the encoder added: dropout 0.25",
        );
        check(|p| p.decoder = Decoder::Mirrored { tied: true }, "weights of the decoder untied → tied");
        check(
            |p| p.decoder = Decoder::Free(vec![dense(64, Activation::Sigmoid)]),
            "decoder mirrored → layers of its own (64 sigmoid)",
        );
        let mut own = Recipe::Undercomplete.project();
        own.decoder = Decoder::Free(vec![dense(64, Activation::Relu)]);
        let mut other = own.clone();
        other.decoder = Decoder::Free(vec![dense(48, Activation::Relu)]);
        assert_eq!(difference(&own, &other).changes, ["layer 1 of the decoder: 64 → 48 units"]);
    }

    #[test]
    fn settings_have_the_names_people_use() {
        check(|_| {}, "");
        check(|p| p.name = "another".to_owned(), "");
        check(|p| p.code.units = 32, "code 2 → 32 units");
        check(|p| p.code.activation = Activation::Relu, "activation of the code linear → ReLU");
        check(|p| p.output.activation = Activation::Linear, "activation of the output sigmoid → linear");
        check(|p| p.training.learning_rate = 3e-4, "learning rate 0.002 → 0.0003");
        check(|p| p.training.learning_rate = 0.001 * 9.0, "learning rate 0.002 → 0.009");
        check(|p| p.training.batch_size = 128, "batch size 64 → 128");
        check(|p| p.training.seed = 7, "seed of the training 1 → 7");
        check(|p| p.training.initialisation = Initialisation::He, "initialisation PyTorch's default → He");
        check(
            |p| p.training.initialisation = Initialisation::Orthogonal,
            "initialisation PyTorch's default → orthogonal",
        );
        check(|p| p.training.starts_from_data = true, "starts from data no → yes");
        check(|p| p.training.gradient_clip = Some(1.0), "gradient clipping none → 1");
        check(
            |p| p.training.early_stopping = Some(EarlyStopping::default()),
            "early stopping none → patience 10, minimum improvement 0",
        );
        let penalty = |penalty, weight| Regularizer { on: Site::Code, penalty, weight };
        check(
            |p| p.regularizers = vec![penalty(Penalty::L1, 0.1), penalty(Penalty::L2, 0.01)],
            "regularizers none → weight 0.1, penalty L1, on code + weight 0.01, penalty L2, on code",
        );
        check(|p| p.loss = Loss::BinaryCrossEntropy, "loss squared error → cross-entropy");
        check(
            |p| p.loss = Loss::Gaussian { variance: crate::project::Variance::Learned },
            "loss squared error → Gaussian likelihood, variance learned",
        );
        check(|p| p.data.held_out = Some("3".to_owned()), "held-out class none → 3");
        check(
            |p| {
                p.training.strategy = crate::project::Strategy::LayerWise {
                    by: crate::project::Greedy::Machines,
                    epochs: 5,
                    beside_joint: false,
                };
            },
            "strategy joint → layer by layer",
        );
        check(|p| p.data.split.seed = 4, "seed of the split 1 → 4");
        check(|p| p.data.split.validation = 0.2, "validation split 10 % → 20 %");
        check(|p| p.data.scaling = Scaling::Standardise, "scaling to [0, 1] → standardised");
        check(|p| p.data.source = Source::Synthetic(Synthetic::ALL[0]), "data digits → synthetic shapes");
        check(|p| p.corruption = Corruption::Gaussian { std: 0.3 }, "corruption none → Gaussian noise 0.3");
        check(
            |p| p.corruption = Corruption::SaltAndPepper { probability: 0.2 },
            "corruption none → salt and pepper 0.2",
        );
        check(|p| p.training.optimizer = Optimizer::ALL[3], "optimizer Adam → AdamW");
    }

    #[test]
    fn settings_of_a_kind_are_reported_one_by_one() {
        let found = |from: fn(&mut Project), to: fn(&mut Project)| {
            let (mut old, mut new) = (Project::default(), Project::default());
            from(&mut old);
            to(&mut new);
            difference(&old, &new).changes.join("; ")
        };
        let noise = found(
            |p| p.corruption = Corruption::Gaussian { std: 0.3 },
            |p| p.corruption = Corruption::Gaussian { std: 0.5 },
        );
        assert_eq!(noise, "standard deviation of Gaussian noise 0.3 → 0.5");
        let weight = |name: &str, weight| FeatureWeight { name: name.to_owned(), weight };
        let mut weighted = Project { feature_weights: vec![weight("Old_One", 2.0)], ..Project::default() };
        let before = weighted.clone();
        weighted.feature_weights = vec![weight("b", 0.0)];
        let changes = difference(&before, &weighted).changes;
        assert_eq!(changes, ["weight in the loss of Old_One 2 → 1", "weight in the loss of b 1 → 0"]);
        let csv = |path: &str, labels: &[&str]| Source::Csv {
            path: path.into(),
            header: Header::Auto,
            delimiter: Delimiter::Auto,
            labels: labels.iter().map(|label| (*label).to_owned()).collect(),
            missing: Missing::ColumnMean,
            reading: TableReading::default(),
        };
        let (mut old, mut new) = (Project::default(), Project::default());
        (old.data.source, new.data.source) = (csv("/a/b/one.csv", &[]), csv("/a/c/two.csv", &["x", "y"]));
        let found = difference(&old, &new).changes;
        assert_eq!(found, ["labels of the table none → x, y", "file one.csv → two.csv"]);
        new.data.source = csv("/a/c/one.csv", &[]);
        assert_eq!(difference(&old, &new).changes, ["file /a/b/one.csv → /a/c/one.csv"]);
    }

    #[test]
    fn reading_settings_have_the_names_of_the_form() {
        use crate::project::{
            Alpha, ArrayReading, Choice, ColumnChoice, Comments, DateOrder, DateUnit, Decimal, LabelFrom,
            Pages, Parts, PictureReading, PixelRange, Rules, TableReading, Take,
        };
        let table = || Source::Csv {
            path: "a.csv".into(),
            header: Header::Auto,
            delimiter: Delimiter::Auto,
            labels: vec![],
            missing: Missing::ColumnMean,
            reading: TableReading {
                columns: vec![ColumnChoice { name: "Old_One".to_owned(), take: Take::Dates }],
                ..TableReading::default()
            },
        };
        let arrays = || Source::Npy {
            path: "a.npz".into(),
            array: None,
            labels: None,
            reading: ArrayReading::default(),
        };
        let pictures = || Source::ImageFolder {
            path: "a".into(),
            width: 8,
            height: 8,
            channels: crate::project::Channels::Grey,
            fit: crate::project::Fit::Crop,
            reading: PictureReading::default(),
        };
        let text = |text: &str| Some(text.to_owned());
        let from_table = LabelFrom::Table { path: "b/labels.csv".into(), file: None, label: text("Kind_Of") };
        for (source, choice, expected) in [
            (table(), Choice::Decimal(Decimal::Comma), "decimal mark detect → comma"),
            (table(), Choice::Encoding(text("UTF-16LE")), "encoding detect → UTF-16LE"),
            (table(), Choice::Comments(Comments::From('%')), "comments detect → from %"),
            (table(), Choice::Comments(Comments::Off), "comments detect → off"),
            (
                table(),
                Choice::MissingWords(vec!["None_at_All".to_owned(), "-9".to_owned()]),
                "missing words none → None_at_All, -9",
            ),
            (table(), Choice::Sheet(text("Data_2")), "sheet detect → Data_2"),
            (table(), Choice::SkipLines(Some(3)), "lines skipped detect → 3"),
            (table(), Choice::SkipFooter(Some(0)), "rows skipped at the end detect → 0"),
            (table(), Choice::SkipRows("7,12-14".parse().ok()), "rows skipped detect → 7,12-14"),
            (table(), Choice::OnlyMissingWords(vec![]), "only these missing words no → yes"),
            (table(), Choice::DateOrder(DateOrder::MonthFirst), "order of dates detect → month first"),
            (table(), Choice::FirstYear(Some(1930)), "first year of two-digit years detect → 1930"),
            (table(), Choice::Dates(DateUnit::Days), "unit of dates detect → days"),
            (table(), Choice::Labels(Some(vec![])), "only named labels no → yes"),
            (
                table(),
                Choice::Column("City".to_owned(), Some(Take::Categories)),
                "column City as detected → categories",
            ),
            (table(), Choice::Column("Old_One".to_owned(), None), "column Old_One dates → as detected"),
            (
                table(),
                Choice::Column("Old_One".to_owned(), Some(Take::LeftOut)),
                "column Old_One dates → left out",
            ),
            (table(), Choice::Delimiter(Delimiter::Spaces), "delimiter of the table detect → spaces"),
            (table(), Choice::Scaling(Scaling::Robust), "scaling to [0, 1] → robust"),
            (table(), Choice::Rules(Rules::Version1), "rules of reading current → of version 1"),
            (arrays(), Choice::Array(text("x_train")), "array of the rows none → x_train"),
            (arrays(), Choice::ValidationArray(text("XVal")), "array of the validation rows detect → XVal"),
            (arrays(), Choice::TestLabelArray(text("y")), "array of the test labels detect → y"),
            (arrays(), Choice::Axes(crate::project::Axes::ChannelsLast), "axes detect → channels last"),
            (arrays(), Choice::ShownChannels(vec![4, 2, 1]), "shown channels detect → 4, 2, 1"),
            (arrays(), Choice::Parts(Parts::Mixed), "parts kept → mixed"),
            (arrays(), Choice::Missing(Missing::Masked), "NaN refused → mask (not in the loss)"),
            (pictures(), Choice::Alpha(Alpha::Checker), "transparency detect → checker"),
            (pictures(), Choice::Range(PixelRange::EachPicture), "range of the pixels detect → each picture"),
            (pictures(), Choice::Pages(Pages::First), "pages each → first"),
            (pictures(), Choice::Label(LabelFrom::Folder(2)), "labels from detect → folder 2"),
            (
                pictures(),
                Choice::Label(LabelFrom::Name("Ab_{label}".to_owned())),
                "labels from detect → name Ab_{label}",
            ),
            (pictures(), Choice::Label(from_table), "labels from detect → table labels.csv"),
        ] {
            let old = Project {
                data: crate::project::Data { source, ..crate::project::Data::default() },
                ..Project::default()
            };
            let mut new = old.clone();
            assert!(choice.clone().apply(&mut new.data), "{choice:?}");
            assert_eq!(difference(&old, &new).changes, [expected], "{choice:?}");
        }
    }

    #[test]
    fn equal_parts_are_listed() {
        let (old, mut new) = (samples::run(1, 5), samples::run(2, 5));
        let found = run_difference(&old, &new);
        assert_eq!((found.changes_text().as_str(), found.same), ("", PARTS.to_vec()));
        new.design.training.seed = 3;
        let found = run_difference(&old, &new);
        assert_eq!(found.changes_text(), "Seed of the training 1 → 3");
        assert_eq!(found.same_text(), "same network, loss and data");
        new.fingerprint += 1;
        let found = run_difference(&old, &new);
        assert_eq!(found.changes_text(), "Seed of the training 1 → 3; other rows at the same path");
        assert_eq!(found.same_text(), "same network and loss");
    }

    #[test]
    fn a_design_is_summarised() {
        assert_eq!(brief(&Project::default()), "digits, encoder 128–64, code 2");
        assert_eq!(brief(&Recipe::Linear.project()), "digits, encoder none, code 4");
    }

    #[test]
    fn differences_of_recipes_and_optimizers_have_no_field_names() {
        let mut projects: Vec<Project> = Recipe::ALL.into_iter().map(Recipe::project).collect();
        projects.extend(Optimizer::ALL.into_iter().map(|optimizer| {
            let mut project = Project::default();
            project.training.optimizer = optimizer;
            project
        }));
        for old in &projects {
            for new in &projects {
                let found = difference(old, new);
                let text = found.changes_text();
                let (mut a, mut b) = (old.clone(), new.clone());
                (a.name, b.name) = (String::new(), String::new());
                assert_eq!(text.is_empty(), a == b, "{text}");
                assert!(!text.contains(['_', '{', '"', '(']) || text.contains("of its own ("), "{text}");
            }
        }
    }
}
