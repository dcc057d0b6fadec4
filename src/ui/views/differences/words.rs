//! Words for the fields and values of the document.

use std::path::Path;

use serde_json::{Map, Value};

/// Settings whose name differs from their field, by the end of their path. The longest match wins.
const NAMES: [(&str, &str); 57] = [
    ("code.activation", "activation of the code"),
    ("output.activation", "activation of the output"),
    ("training.seed", "seed of the training"),
    ("training.gradient_clip", "gradient clipping"),
    ("training.warmup_epochs", "warm-up epochs"),
    ("data.source", "data"),
    ("data.split.seed", "seed of the split"),
    ("data.held_out", "held-out class"),
    ("data.own_labels", "own label columns"),
    ("data.binarise", "binarised"),
    ("warmup_epochs", "warm-up epochs"),
    ("data.split.validation", "validation split"),
    ("data.split.test", "test split"),
    ("Mirrored.tied", "weights of the decoder"),
    ("Csv.labels", "labels of the table"),
    ("Csv.header", "header of the table"),
    ("Csv.delimiter", "delimiter of the table"),
    ("Csv.missing", "missing values of the table"),
    ("ImageFolder.fit", "fitting of the pictures"),
    ("ImageFolder.width", "width of the pictures"),
    ("ImageFolder.height", "height of the pictures"),
    ("ImageFolder.channels", "channels of the pictures"),
    ("ImageFolder.path", "folder"),
    ("Npy.array", "array of the rows"),
    ("Npy.labels", "array of the labels"),
    ("Idx.images", "images"),
    ("Idx.labels", "labels"),
    ("data.rules", "rules of reading"),
    ("reading.decimal", "decimal mark"),
    ("reading.encoding", "encoding"),
    ("reading.missing", "NaN"),
    ("feature_weights", "weights in the loss"),
    ("reading.missing_words", "missing words"),
    ("reading.only_missing_words", "only these missing words"),
    ("reading.date_order", "order of dates"),
    ("reading.first_year", "first year of two-digit years"),
    ("reading.comments", "comments"),
    ("reading.sheet", "sheet"),
    ("reading.skip_lines", "lines skipped"),
    ("reading.skip_footer", "rows skipped at the end"),
    ("reading.skip_rows", "rows skipped"),
    ("reading.dates", "unit of dates"),
    ("reading.only_labels", "only named labels"),
    ("reading.validation", "array of the validation rows"),
    ("reading.validation_labels", "array of the validation labels"),
    ("reading.test", "array of the test rows"),
    ("reading.test_labels", "array of the test labels"),
    ("reading.shown_channels", "shown channels"),
    ("reading.alpha", "transparency"),
    ("reading.range", "range of the pixels"),
    ("reading.label", "labels from"),
    ("path", "file"),
    ("std", "standard deviation"),
    ("delta", "δ"),
    ("beta1", "β₁"),
    ("beta2", "β₂"),
    ("min_delta", "minimum improvement"),
];

/// Kinds and values whose name differs from their variant.
const VALUES: [(&str, &str); 22] = [
    ("Auto", "detect"),
    ("UnitRange", "to [0, 1]"),
    ("Standardise", "standardised"),
    ("BinaryCrossEntropy", "cross-entropy"),
    ("Gaussian", "Gaussian noise"),
    ("Csv", "CSV table"),
    ("Npy", "NumPy array"),
    ("Idx", "IDX files"),
    ("Adam", "Adam"),
    ("AdamW", "AdamW"),
    ("ColumnMean", "column mean"),
    ("Masked", "mask (not in the loss)"),
    ("DropRow", "row left out"),
    ("Free", "layers of its own"),
    ("LayerWise", "layer by layer"),
    ("Machines", "RBMs"),
    ("Version1", "of version 1"),
    ("Huber", "Huber"),
    ("PyTorch", "PyTorch's default"),
    ("He", "He"),
    ("Xavier", "Xavier"),
    ("None", "none"),
];

/// A kind and its settings, in the serialised form of an enum: the only key of a map, capitalised.
/// Excludes variants without settings, which are strings.
pub fn kind(value: &Value) -> Option<(&str, &Value)> {
    let map = value.as_object().filter(|map| map.len() == 1)?;
    let (kind, settings) = map.iter().next()?;
    kind.starts_with(char::is_uppercase).then_some((kind.as_str(), settings))
}

/// A setting before and after: `batch size 64 → 128`, `code 2 → 32 units`.
pub fn change(path: &[&str], old: &Value, new: &Value) -> String {
    let (before, after) = values(path, old, new);
    if path == ["code", "units"] {
        return format!("code {before} → {after} units");
    }
    format!("{} {before} → {after}", name(path))
}

/// The changes of a layer: `64 → 32 units, ReLU → tanh`, `dense 64 → dropout 0.1`.
pub fn layer_change(old: &Value, new: &Value) -> String {
    if let (Some((of_old, Value::Object(a))), Some((of_new, Value::Object(b)))) = (kind(old), kind(new))
        && of_old == of_new
    {
        let mut keys: Vec<&String> = b.keys().filter(|key| a.get(*key) != b.get(*key)).collect();
        keys.sort_by_key(|key| *key != "units");
        let parts = keys.into_iter().map(|key| {
            let (before, after) = (a.get(key).map_or_else(String::new, value), value(&b[key]));
            match key.as_str() {
                "units" => format!("{before} → {after} units"),
                "activation" => format!("{before} → {after}"),
                _ => format!("{} {before} → {after}", name(&[key])),
            }
        });
        return parts.collect::<Vec<_>>().join(", ");
    }
    format!("{} → {}", value(old), value(new))
}

/// A value in a few words: `Gaussian noise 0.3`, `128–64`, `dense 64`.
pub fn value(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::Bool(is) => if *is { "yes" } else { "no" }.to_owned(),
        Value::Number(number) => number_text(number),
        Value::String(text) => word(text),
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        Value::Array(items) if items.iter().all(Value::is_string) => {
            items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
        }
        Value::Array(items) => items.iter().map(short_layer).collect::<Vec<_>>().join("–"),
        Value::Object(map) => {
            if let Some((of, settings)) = kind(value) {
                return kind_text(of, settings);
            }
            let parts =
                map.iter().rev().map(|(key, setting)| format!("{} {}", name(&[key]), self::value(setting)));
            parts.collect::<Vec<_>>().join(", ")
        }
    }
}

fn kind_text(of: &str, settings: &Value) -> String {
    let description = match settings {
        // The only other kind with that name is noise.
        Value::Object(map) if of == "Gaussian" && map.contains_key("variance") => {
            return format!("Gaussian likelihood, {}", value(settings));
        }
        Value::Object(_) if kind(settings).is_some() => value(settings),
        Value::Object(map) if map.contains_key("units") => units(map),
        Value::Object(map) => match (map.len(), map.iter().next()) {
            (1, Some((_, Value::Bool(false)))) => String::new(),
            (1, Some((key, Value::Bool(true)))) => key.replace('_', " "),
            (1, Some((_, only))) => value(only),
            _ => map.get("path").and_then(Value::as_str).map_or_else(String::new, file_name),
        },
        Value::Array(_) => format!("({})", value(settings)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value(settings),
    };
    format!("{} {description}", word(of)).trim_end().to_owned()
}

/// A layer within a list: only its units if it has any.
fn short_layer(layer: &Value) -> String {
    match kind(layer) {
        Some((_, Value::Object(map))) if map.contains_key("units") => units(map),
        Some(_) | None => value(layer),
    }
}

/// Units, and the activation if it is not the default.
fn units(map: &Map<String, Value>) -> String {
    let units = map.get("units").map_or_else(String::new, value);
    match map.get("activation") {
        Some(activation) if activation != "ReLU" => format!("{units} {}", value(activation)),
        Some(_) | None => units,
    }
}

/// The old and the new value in words.
fn values(path: &[&str], old: &Value, new: &Value) -> (String, String) {
    let share = |value: &Value| value.as_f64().map(|share| format!("{} %", plain((100.0 * share) as f32)));
    match (path, old, new) {
        ([.., "split", "validation" | "test"], _, _) => {
            (share(old).unwrap_or_default(), share(new).unwrap_or_default())
        }
        ([.., "tied"], Value::Bool(old), Value::Bool(new)) => {
            let tied = |is: bool| if is { "tied" } else { "untied" }.to_owned();
            (tied(*old), tied(*new))
        }
        // Penalties are summed; layers are listed.
        ([.., "regularizers"], Value::Array(old), Value::Array(new)) => (sum(old), sum(new)),
        (_, _, _) if is_default(path) => {
            // A missing setting has its default value.
            let said = |value: &Value| {
                if value.is_null() { default_words(path).to_owned() } else { typed(path, value) }
            };
            (said(old), said(new))
        }
        // Texts typed by the user are not translated.
        ([.., "path" | "images" | "labels" | "test_images" | "test_labels" | "array"], _, _) => {
            let (Some(a), Some(b)) = (old.as_str(), new.as_str()) else { return (value(old), value(new)) };
            if file_name(a) == file_name(b) {
                (a.to_owned(), b.to_owned())
            } else {
                (file_name(a), file_name(b))
            }
        }
        (_, _, _) => (value(old), value(new)),
    }
}

/// A setting in words.
pub fn setting(path: &[&str], value: &Value) -> String {
    values(path, value, value).0
}

fn sum(terms: &[Value]) -> String {
    if terms.is_empty() { "none".to_owned() } else { terms.iter().map(value).collect::<Vec<_>>().join(" + ") }
}

/// Whether a setting is only stored if the user has set it.
fn is_default(path: &[&str]) -> bool {
    path == ["data", "rules"]
        || path == ["training", "initialisation"]
        || path == ["training", "starts_from_data"]
        || path.iter().rev().nth(1) == Some(&"reading")
}

/// The words for such a setting if it was not set.
fn default_words(path: &[&str]) -> &'static str {
    match path.last().copied().unwrap_or_default() {
        "rules" => "current",
        "initialisation" => "PyTorch's default",
        "parts" => "kept",
        "missing" => "refused",
        "pages" => "each",
        "missing_words" | "columns" => "none",
        "starts_from_data" | "only_labels" | "only_missing_words" => "no",
        _ => "detect",
    }
}

/// The words for such a setting if it was set; text typed by the user is kept as is.
fn typed(path: &[&str], value: &Value) -> String {
    let last = path.last().copied().unwrap_or_default();
    match (last, value, kind(value)) {
        (
            "encoding" | "sheet" | "validation" | "validation_labels" | "test" | "test_labels",
            Value::String(text),
            _,
        ) => text.clone(),
        ("label", Value::String(text), _) if text != "Nothing" => text.clone(),
        ("label", _, Some((of @ "Name", Value::String(pattern)))) => format!("{} {pattern}", word(of)),
        ("label", _, Some((of @ "Table", Value::Object(map)))) => {
            let file = map.get("path").and_then(Value::as_str).map_or_else(String::new, file_name);
            format!("{} {file}", word(of))
        }
        ("shown_channels", Value::Array(channels), _) => {
            channels.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
        }
        _ => self::value(value),
    }
}

/// The name of a setting. Settings of a kind include the kind: `momentum of SGD`.
fn name(path: &[&str]) -> String {
    let whole = path.join(".");
    let is_end =
        |end: &str| whole.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    let known = NAMES.iter().find(|(end, _)| is_end(end));
    let last = path.last().copied().unwrap_or_default();
    let text = known.map_or_else(|| last.replace('_', " "), |(_, name)| (*name).to_owned());
    match path {
        [.., kind, _]
            if kind.starts_with(char::is_uppercase)
                && known.is_none_or(|(end, _)| !end.contains('.'))
                && last != "path" =>
        {
            format!("{text} of {}", word(kind))
        }
        _ => text,
    }
}

fn file_name(path: &str) -> String {
    let name = Path::new(path).file_name();
    name.map_or_else(|| path.to_owned(), |name| name.to_string_lossy().into_owned())
}

/// A number without trailing zeros, and without single-precision rounding artefacts.
fn number_text(number: &serde_json::Number) -> String {
    match number.as_u64() {
        Some(whole) => whole.to_string(),
        None => plain(number.as_f64().unwrap_or(f64::NAN) as f32),
    }
}

/// Six significant digits are enough for numbers typed by hand.
fn plain(number: f32) -> String {
    let number: f32 = format!("{number:.5e}").parse().unwrap_or(number);
    let size = number.abs();
    if size != 0.0 && !(1e-5..1e7).contains(&size) { format!("{number:e}") } else { format!("{number}") }
}

/// `SaltAndPepper` becomes `salt and pepper`; names that are mostly capitals are kept.
fn word(kind: &str) -> String {
    if let Some((_, word)) = VALUES.iter().find(|(from, _)| *from == kind) {
        return (*word).to_owned();
    }
    let inner = kind.chars().skip(1).filter(|letter| letter.is_uppercase()).count();
    let lower = kind.chars().filter(|letter| letter.is_lowercase()).count();
    if kind.contains([' ', '/', '.']) || lower < 3 * inner || lower == 0 {
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
