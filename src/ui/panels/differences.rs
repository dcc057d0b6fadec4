//! What tells designs apart, in few words: only what is not the same in all of them.

use serde_json::{Map, Value};

use crate::project::Project;
use crate::ui::plots::format_number;

/// For each project what differs from the others: `code 2 · lr 0.002 · Gaussian 0.3`. Empty texts where nothing does.
///
/// Works on the text form of the document, so that a setting added tomorrow is told apart as well.
pub fn differences(projects: &[&Project]) -> Vec<String> {
    let documents: Vec<Value> =
        projects.iter().map(|project| serde_json::to_value(project).unwrap_or_default()).collect();
    let mut told = vec![Vec::new(); documents.len()];
    let whole: Vec<&Value> = documents.iter().collect();
    collect(&[], &whole, &mut told);
    told.into_iter().map(|parts: Vec<String>| parts.join(" · ")).collect()
}

/// Sections of the document, and settings told by their value alone or by a shorter name.
const SHORT: [(&str, &str); 12] = [
    ("code.units", "code"),
    ("code.activation", "code"),
    ("training.learning_rate", "lr"),
    ("training.batch_size", "batch"),
    ("training.optimizer", ""),
    ("training.gradient_clip", "clip"),
    ("data.source", ""),
    ("data.scaling", "scaled"),
    ("corruption", ""),
    ("loss", ""),
    ("output.activation", "output"),
    ("decoder", "decoder"),
];
/// What says nothing about a design.
const SILENT: [&str; 2] = ["name", "format_version"];

/// Goes down into sections; where a setting is not the same everywhere, tells it for each document.
fn collect(path: &[&str], values: &[&Value], told: &mut [Vec<String>]) {
    if SILENT.contains(&path.join(".").as_str()) || values.windows(2).all(|pair| pair[0] == pair[1]) {
        return;
    }
    let sections: Option<Vec<&Map<String, Value>>> =
        values.iter().map(|value| value.as_object().filter(|map| is_section(map))).collect();
    let Some(sections) = sections else {
        let name = name(path);
        for (value, told) in values.iter().zip(told) {
            let text = text(value);
            told.push(match (name.as_str(), path.first(), value) {
                (name, Some(&"corruption"), Value::String(kind)) if kind == "None" && name.is_empty() => {
                    "clean".to_owned()
                }
                ("", ..) => text,
                (name, ..) => format!("{name} {text}"),
            });
        }
        return;
    };
    // The code first: it is what autoencoders are told apart by.
    let mut keys: Vec<&String> = Vec::new();
    for key in sections.iter().flat_map(|section| section.keys()) {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys.sort_by_key(|key| match key.as_str() {
        "code" => 0,
        "encoder" => 1,
        "decoder" => 2,
        "training" => 4,
        "data" => 5,
        _ => 3,
    });
    for key in keys {
        let mut inner = path.to_vec();
        inner.push(key);
        let values: Vec<&Value> =
            sections.iter().map(|section| section.get(key).unwrap_or(&Value::Null)).collect();
        collect(&inner, &values, told);
    }
}

/// A struct, not the single capitalised key of a kind with settings.
fn is_section(map: &Map<String, Value>) -> bool {
    map.keys().all(|key| key.starts_with(|first: char| first.is_lowercase()))
}

fn name(path: &[&str]) -> String {
    let whole = path.join(".");
    let short = SHORT.iter().find(|(from, _)| *from == whole).map(|(_, to)| (*to).to_owned());
    short.unwrap_or_else(|| path.last().unwrap_or(&"").replace('_', " "))
}

/// A value in few words: `Gaussian 0.3`, `128–64`, `Adam`.
fn text(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::Bool(is) => if *is { "yes" } else { "no" }.to_owned(),
        Value::Number(number) => number_text(number),
        Value::String(text) => spaced(text),
        Value::Array(items) => list(items),
        Value::Object(map) => {
            let kind = map.iter().next().filter(|_| map.len() == 1 && !is_section(map));
            match kind {
                Some((kind, settings)) => {
                    format!("{} {}", spaced(kind), settings_text(settings)).trim().to_owned()
                }
                None => map
                    .iter()
                    .map(|(key, value)| format!("{} {}", key.replace('_', " "), text(value)))
                    .collect::<Vec<_>>()
                    .join(" "),
            }
        }
    }
}

/// The settings of a kind: a single one by its value, more by name and value.
fn settings_text(settings: &Value) -> String {
    match settings.as_object() {
        Some(map) if map.len() == 1 => match map.iter().next() {
            Some((key, Value::Bool(is))) => {
                if *is {
                    key.replace('_', " ")
                } else {
                    String::new()
                }
            }
            Some((_, value)) => text(value),
            None => String::new(),
        },
        Some(map) => {
            let parts = map.iter().map(|(key, value)| format!("{} {}", key.replace('_', " "), text(value)));
            parts.collect::<Vec<_>>().join(" ")
        }
        None => text(settings),
    }
}

/// Layers by their units where they have some: `128–64`, `128–dropout 0.1–64`.
fn list(items: &[Value]) -> String {
    if items.is_empty() {
        return "none".to_owned();
    }
    let layer = |item: &Value| -> String {
        let Some((kind, settings)) = item.as_object().and_then(|map| map.iter().next()) else {
            return text(item);
        };
        let plain = settings.get("activation").is_none_or(|activation| activation == "ReLU");
        match settings.get("units") {
            Some(units) if plain => text(units),
            Some(units) => {
                format!("{} {}", text(units), settings.get("activation").map_or(String::new(), text))
            }
            None => format!("{} {}", kind.to_lowercase(), settings_text(settings)).trim().to_owned(),
        }
    };
    items.iter().map(layer).collect::<Vec<_>>().join("–")
}

/// `0.002` rather than `0.00200` or the tail of a single-precision number.
fn number_text(number: &serde_json::Number) -> String {
    if let Some(whole) = number.as_u64() {
        return whole.to_string();
    }
    let value = number.as_f64().unwrap_or(f64::NAN);
    let text = format_number(value);
    if text.contains('e') {
        return format!("{value:.2e}").replace(".00e", "e").replace("0e", "e");
    }
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// `SaltAndPepper` as `salt and pepper`; what is written as one word, or in capitals, stays.
fn spaced(kind: &str) -> String {
    let inner = kind.chars().skip(1).filter(|letter| letter.is_uppercase()).count();
    let lower = kind.chars().filter(|letter| letter.is_lowercase()).count();
    if inner == 0 || kind.contains([' ', '/', '.']) || lower < 3 * inner {
        return kind.to_owned();
    }
    let mut text = String::new();
    for letter in kind.chars() {
        if letter.is_uppercase() && !text.is_empty() {
            text.push(' ');
        }
        text.extend(letter.to_lowercase());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::{Activation, Corruption, Decoder, Layer, Loss, Optimizer, Recipe};

    fn check(change: impl Fn(&mut Project), expected: [&str; 2]) {
        let base = Recipe::Undercomplete.project();
        let mut other = base.clone();
        change(&mut other);
        assert_eq!(differences(&[&base, &other]), expected);
    }

    #[test]
    fn only_what_differs_is_told() {
        check(|_| {}, ["", ""]);
        check(|p| p.name = "another".to_owned(), ["", ""]);
        check(|p| p.code.units = 32, ["code 2", "code 32"]);
        check(|p| p.training.learning_rate = 1e-3, ["lr 0.002", "lr 0.001"]);
        check(|p| p.training.learning_rate = 2.5e-4, ["lr 0.002", "lr 2.5e-4"]);
        check(|p| p.corruption = Corruption::Gaussian { std: 0.3 }, ["clean", "Gaussian 0.3"]);
        check(
            |p| p.corruption = Corruption::SaltAndPepper { probability: 0.2 },
            ["clean", "salt and pepper 0.2"],
        );
        check(|p| p.encoder.truncate(1), ["encoder 128–64", "encoder 128"]);
        check(|p| p.encoder.clear(), ["encoder 128–64", "encoder none"]);
        check(
            |p| {
                p.encoder = vec![
                    Layer::Dense { units: 9, activation: Activation::Tanh },
                    Layer::Dropout { rate: 0.1 },
                ];
            },
            ["encoder 128–64", "encoder 9 Tanh–dropout 0.1"],
        );
        check(
            |p| p.decoder = Decoder::Mirrored { tied: true },
            ["decoder Mirrored", "decoder Mirrored tied"],
        );
        check(|p| p.loss = Loss::BinaryCrossEntropy, ["squared error", "binary cross entropy"]);
        check(|p| p.training.gradient_clip = Some(1.0), ["clip none", "clip 1"]);
    }

    #[test]
    fn several_differences_come_code_first() {
        check(
            |p| {
                p.training.seed = 3;
                p.corruption = Corruption::Masking { probability: 0.5 };
                p.code.units = 4;
            },
            ["code 2 · clean · seed 1", "code 4 · Masking 0.5 · seed 3"],
        );
    }

    #[test]
    fn one_or_none_differ_in_nothing() {
        assert!(differences(&[]).is_empty());
        assert_eq!(differences(&[&Project::default()]), [""]);
    }

    #[test]
    fn every_recipe_and_optimizer_is_told_apart() {
        let recipes: Vec<Project> = Recipe::ALL.into_iter().map(Recipe::project).collect();
        let all: Vec<&Project> = recipes.iter().collect();
        let told = differences(&all);
        assert!(
            told.iter().enumerate().all(|(i, text)| !text.is_empty() && !told[..i].contains(text)),
            "{told:?}"
        );
        for optimizer in Optimizer::ALL {
            let mut other = Project::default();
            other.training.optimizer = optimizer;
            let differs = other != Project::default();
            assert_eq!(differences(&[&Project::default(), &other])[1].is_empty(), !differs, "{optimizer:?}");
        }
    }
}
