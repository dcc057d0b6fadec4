//! Checks the imports of the window's files: layers, and import cycles.

use std::collections::{BTreeMap, BTreeSet};

use super::{Texts, check, code, name, none, texts, without_test_files};

/// The modules of the window, lowest first: each may use itself and those before it.
const LAYERS: [&str; 18] = [
    "plots",
    "theme",
    "widgets",
    "keys",
    "frame_log",
    "window_size",
    "recipe_pictures",
    "state",
    "dialogs",
    "files",
    "update",
    "thumbnail",
    "editors",
    "views",
    "commands",
    "panels",
    "shell",
    "app",
];
/// Maximum number of the window's files in an import cycle.
const MOST_IN_CIRCLE: usize = 3;

#[test]
fn the_window_has_layers_without_long_import_cycles() {
    let sources = without_test_files(&texts("src", &["rs"]));
    none(&layer_errors("ui", &LAYERS, &sources));
    none(&circles("src/ui/", &sources));
}

/// The words and symbols of the code of a source; `::` is a single symbol.
fn tokens(code: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = code.trim_start();
    while let Some(first) = rest.chars().next() {
        let word = name(rest).len();
        let sign = if rest.starts_with("::") { 2 } else { first.len_utf8() };
        let (token, after) = rest.split_at(if word > 0 { word } else { sign });
        tokens.push(token);
        rest = after.trim_start();
    }
    tokens
}

/// Every path from the root that the code of a file names, with braces in imports expanded.
fn paths(file: &str, source: &str) -> Vec<Vec<String>> {
    let code: String = code(source).into_iter().map(|(_, line)| line + "\n").collect();
    let tokens = tokens(&code);
    let children = tokens.windows(3).filter(|words| words[0] == "mod" && words[2] == ";");
    let children: BTreeSet<&str> = children.map(|words| words[1]).collect();
    let own = file.trim_start_matches("src/").trim_end_matches(".rs").split('/').map(str::to_owned);
    let own: Vec<String> = own.collect();
    let mut found = Vec::new();
    for (at, words) in tokens.windows(3).enumerate().filter(|(_, words)| words[2] == "::") {
        // `pub(in crate::ui)` declares visibility.
        if matches!(words[0], "::" | "in") {
            continue;
        }
        let start = match words[1] {
            "crate" => Vec::new(),
            "self" => own.clone(),
            "super" => own[..own.len() - 1].to_vec(),
            child if children.contains(child) => [&own[..], &[child.to_owned()]].concat(),
            _ => continue,
        };
        tree(&tokens, at + 3, &start, &mut found);
    }
    found
}

/// Collects the paths that begin with `path` and continue at a token. Returns the index of the
/// token after them.
fn tree(tokens: &[&str], mut at: usize, path: &[String], found: &mut Vec<Vec<String>>) -> usize {
    let mut path = path.to_vec();
    match tokens.get(at).copied() {
        Some("{") => {
            at += 1;
            while tokens.get(at).is_some_and(|token| *token != "}") {
                at = tree(tokens, at, &path, found);
                at += usize::from(tokens.get(at) == Some(&","));
            }
        }
        Some(word) if !name(word).is_empty() => {
            match word {
                "super" => drop(path.pop()),
                "self" => {}
                _ => path.push(word.to_owned()),
            }
            if tokens.get(at + 1) == Some(&"::") {
                return tree(tokens, at + 2, &path, found);
            }
            found.push(path);
            at += if tokens.get(at + 1) == Some(&"as") { 2 } else { 0 };
        }
        _ => found.push(path),
    }
    at + 1
}

/// Modules of a folder that use a higher layer, and layers and modules that do not match.
fn layer_errors(room: &str, layers: &[&str], sources: &Texts) -> Vec<String> {
    let folder = format!("src/{room}/");
    let missing = layers.iter().filter(|layer| !sources.contains_key(&format!("{folder}{layer}.rs")));
    let mut errors: Vec<String> = missing.map(|layer| format!("{folder}{layer}.rs does not exist")).collect();
    let height = |module: &str| layers.iter().position(|layer| *layer == module);
    for (file, source) in sources {
        let Some(own) = file.strip_prefix(&folder).map(name) else { continue };
        let Some(own_height) = height(own) else {
            errors.push(format!("{file}: `{own}` has no layer"));
            continue;
        };
        for path in paths(file, source).iter().filter(|path| path.first().is_some_and(|first| first == room))
        {
            let other = path.get(1).map_or("", String::as_str);
            if height(other).is_some_and(|height| height > own_height) {
                errors.push(format!("{file}: `{own}` may not use `{other}`, a higher layer"));
            }
        }
    }
    errors
}

/// The files that each file uses.
type Uses<'a> = BTreeMap<&'a str, BTreeSet<String>>;

/// Import cycles below a folder that have too many files.
fn circles(folder: &str, sources: &Texts) -> Vec<String> {
    let target = |path: Vec<String>| {
        let mut files = (1..=path.len()).rev().map(|parts| format!("src/{}.rs", path[..parts].join("/")));
        files.find(|file| sources.contains_key(file)).filter(|file| file.starts_with(folder))
    };
    let uses: Uses<'_> = sources
        .iter()
        .filter(|(file, _)| file.starts_with(folder))
        .map(|(file, source)| {
            let others = paths(file, source).into_iter().filter_map(target);
            (file.as_str(), others.filter(|other| other != file).collect())
        })
        .collect();
    let mut errors = Vec::new();
    for file in uses.keys() {
        let mut circle = vec![*file];
        if closes(&mut circle, &uses) {
            errors.push(format!("these files use each other in a circle: {}", circle.join(", ")));
        }
    }
    errors
}

/// Whether a chain of files can be extended to a cycle that is too long. The chain starts with its
/// first file by name.
fn closes<'a>(chain: &mut Vec<&'a str>, uses: &'a Uses<'_>) -> bool {
    let (first, last) = (chain[0], chain[chain.len() - 1]);
    if chain.len() > MOST_IN_CIRCLE && uses[last].contains(first) {
        return true;
    }
    for other in uses[last].iter().map(String::as_str) {
        if other > first && !chain.contains(&other) && reached(other, uses).contains(first) {
            chain.push(other);
            if closes(chain, uses) {
                return true;
            }
            chain.pop();
        }
    }
    false
}

/// The files that a file uses, directly or indirectly.
fn reached<'a>(file: &'a str, uses: &'a Uses<'_>) -> BTreeSet<&'a str> {
    let (mut seen, mut left) = (BTreeSet::new(), vec![file]);
    while let Some(file) = left.pop() {
        left.extend(uses[file].iter().map(String::as_str).filter(|other| seen.insert(*other)));
    }
    seen
}

#[test]
fn layers_and_cycles_that_break_the_rules_are_found() {
    let texts = |files: &[(&str, &str)]| -> Texts {
        files.iter().map(|(file, source)| (format!("src/ui/{file}.rs"), (*source).to_owned())).collect()
    };
    let layers = |below: &str, above: &str, expected: &[&str]| {
        let sources = texts(&[("a", below), ("b", above), ("b/c", "use super::super::a::A;")]);
        check(&layer_errors("ui", &["a", "b"], &sources), expected);
    };
    layers("", "use super::a::A;\nmod c;\nfn f() { c::g() }", &[]);
    layers("// super::b\npub(in crate::ui) struct A;", "", &[]);
    layers("use super::b::B;", "", &["src/ui/a.rs: `a` may not use `b`"]);
    layers("fn f() { crate::ui::b::g() }", "", &["`a` may not use `b`"]);
    layers("use super::{\n    d as e,\n    b::{B, C},\n};", "", &["`a` may not use `b`"; 2]);
    check(
        &layer_errors("ui", &["a", "b"], &texts(&[("a", ""), ("c", "")])),
        &["b.rs does not", "`c` has no"],
    );

    let ring = |of: &[(&str, &str)], expected: &[&str]| check(&circles("src/ui/", &texts(of)), expected);
    let part = "use super::A;";
    ring(
        &[
            ("a", "mod b; mod c; mod d; use b::B; use c::C; use d::D;"),
            ("a/b", part),
            ("a/c", part),
            ("a/d", part),
        ],
        &[],
    );
    ring(&[("a", "use super::b::B;"), ("b", "use super::{c::C};"), ("c", "use super::a;")], &[]);
    ring(
        &[
            ("a", "mod d;\nuse super::b::B;"),
            ("b", "fn f() { super::c::g() }"),
            ("c", "use super::a::d;"),
            ("a/d", "use super::A;"),
        ],
        &["in a circle: src/ui/a.rs, src/ui/b.rs, src/ui/c.rs, src/ui/a/d.rs"],
    );
}
