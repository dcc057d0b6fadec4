//! What `ARCHITECTURE.md` promises, checked against the sources: who may use whom, and what must not be where.

#[path = "architecture/lexer.rs"]
mod lexer;
#[path = "architecture/rules.rs"]
mod rules;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use rules::{ROOMS, machine_paths, module_path, violations};

/// Every file below a folder of the project with one of the endings: its path from the root, with `/`, and its text.
fn files(folder: &str, endings: &[&str]) -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = BTreeMap::new();
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

fn root_file(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).expect(name)
}

/// Module paths of files that are compiled for tests only.
fn test_modules(sources: &BTreeMap<String, String>) -> BTreeSet<Vec<String>> {
    let mut found = BTreeSet::new();
    for (file, source) in sources {
        let (_, names) = lexer::without_tests(&lexer::tokens(source));
        for name in names {
            let mut path: Vec<String> = module_path(file).into_iter().map(str::to_owned).collect();
            path.push(name);
            found.insert(path);
        }
    }
    found
}

#[test]
fn the_sources_keep_the_rules() {
    let sources = files("src", &["rs"]);
    assert!(sources.len() > 50, "the sources were not found");
    let tests = test_modules(&sources);
    let mut found = Vec::new();
    for (file, source) in &sources {
        let path = module_path(file);
        let is_test = (1..=path.len())
            .any(|end| tests.contains(&path[..end].iter().map(|&part| part.to_owned()).collect::<Vec<_>>()));
        found.extend(violations(file, source, is_test));
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn every_room_is_in_the_table_and_says_what_it_is() {
    let library = lexer::tokens(&root_file("src/lib.rs"));
    let rooms: BTreeSet<&str> = library
        .windows(3)
        .filter(|three| three[0].is("mod") && three[2].is(";"))
        .map(|three| three[1].text.as_str())
        .collect();
    assert_eq!(rooms, ROOMS.iter().map(|(room, _)| *room).collect());
    for room in rooms {
        assert!(root_file(&format!("src/{room}.rs")).starts_with("//! "), "{room} does not say what it is");
    }
}

/// The rows of the first table whose last column is called `may use`: a room, and the rooms in its last cell.
fn table(markdown: &str) -> BTreeMap<String, BTreeSet<String>> {
    let lines = markdown.lines().skip_while(|line| !line.trim_end().ends_with("| may use |"));
    let rows = lines.skip(2).take_while(|line| line.starts_with('|'));
    let names = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    rows.filter_map(|row| {
        let cells: Vec<&str> = row.trim().trim_matches('|').split('|').collect();
        Some((names(cells.first()?).first()?.clone(), names(cells.last()?).into_iter().collect()))
    })
    .collect()
}

#[test]
fn the_page_shows_the_same_table() {
    let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<BTreeSet<_>>();
    let expected = ROOMS.iter().map(|(room, may_use)| ((*room).to_owned(), owned(may_use))).collect();
    assert_eq!(table(&root_file("ARCHITECTURE.md")), expected);
}

#[test]
fn the_table_has_no_circle() {
    let mut known: BTreeSet<&str> = BTreeSet::new();
    for (room, may_use) in ROOMS {
        assert!(may_use.iter().all(|other| known.contains(other)), "{room} uses what comes after it");
        known.insert(room);
    }
}

#[test]
fn files_named_on_the_pages_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut missing = Vec::new();
    for page in ["ARCHITECTURE.md", "README.md"] {
        for name in root_file(page).split('`').skip(1).step_by(2) {
            let looks = ["src/", "tests/", "scripts/", "benches/", "assets/"]
                .iter()
                .any(|start| name.starts_with(start));
            let is_path = looks && !name.contains(char::is_whitespace) && !name.contains("NAME");
            if is_path && !root.join(name).exists() {
                missing.push(format!("{page}: {name}"));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn no_file_knows_the_machine_it_was_written_on() {
    let mut texts = BTreeMap::new();
    for folder in ["src", "tests", "benches", "scripts"] {
        texts.extend(files(folder, &["rs", "sh", "py", "md", "toml"]));
    }
    for name in ["README.md", "ARCHITECTURE.md", "Cargo.toml"] {
        texts.insert(name.to_owned(), root_file(name));
    }
    let found: Vec<String> = texts.iter().flat_map(|(file, text)| machine_paths(file, text)).collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

/// Checks that a source in that file breaks just the rules whose words are given.
#[track_caller]
fn check(file: &str, source: &str, expected: &[&str]) {
    let found = violations(file, source, false);
    assert_eq!(found.len(), expected.len(), "{source}\n{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.contains(expected), "{found:?} does not say {expected:?}");
    }
}

#[test]
fn a_room_that_is_used_against_the_table_is_seen() {
    let (project, store) = ("src/project/layer.rs", "src/io/store.rs");
    check(project, "use crate::check::Plan;", &["layer.rs:1: `project` may not use `check`"]);
    check(project, "\n\nfn f() { crate::engine::facts(); }", &["layer.rs:3: `project` may not use `engine`"]);
    check(store, "use crate::{run::Run, ui, project::{Layer, check}};", &["`io` may not use `ui`"]);
    check("src/run.rs", "use super::dataset;", &["`run` may not use `dataset`"]);
    check(store, "use super::super::engine::Trainer;", &["`io` may not use `engine`"]);
    check(store, "mod inner { use super::super::super::cli; }", &["`io` may not use `cli`"]);
    check(store, "mod inner { fn f() {} } use super::super::cli;", &["`io` may not use `cli`"]);
    check("src/cli.rs", "use crate::ui;", &["`cli` may not use `ui`"]);

    check(project, "use crate::project::Shape; use super::Shape;", &[]);
    check(store, "use crate::run::Run; use super::check::it; use super::super::figure;", &[]);
    check(
        project,
        "// crate::check\n/* crate::ui /* twice */ crate::ui */ /// [`crate::check`]\nstruct A;",
        &[],
    );
    check(
        project,
        r##"const A: &str = "crate::ui"; const B: &str = r#"" crate::ui"#; const C: char = '"';"##,
        &[],
    );
    check(
        project,
        "#[cfg(test)]\nmod tests { use crate::check::plan; fn f() { a.unwrap(); } }\nstruct A;",
        &[],
    );
    check(project, "#[cfg(test)] mod tests { fn f() { {} } } use crate::ui;", &["may not use `ui`"]);
    check(project, "#[cfg(not(test))] use crate::ui;", &["may not use `ui`"]);
}

#[test]
fn a_crate_outside_its_room_is_seen() {
    check("src/check.rs", "use dfdx::prelude::*;", &["`dfdx` belongs"]);
    check("src/run.rs", "#[cfg(test)] mod tests { use dfdx::prelude::*; }", &["`dfdx` belongs"]);
    check("src/session.rs", "fn f(ctx: &egui::Context) {}", &["`egui` belongs"]);
    check("src/figure.rs", "use egui_plot::Line;", &["`egui_plot` belongs"]);
    check("src/cli.rs", "eframe::run_native();", &["`eframe` belongs"]);
    check("src/ui/files.rs", "rfd::FileDialog::new();", &["`rfd` belongs"]);
    check("src/engine/network.rs", "use dfdx::prelude::*;", &[]);
    check("src/ui/dialogs.rs", "use rfd::FileDialog; use egui::Ui;", &[]);
    check("src/run.rs", "/// dfdx::Tensor\nfn dfdx_sees() { let egui = 1; }", &[]);
}

#[test]
fn a_colour_of_ones_own_is_seen() {
    let file = "src/ui/panels/loss.rs";
    check(file, "let a = Color32::from_rgb(1, 2, 3);", &["from_rgb"]);
    check(file, "let a = egui::Color32::RED;", &["RED"]);
    check(file, "let a = 0xFF8800;", &["0xFF8800"]);
    check("src/io/export.rs", "let a = \"fill='#a1b2c3'\";", &["#a1b2c3"]);
    check(
        file,
        "let a = Color32::WHITE; let b: Color32 = tokens.accent; let c = 0xFF; let d = \"# heading\";",
        &[],
    );
    check("src/ui/theme.rs", "let a = Color32::from_rgb(1, 2, 3);", &[]);
    check("src/figure/palette.rs", "let a = 0xFF8800;", &[]);
    check("src/ui/plots.rs", "Color32::from_rgb(r, g, b)", &[]);
}

#[test]
fn unsafe_without_a_reason_or_out_of_place_is_seen() {
    let file = "src/engine/kernels/dense.rs";
    check(file, "fn f() { unsafe { g() } }", &["SAFETY"]);
    check(file, "// SAFETY: far away\n\n\n\n\nunsafe { g() }", &["SAFETY"]);
    check("src/run.rs", "// SAFETY: fine\nunsafe { g() }", &["engine/kernels alone"]);
    check(file, "// SAFETY: fine\nlet a =\n    unsafe { g() };", &[]);
    check(file, "/// # Safety\n/// Only once.\nunsafe fn f() {}", &[]);
    check(file, "#![deny(unsafe_op_in_unsafe_fn)]\n// unsafe\nconst A: &str = \"unsafe\";", &[]);
}

#[test]
fn what_panics_and_what_is_too_long_is_seen() {
    let file = "src/io.rs";
    check(file, "fn f() {\n a.unwrap(); b.expect(\"c\"); }", &["io.rs:2: `unwrap`", "`expect`"]);
    check(file, "#[expect(dead_code)] fn f() { a.unwrap_or(1); a.unwrap_or_default(); }", &[]);
    check(file, "#[cfg(test)] mod tests { fn f() { a.unwrap() } }", &[]);
    assert_eq!(violations(file, "fn f() { a.unwrap() }", true), [""; 0]);
    check(file, &"\n".repeat(601), &["601 lines"]);
    check(file, &"\n".repeat(600), &[]);
}

#[test]
fn a_path_of_a_machine_is_seen() {
    for folder in ["home", "root", "work"] {
        assert_eq!(machine_paths("a.md", &format!("fine\nsee /{folder}/x")).len(), 1);
    }
    assert_eq!(machine_paths("a.md", "the workroot, home/x, https://a.b/c"), [""; 0]);
}

#[test]
fn a_table_is_read() {
    let page =
        "| a | may use |\n|---|---|\n| `io` | `run`, `project` |\n| `run` | nothing |\n\n| `no` | `x` |\n";
    let set = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<BTreeSet<_>>();
    let expected = [("io".to_owned(), set(&["run", "project"])), ("run".to_owned(), set(&[]))];
    assert_eq!(table(page), BTreeMap::from(expected));
}
