//! The rules a file of the library has to keep.

use super::lexer::{Kind, Token, matching, tokens, without_tests};

/// Each room and the rooms it may use; `ARCHITECTURE.md` shows the same table.
pub const ROOMS: [(&str, &[&str]); 11] = [
    ("project", &[]),
    ("check", &["project"]),
    ("dataset", &["project"]),
    ("run", &["project"]),
    ("figure", &[]),
    ("analysis", &[]),
    ("engine", &["project", "check", "dataset", "run"]),
    ("io", &["project", "run", "figure", "analysis"]),
    ("session", &["project", "check", "dataset", "run", "analysis", "engine", "io"]),
    ("cli", &["project", "check", "dataset", "run", "figure", "analysis", "engine", "io", "session"]),
    ("ui", &["project", "check", "dataset", "run", "figure", "analysis", "engine", "io", "session"]),
];

/// Crates that belong to some files alone: their first letters, and where they may be named.
const CRATES: [(&[&str], &[&str]); 3] = [
    (&["dfdx"], &["src/engine.rs", "src/engine/"]),
    (&["rfd"], &["src/ui/dialogs.rs"]),
    (&["egui", "eframe"], &["src/ui.rs", "src/ui/"]),
];
/// Where colours are chosen.
const COLOURS: [&str; 2] = ["src/figure/palette.rs", "src/ui/theme.rs"];
/// Where numbers become colours: a colour of the palette, the pixels of a sample.
const CONVERTERS: [&str; 2] = ["src/ui/plots.rs", "src/ui/plots/picture.rs"];
/// egui's colours that are none: to tint with, to mask with.
const NEUTRAL: [&str; 4] = ["WHITE", "BLACK", "TRANSPARENT", "PLACEHOLDER"];
const UNSAFE: [&str; 2] = ["src/engine/kernels.rs", "src/engine/kernels/"];
const MOST_LINES: usize = 600;
/// How many lines above `unsafe` its reason may stand.
const REACH: usize = 3;

/// The module path of a file: `src/io/store.rs` is `["io", "store"]`.
pub fn module_path(file: &str) -> Vec<&str> {
    let path = file.strip_prefix("src/").unwrap_or(file);
    let path = path.strip_suffix("/mod.rs").or_else(|| path.strip_suffix(".rs")).unwrap_or(path);
    path.split('/').filter(|part| !matches!(*part, "lib" | "main")).collect()
}

/// What is wrong with a file, line by line. `is_test`: it is compiled for tests only.
pub fn violations(file: &str, source: &str, is_test: bool) -> Vec<String> {
    let all = tokens(source);
    let (kept, _) = without_tests(&all);
    let code = if is_test { &[][..] } else { &kept[..] };
    let mut found = Vec::new();
    let mut tell = |line: usize, what: String| found.push(format!("{file}:{line}: {what}"));

    let lines = source.lines().count();
    if lines > MOST_LINES {
        tell(lines, format!("{lines} lines; a file is one idea, at most {MOST_LINES} lines"));
    }
    if let Some((room, may_use)) = room(file) {
        for (line, other) in rooms_used(&module_path(file), code) {
            if other != room && !may_use.contains(&other) {
                tell(line, format!("`{room}` may not use `{other}`"));
            }
        }
    }
    for (starts, places) in CRATES {
        for (index, token) in all.iter().enumerate().filter(|(_, token)| token.kind == Kind::Word) {
            let names = |start: &&str| token.text == *start || token.text.starts_with(&format!("{start}_"));
            // `dfdx_sees_…` is a function of ours, `egui_plot` a crate of theirs.
            let is_crate = starts.iter().any(names) && is_extern(&all, index);
            if is_crate && !is_in(file, places) {
                tell(token.line, format!("`{}` belongs in {} alone", token.text, places.join(", ")));
            }
        }
    }
    colours(file, code, &mut tell);
    let source: Vec<&str> = source.lines().collect();
    for token in all.iter().filter(|token| token.is("unsafe")) {
        if !is_in(file, &UNSAFE) {
            tell(token.line, "`unsafe` belongs in engine/kernels alone".to_owned());
        }
        let above = &source[token.line.saturating_sub(REACH + 1)..token.line.min(source.len())];
        if !above.iter().any(|line| line.contains("// SAFETY:") || line.contains("/// # Safety")) {
            tell(token.line, "`unsafe` without a SAFETY comment right above".to_owned());
        }
    }
    for three in code.windows(3) {
        if three[0].is(".") && (three[1].is("unwrap") || three[1].is("expect")) && three[2].is("(") {
            tell(three[1].line, format!("`{}` outside tests", three[1].text));
        }
    }
    found
}

/// Paths that exist on one machine only.
pub fn machine_paths(file: &str, text: &str) -> Vec<String> {
    let paths = ["home", "root", "work", "Users"].map(|folder| format!("/{folder}/"));
    let names = |line: &str| paths.iter().any(|path| line.contains(path));
    let lines = text.lines().enumerate().filter(|(_, line)| names(line));
    lines
        .map(|(index, line)| format!("{file}:{}: a path of one machine: {}", index + 1, line.trim()))
        .collect()
}

fn room(file: &str) -> Option<(&'static str, &'static [&'static str])> {
    let first = *module_path(file).first()?;
    ROOMS.into_iter().find(|(room, _)| *room == first)
}

fn is_in(file: &str, places: &[&str]) -> bool {
    places.iter().any(|place| file == *place || (place.ends_with('/') && file.starts_with(place)))
}

/// Whether a word names a crate: a path begins with it, or `use` imports it.
fn is_extern(tokens: &[Token], index: usize) -> bool {
    let before = |sign: &str| index.checked_sub(1).is_some_and(|index| tokens[index].is(sign));
    let begins = tokens.get(index + 1).is_some_and(|next| next.is("::")) && !before("::");
    begins || before("use") || before("crate")
}

/// Rooms named by `crate::room`, `crate::{room, …}` and as many `super` as lead to the root of the crate.
fn rooms_used<'a>(module: &[&str], code: &'a [Token]) -> Vec<(usize, &'a str)> {
    let is_room = |name: &str| ROOMS.iter().any(|(room, _)| *room == name);
    let mut found = Vec::new();
    // Depths of the braces of inline modules that are open.
    let (mut depth, mut modules) = (0, Vec::new());
    let mut index = 0;
    while index < code.len() {
        let token = &code[index];
        if token.is("mod") && code.get(index + 2).is_some_and(|token| token.is("{")) {
            modules.push(depth + 1);
        }
        if token.is("{") {
            depth += 1;
        } else if token.is("}") {
            modules.retain(|module| *module != depth);
            depth -= 1;
        }
        let mut up = 0;
        let mut next = index;
        while code.get(next).is_some_and(|token| token.is("super"))
            && code.get(next + 1).is_some_and(|token| token.is("::"))
        {
            (up, next) = (up + 1, next + 2);
        }
        let from_root = up > 0 && up == module.len() + modules.len();
        if token.is("crate") && code.get(index + 1).is_some_and(|token| token.is("::")) {
            next = index + 2;
        } else if !from_root {
            index = next.max(index + 1);
            continue;
        }
        let group = code.get(next).is_some_and(|token| token.is("{"));
        let names = if group { group_heads(code, next) } else { code.get(next).into_iter().collect() };
        found.extend(
            names.into_iter().filter(|name| is_room(&name.text)).map(|name| (name.line, &*name.text)),
        );
        // What is inside a group of braces is of no further interest, and its braces must stay balanced.
        index = if group { matching(code, next) } else { next };
    }
    found
}

/// The first word of every path of `{a::b, c::{d}, e}`.
fn group_heads(code: &[Token], open: usize) -> Vec<&Token> {
    let end = matching(code, open);
    let mut heads = Vec::new();
    let mut index = open + 1;
    let mut is_head = true;
    while index < end {
        let token = &code[index];
        if token.is("{") {
            index = matching(code, index);
            continue;
        }
        if is_head {
            heads.push(token);
        }
        is_head = token.is(",");
        index += 1;
    }
    heads
}

fn colours(file: &str, code: &[Token], tell: &mut impl FnMut(usize, String)) {
    if COLOURS.contains(&file) {
        return;
    }
    for three in code.windows(3) {
        if !(three[0].is("Color32") && three[1].is("::")) {
            continue;
        }
        let name = &three[2];
        let makes = name.text.starts_with("from_") && !CONVERTERS.contains(&file);
        let is_constant = name.text.chars().all(|c| c.is_ascii_uppercase() || c == '_');
        if makes || (is_constant && !NEUTRAL.contains(&name.text.as_str())) {
            tell(
                name.line,
                format!("a colour of its own, `Color32::{}`; take one of the palette", name.text),
            );
        }
    }
    for token in code {
        let is_hex = |text: &str| text.len() == 6 && text.chars().all(|c| c.is_ascii_hexdigit());
        let literal = match token.kind {
            Kind::Word => token.text == "hex_color" || token.text.strip_prefix("0x").is_some_and(is_hex),
            Kind::Text => token.text.split('#').skip(1).any(|rest| {
                let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
                is_hex(&rest[..end])
            }),
            Kind::Sign => false,
        };
        if literal {
            tell(token.line, format!("a colour of its own, {}; take one of the palette", token.text));
        }
    }
}
