//! The documents for readers: every command in them runs, every picture is drawn by a test, every
//! link has a target, and every page begins with the reader's goal.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Maximum length of a line of prose, in characters.
const PROSE: usize = 100;
/// Pages with their maximum numbers of lines.
const LENGTHS: [(&str, usize); 2] = [("README.md", 150), ("ARCHITECTURE.md", 250)];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every page, as its path from the root and its text.
fn pages() -> Vec<(String, String)> {
    let docs = fs::read_dir(root().join("docs")).expect("docs").flatten();
    let docs = docs.filter(|entry| entry.path().extension().is_some_and(|ending| ending == "md"));
    let mut names: Vec<String> =
        docs.map(|entry| format!("docs/{}", entry.file_name().to_string_lossy())).collect();
    names.extend(["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(str::to_owned));
    names.sort();
    let read = |name: String| {
        let text = fs::read_to_string(root().join(&name)).expect("a page");
        (name, text)
    };
    names.into_iter().map(read).collect()
}

/// Runs the program in a folder.
fn hourglass(dir: &Path, arguments: &[String]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hourglass"));
    let command = command.args(arguments).current_dir(dir).env_remove("RUST_LOG");
    let state = command.env("HOURGLASS_STATE", dir.join("state"));
    state.env("HOURGLASS_CONFIG", dir.join("config")).output().expect("started")
}

fn tell(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[track_caller]
fn none(errors: &[String]) {
    assert!(errors.is_empty(), "\n{}", errors.join("\n"));
}

/// The files that the commands in the pages use as the reader's own.
fn make_data(dir: &Path) {
    let picture = |seed: usize| {
        let pixel = |at: usize| ((at * (seed + 3)) % 251) as u8;
        [&b"P6 20 16 255\n"[..], &(0..20 * 16 * 3).map(pixel).collect::<Vec<u8>>()].concat()
    };
    for (folder, count) in [("photos/cats", 12), ("photos/dogs", 12), ("more-photos", 3)] {
        let folder = dir.join(folder);
        fs::create_dir_all(&folder).expect("made");
        for number in 0..count {
            fs::write(folder.join(format!("{number}.ppm")), picture(number)).expect("written");
        }
    }
    let value = |row: usize, column: usize| ((row * 7 + column * 13) % 29) as f32 / 29.0;
    let row = |row: usize| (0..5).map(|column| value(row, column).to_string()).collect::<Vec<_>>().join(",");
    let state = |row: usize| if row.is_multiple_of(9) { "broken" } else { "fine" };
    let machine = |rows: usize| {
        let rows = (0..rows).map(|number| format!("{},{}\n", row(number), state(number)));
        "a,b,c,d,e,state\n".to_owned() + &rows.collect::<String>()
    };
    fs::write(dir.join("machine.csv"), machine(120)).expect("written");
    fs::write(dir.join("new.csv"), machine(40)).expect("written");
    let rows = (0..120).map(|number| format!("{},{}", state(number), row(number)));
    fs::write(dir.join("t.csv"), rows.collect::<Vec<_>>().join("\n")).expect("written");
}

/// The commands of the program in the indented blocks of a page, without comments.
fn commands(page: &str) -> Vec<&str> {
    let lines = page.lines().filter_map(|line| line.strip_prefix("    "));
    let lines = lines.filter(|line| line.starts_with("hourglass "));
    lines.map(|line| line.split(" #").next().unwrap_or(line).trim_end()).collect()
}

/// The words of a command line after the first; a quoted text is one word.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            c => words.last_mut().expect("one").push(c),
        }
    }
    words.into_iter().filter(|word| !word.is_empty()).skip(1).collect()
}

#[test]
fn the_commands_of_every_page_run_one_after_the_other() {
    let mut count = 0;
    for (name, page) in pages() {
        let commands = commands(&page);
        if commands.is_empty() {
            continue;
        }
        let dir = tempfile::tempdir().expect("a folder");
        make_data(dir.path());
        for line in commands {
            let mut arguments = words(line);
            if arguments[0] == "bench" {
                arguments.extend(["--steps".to_owned(), "1".to_owned()]);
            }
            let output = hourglass(dir.path(), &arguments);
            assert!(output.status.success(), "{name}: {line}\n{}", tell(&output));
            count += 1;
        }
    }
    assert!(count > 20, "only {count} commands were found");
}

#[test]
fn the_design_of_the_page_is_valid() {
    let page = fs::read_to_string(root().join("docs/files.md")).expect("the page");
    let example = page.split("```ron\n").nth(1).and_then(|rest| rest.split("```").next());
    let dir = tempfile::tempdir().expect("a folder");
    fs::write(dir.path().join("example.ron"), example.expect("an example")).expect("written");
    let output = hourglass(dir.path(), &words("hourglass check example.ron"));
    let said = String::from_utf8(output.stdout).expect("text");
    assert!(said.starts_with("ok: 8×8 grey pictures, code of 8 numbers"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}

/// The names of all recipes.
fn recipes() -> Vec<String> {
    let listed = tell(&hourglass(root(), &words("hourglass recipes")));
    listed.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

#[test]
fn the_page_of_recipes_lists_every_recipe() {
    let page = fs::read_to_string(root().join("docs/recipes.md")).expect("the page");
    let recipes = recipes();
    let missing = recipes.iter().filter(|name| !page.contains(&format!("{name}.png) | `{name}` | ")));
    none(&missing.map(|name| format!("docs/recipes.md: no row for {name}")).collect::<Vec<_>>());
    let rows = page.lines().filter(|line| line.starts_with("| ![")).count();
    assert_eq!(rows, recipes.len());
}

/// Pictures that a test draws and compares: those of the window, and one per recipe.
fn drawn() -> BTreeSet<PathBuf> {
    let test = fs::read_to_string(root().join("tests/snapshots.rs")).expect("the test");
    let names = test.split("check(&mut window, \"").skip(1).filter_map(|rest| rest.split('"').next());
    let mut drawn: BTreeSet<PathBuf> =
        names.map(|name| root().join("tests/snapshots").join(name).with_extension("png")).collect();
    drawn.extend(
        recipes().into_iter().map(|name| root().join("assets/recipes").join(name).with_extension("png")),
    );
    drawn
}

#[test]
fn every_picture_of_a_page_is_drawn_by_a_test() {
    let drawn = drawn();
    let mut errors = Vec::new();
    let mut count = 0;
    for (name, page) in pages() {
        for link in links(&page).into_iter().filter(|link| link.is_picture) {
            count += 1;
            let path = root().join(&name).parent().expect("a folder").join(&link.target);
            let path = path.canonicalize().unwrap_or(path);
            if !path.exists() || !drawn.contains(&path) {
                errors.push(format!("{name}: no test draws {}", link.target));
            }
        }
    }
    none(&errors);
    assert!(count > 0, "no picture was found");
}

#[test]
fn every_link_between_pages_leads_somewhere() {
    let mut errors = Vec::new();
    let mut count = 0;
    for (name, page) in pages() {
        for link in links(&page).into_iter().filter(|link| !link.target.contains("://")) {
            count += 1;
            let (path, anchor) = link.target.split_once('#').unwrap_or((&link.target, ""));
            let file = if path.is_empty() {
                root().join(&name)
            } else {
                root().join(&name).parent().expect("a folder").join(path)
            };
            let text = fs::read_to_string(&file).unwrap_or_default();
            if !file.exists() {
                errors.push(format!("{name}: there is no {path}"));
            } else if !anchor.is_empty() && !anchors(&text).contains(anchor) {
                errors.push(format!("{name}: {path} has no heading #{anchor}"));
            }
        }
    }
    none(&errors);
    assert!(count > 20, "only {count} links were found");
}

#[test]
fn pages_are_short_and_begin_with_what_a_reader_wants_to_do() {
    let pages = pages();
    let readme = &pages.iter().find(|(name, _)| name == "README.md").expect("there").1;
    let mut errors = Vec::new();
    for (name, page) in &pages {
        let prose = prose(page);
        let long = prose.iter().filter(|(_, line)| line.chars().count() > PROSE && !line.contains("://"));
        errors.extend(long.map(|(number, _)| format!("{name}:{number}: more than {PROSE} columns")));
        let lines = page.lines().count();
        let most = LENGTHS.iter().find(|(long, _)| long == name).map_or(usize::MAX, |(_, most)| *most);
        if lines > most {
            errors.push(format!("{name}: {lines} lines, at most {most}"));
        }
        if name.starts_with("docs/") {
            let begins = page.lines().find(|line| line.starts_with("| ") || line.starts_with("## "));
            if !begins.is_some_and(|line| line.starts_with("| to … |")) {
                errors.push(format!("{name}: its first table is not \"to … | go to\""));
            }
            if !readme.contains(&format!("({name}")) {
                errors.push(format!("README.md: no link to {name}"));
            }
        }
    }
    none(&errors);
}

/// Lines of prose with their numbers, excluding tables, code and picture lines.
fn prose(page: &str) -> Vec<(usize, &str)> {
    let mut fenced = false;
    let mut lines = Vec::new();
    for (at, line) in page.lines().enumerate() {
        if line.starts_with("```") {
            fenced = !fenced;
        } else if !fenced && !["|", "    ", "!["].iter().any(|start| line.starts_with(start)) {
            lines.push((at + 1, line));
        }
    }
    lines
}

struct Link {
    target: String,
    is_picture: bool,
}

/// The links of a page outside code.
fn links(page: &str) -> Vec<Link> {
    let fences = page.split("```").step_by(2);
    let code = |line: &&str| !line.starts_with("    ");
    let text: Vec<&str> = fences.flat_map(str::lines).filter(code).collect();
    let text = text.join("\n");
    let outside: String = text.split('`').step_by(2).collect::<Vec<_>>().join("`");
    let mut links = Vec::new();
    let mut rest = outside.as_str();
    while let Some((before, after)) = rest.split_once("](") {
        let Some((target, next)) = after.split_once(')') else { break };
        let is_picture = before.rsplit_once('[').is_some_and(|(start, _)| start.ends_with('!'));
        links.push(Link { target: target.to_owned(), is_picture });
        rest = next;
    }
    links
}

/// The anchors of a page's headings, as generated by GitHub.
fn anchors(page: &str) -> BTreeSet<String> {
    let mut anchors = BTreeSet::new();
    for line in page.split("```").step_by(2).flat_map(str::lines).filter(|line| line.starts_with('#')) {
        let letter = |c: char| match c {
            ' ' => Some('-'),
            c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c),
            _ => None,
        };
        let title = line.trim_start_matches('#').trim().to_lowercase();
        let anchor: String = title.chars().filter_map(letter).collect();
        let mut numbered = anchor.clone();
        let mut number = 1;
        while anchors.contains(&numbered) {
            numbered = format!("{anchor}-{number}");
            number += 1;
        }
        anchors.insert(numbered);
    }
    anchors
}

#[test]
fn links_headings_and_commands_are_found_in_a_page() {
    let page = "# To add a …\n\n## A `b`, c\n## A b c\n[x](y.md#z) `[no](no)` ![p](q.png)\n\n    [no](no)\n\
                ```\n# no\n[no](no)\n```\n[an\nother](w)\n";
    let found: Vec<(String, bool)> =
        links(page).into_iter().map(|link| (link.target, link.is_picture)).collect();
    let expected = [("y.md#z", false), ("q.png", true), ("w", false)];
    assert_eq!(found, expected.map(|(target, is_picture)| (target.to_owned(), is_picture)));
    let expected = ["a-b-c", "a-b-c-1", "to-add-a-"].map(str::to_owned);
    assert_eq!(anchors(page), expected.into());

    assert_eq!(commands("x\n\n    hourglass a  # b\n    cargo c\n  hourglass d\n"), ["hourglass a"]);
    assert_eq!(words("hourglass a \"b c=d\"  e"), ["a", "b c=d", "e"]);
    let long = "x".repeat(PROSE + 1);
    assert_eq!(prose(&format!("| {long}\n```\n{long}\n```\n{long}")), [(5, long.as_str())]);
}
