//! Checks `ARCHITECTURE.md` against the sources: module dependencies, and rules that clippy has no
//! lint for.
//!
//! Sources are read line by line, as formatted by `cargo fmt`. Tests are excluded: they are at the
//! end of their file, which clippy checks, or in a separate file.

#[path = "architecture/imports.rs"]
mod imports;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Texts by path from the root, with `/` as separator.
type Texts = BTreeMap<String, String>;
/// The rows of the page's module table, in order: a module, and those it may use.
type Table = Vec<(String, BTreeSet<String>)>;

/// Crates that only one part of the sources may name.
const CRATES: [(&str, &[&str]); 2] =
    [("dfdx", &["src/engine.rs", "src/engine/"]), ("egui", &["src/ui.rs", "src/ui/"])];
/// Constants of egui that are not colours: for tinting and masking.
const NEUTRAL: [&str; 4] = ["WHITE", "BLACK", "TRANSPARENT", "PLACEHOLDER"];
/// Marks code that is compiled for tests only.
const TEST_ONLY: &str = "#[cfg(test)]";
/// Maximum number of lines per file.
const MOST_LINES: usize = 600;
/// Pages at the root.
const PAGES: [&str; 4] = ["ARCHITECTURE.md", "README.md", "CONTRIBUTING.md", "CHANGELOG.md"];
/// Folders whose files the pages name.
const FOLDERS: [&str; 7] = ["src/", "tests/", "scripts/", "benches/", "assets/", "docs/", "fuzz/"];

#[test]
fn modules_use_each_other_as_the_table_says() {
    let sources = texts("src", &["rs"]);
    assert!(sources.len() > 50, "the sources were not found");
    none(&table_errors(&table(&root_text("ARCHITECTURE.md")), &root_text("src/lib.rs"), &sources));
}

#[test]
fn sources_keep_the_rules() {
    let sources = texts("src", &["rs"]);
    let product = without_test_files(&sources);
    none(&product.iter().flat_map(|(file, source)| source_errors(file, source)).collect::<Vec<_>>());
    none(&sources.iter().filter_map(|(file, source)| length_error(file, source)).collect::<Vec<_>>());
}

#[test]
fn files_named_in_the_documents_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = texts("docs", &["md"]);
    pages.extend(PAGES.map(|name| (name.to_owned(), root_text(name))));
    let missing = |(page, text): (&String, &String)| {
        let missing = missing_files(text, |name| root.join(name).exists());
        missing.into_iter().map(|error| format!("{page}: {error}")).collect::<Vec<_>>()
    };
    none(&pages.iter().flat_map(missing).collect::<Vec<_>>());
}

#[test]
fn no_text_contains_machine_paths() {
    let mut all = Texts::new();
    for folder in ["src", "tests", "benches", "scripts", "docs", "fuzz/fuzz_targets"] {
        all.extend(texts(folder, &["rs", "sh", "py", "md", "toml"]));
    }
    for name in PAGES.into_iter().chain(["Cargo.toml", "clippy.toml"]) {
        all.insert(name.to_owned(), root_text(name));
    }
    none(&all.iter().flat_map(|(file, text)| machine_paths(file, text)).collect::<Vec<_>>());
}

#[track_caller]
fn none(errors: &[String]) {
    assert!(errors.is_empty(), "\n{}", errors.join("\n"));
}

/// Every file below a folder of the project with one of the endings.
fn texts(folder: &str, endings: &[&str]) -> Texts {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Texts::new();
    let mut folders = vec![root.join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the project").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| endings.iter().any(|known| ending == *known)) {
                let below = path.strip_prefix(root).expect("below the root");
                let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
                found.insert(parts.join("/"), fs::read_to_string(&path).expect("text"));
            }
        }
    }
    found
}

fn root_text(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).expect(name)
}

/// Removes the files of modules that are compiled for tests only.
fn without_test_files(sources: &Texts) -> Texts {
    let mut tests = Vec::new();
    for (file, source) in sources {
        let mut lines = source.lines();
        while lines.any(|line| line == TEST_ONLY) {
            let marked = lines.find(|line| !line.starts_with("#["));
            let module = marked.and_then(|line| line.strip_suffix(';')?.split_once("mod "));
            tests.extend(module.map(|(_, name)| file.replace(".rs", &format!("/{name}"))));
        }
    }
    let is_below = |file: &str, test: &str| {
        file.strip_prefix(test).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
    };
    let mut product = sources.clone();
    product.retain(|file, _| !tests.iter().any(|test| is_below(file, test)));
    product
}

/// The lines of a source, numbered from 1, without comments, string contents, the tests at the end,
/// and the first line of other test-only items.
fn code(source: &str) -> Vec<(usize, String)> {
    let mut kept = Vec::new();
    let mut lines = source.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        if line.trim() != TEST_ONLY {
            kept.push((index + 1, without_texts(line)));
        } else if lines
            .find(|(_, line)| !line.starts_with("#["))
            .is_some_and(|(_, line)| line == "mod tests {")
        {
            break;
        }
    }
    kept
}

/// A line without its comment and without the contents of its strings.
fn without_texts(line: &str) -> String {
    let line = line.replace("\\\"", "").replace("'\"'", "");
    let mut code = String::new();
    for outside in line.split('"').step_by(2) {
        let before = outside.split_once("//").map(|(before, _)| before);
        code += before.unwrap_or(outside);
        if before.is_some() {
            break;
        }
    }
    code
}

/// The identifier at the start of a text; empty if there is none.
fn name(text: &str) -> &str {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default()
}

/// The module of a file: `io` for `src/io.rs` and everything in `src/io/`.
fn module(file: &str) -> &str {
    name(file.strip_prefix("src/").unwrap_or(file))
}

/// The rows of the first table of a page whose last column is called `may use`.
fn table(page: &str) -> Table {
    let lines = page.lines().skip_while(|line| !line.trim_end().ends_with("| may use |"));
    let rows = lines.skip(2).take_while(|line| line.starts_with('|'));
    let names = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    rows.filter_map(|row| {
        let cells: Vec<&str> = row.trim().trim_matches('|').split('|').collect();
        Some((names(cells.first()?).first()?.clone(), names(cells.last()?).into_iter().collect()))
    })
    .collect()
}

/// Differences in both directions between the table, the library's modules and their actual uses.
fn table_errors(table: &Table, library: &str, sources: &Texts) -> Vec<String> {
    let mut errors = Vec::new();
    let library: BTreeSet<&str> =
        library.lines().filter_map(|line| line.strip_prefix("pub mod ").map(name)).collect();
    let rows: BTreeSet<&str> = table.iter().map(|(module, _)| module.as_str()).collect();
    errors.extend(
        library
            .symmetric_difference(&rows)
            .map(|module| format!("`{module}` stands in the table or in src/lib.rs, but not in both")),
    );

    let mut used = BTreeSet::new();
    for (file, source) in &without_test_files(sources) {
        let own = module(file);
        let may_use = table.iter().find(|(module, _)| module == own).map(|(_, may_use)| may_use);
        for (line, code) in code(source) {
            for other in code.split("crate::").skip(1).map(name).filter(|other| rows.contains(other)) {
                used.insert((own.to_owned(), other.to_owned()));
                if other != own && may_use.is_some_and(|may_use| !may_use.contains(other)) {
                    errors.push(format!("{file}:{line}: `{own}` may not use `{other}`"));
                }
            }
        }
    }
    let mut above = BTreeSet::new();
    for (module, may_use) in table {
        for other in may_use {
            if !used.contains(&(module.clone(), other.clone())) {
                errors.push(format!("`{module}` may use `{other}`, and does not"));
            }
            if !above.contains(other) {
                errors.push(format!("`{module}` may use `{other}`, which stands below it"));
            }
        }
        above.insert(module.clone());
    }
    errors
}

/// Crates and colours in the wrong place, and paths that hide the module they lead to.
fn source_errors(file: &str, source: &str) -> Vec<String> {
    let mut errors = Vec::new();
    let depth = file.split('/').count() - 1;
    for (line, code) in code(source) {
        let mut tell = |what: String| errors.push(format!("{file}:{line}: {what}"));
        if code.contains(&"super::".repeat(depth)) || code.contains("crate::{") {
            tell("name another module by `crate::module`".to_owned());
        }
        for (krate, places) in CRATES {
            let is_place = places.iter().any(|place| file.starts_with(place));
            if code.contains(&format!("{krate}::")) && !is_place {
                tell(format!("`{krate}` belongs in {} alone", places.join(", ")));
            }
        }
        for constant in code.split("Color32::").skip(1).map(name) {
            let is_constant = constant.chars().all(|c| c.is_ascii_uppercase() || c == '_');
            if is_constant && !NEUTRAL.contains(&constant) {
                tell(format!("`{constant}` is a colour of its own; take one of the palette"));
            }
        }
    }
    errors
}

fn length_error(file: &str, source: &str) -> Option<String> {
    let lines = source.lines().count();
    (lines > MOST_LINES)
        .then(|| format!("{file}: {lines} lines; a file is one idea, at most {MOST_LINES} lines"))
}

/// Files that a page names in backticks and that do not exist.
fn missing_files(page: &str, exists: impl Fn(&str) -> bool) -> Vec<String> {
    let names = page.split('`').skip(1).step_by(2);
    let is_file = |name: &str| {
        FOLDERS.iter().any(|folder| name.starts_with(folder))
            && !name.contains(char::is_whitespace)
            && !name.contains("NAME")
    };
    names.filter(|name| is_file(name) && !exists(name)).map(|name| format!("{name} does not exist")).collect()
}

/// Paths that exist only on a single machine.
fn machine_paths(file: &str, text: &str) -> Vec<String> {
    let paths = ["home", "root", "work", "Users"].map(|folder| format!("/{folder}/"));
    let lines = text.lines().filter(|line| paths.iter().any(|path| line.contains(path)));
    lines.map(|line| format!("{file}: a path of one machine: {}", line.trim())).collect()
}

/// Checks that each error contains the expected text.
#[track_caller]
fn check(errors: &[String], expected: &[&str]) {
    assert_eq!(errors.len(), expected.len(), "{errors:#?}");
    for (error, expected) in errors.iter().zip(expected) {
        assert!(error.contains(expected), "{error:?} does not contain {expected:?}");
    }
}

#[test]
fn uses_that_differ_from_the_table_are_found() {
    let rows = "| `run` | nothing |\n| `io` | `run` |";
    let library = "pub mod run;\npub mod io;\nmod private;";
    let check = |rows: &str, library: &str, run: &str, io: &str, expected: &[&str]| {
        let page = format!("| module | may use |\n|---|---|\n{rows}\n\n| `no` | `x` |\n");
        let run = format!("{run}\n#[cfg(test)]\n#[allow(dead_code)]\nmod tests;\n");
        let sources =
            [("src/run.rs", run.as_str()), ("src/run/tests.rs", "use crate::io;"), ("src/io.rs", io)];
        let sources = sources.map(|(file, source)| (file.to_owned(), source.to_owned())).into();
        check(&table_errors(&table(&page), library, &sources), expected);
    };
    let uses = "use crate::run::Run;";
    check(rows, library, "", uses, &[]);
    check(rows, library, "", "fn f() { g(crate::io::h, crate::run::i) }", &[]);
    check(rows, library, "// crate::io\n/// [`crate::io`]\nstruct A;", uses, &[]);
    check(rows, library, "const A: &str = \"crate::io\"; const B: char = '\"'; // crate::io", uses, &[]);
    check(rows, library, "#[cfg(test)]\nuse crate::io;", uses, &[]);
    check(rows, library, "#[cfg(test)]\nmod tests {\n    use crate::io;\n}", uses, &[]);

    check(rows, library, "use crate::io::Store;", uses, &["run.rs:1: `run` may not use `io`"]);
    check(rows, library, "\nfn f() { g(\"//\", crate::io::h) }", uses, &["run.rs:2: `run` may not use `io`"]);
    check(rows, library, "", "", &["`io` may use `run`, and does not"]);
    check(
        rows,
        library,
        "",
        "// crate::run\n#[cfg(test)]\nuse crate::run;",
        &["`io` may use `run`, and does not"],
    );
    check(rows, "pub mod run;", "", uses, &["`io` stands in the table or"]);
    check(rows, &format!("{library}\npub mod ui;"), "", uses, &["`ui` stands in the table or"]);
    let circle = "| `run` | `io` |\n| `io` | `run` |";
    check(circle, library, "use crate::io;", uses, &["`run` may use `io`, which stands below it"]);
}

#[test]
fn sources_that_break_a_rule_are_found() {
    let check = |file: &str, source: &str, expected: &[&str]| check(&source_errors(file, source), expected);
    check("src/run.rs", "use super::io;", &["run.rs:1: name another module by"]);
    check("src/io/store.rs", "\nuse super::super::run;", &["store.rs:2: name another module by"]);
    check("src/io.rs", "use crate::{run, project};", &["name another module by"]);
    check("src/check.rs", "use dfdx::prelude::*;", &["`dfdx` belongs in src/engine"]);
    check("src/session.rs", "fn f(ctx: &egui::Context) {}", &["`egui` belongs in src/ui"]);
    check("src/ui/app.rs", "let a = egui::Color32::RED;", &["`RED` is a colour of its own"]);

    check("src/io/store.rs", "pub(super) use super::run_files;", &[]);
    check("src/engine/network.rs", "use dfdx::prelude::*;", &[]);
    check("src/run.rs", "/// dfdx::Tensor\nfn dfdx_sees() { let egui = 1; }", &[]);
    check("src/ui/app.rs", "let a = Color32::WHITE; let b: Color32 = tokens.accent;", &[]);
}

#[test]
fn pages_and_texts_that_break_a_rule_are_found() {
    assert!(
        length_error("src/a.rs", &"\n".repeat(MOST_LINES + 1)).is_some_and(|error| error.contains("601"))
    );
    assert_eq!(length_error("src/a.rs", &"\n".repeat(MOST_LINES)), None);

    let page = "`src/gone.rs`, `src/here.rs`, `gone.rs`, `src/NAME.rs`, `scripts/run it`";
    check(&missing_files(page, |name| name == "src/here.rs"), &["src/gone.rs does not exist"]);

    for folder in ["home", "root", "work"] {
        check(
            &machine_paths("a.md", &format!("fine\nsee /{folder}/x")),
            &["a.md: a path of one machine: see"],
        );
    }
    check(&machine_paths("a.md", "the workroot, home/x, https://a.b/c"), &[]);
}
