use std::path::Path;

use super::applied::Applied;
use super::args::Traverse;
use super::failure::Failure;
use super::output::{Output, check_files, print_sheet, save_sheet};
use super::reconstruct::{note_channels, note_columns};
use super::sample::check_pictures;
use super::signal::{self, Stage};
use super::write::{line, note};
use crate::io::{Durability, Files, save_picture};
use crate::project::{Shape, format_bytes, terminal_number, visible_path};
use crate::session::{
    CodeSpread, Decoded, LineWords, Painter, Sheet, Steps, TraversalLine, has_only_prior, traversal,
    traversal_of_components,
};

/// Default number of steps over the range of a unit.
const STEPS: usize = 7;
/// Name of a line along a principal component.
const COMPONENT: &str = "component";
/// Default number of lines for a picture code.
const STRONGEST: usize = 24;
/// Most lines that are listed.
const LISTED: usize = 12;
/// The fix if there are too many lines.
const FEWER: &str = "use fewer with --units and --steps";
/// Largest page of pictures in bytes: programs do not open larger ones.
const MOST_PAGE_BYTES: usize = 1 << 30;

/// `hourglass traverse`
pub(super) fn traverse(arguments: &Traverse) -> Result<(), Failure> {
    // Checks the destination before the work.
    let (files, output) = (signal::files(), Output::of_traversal(&arguments.output)?);
    if let Output::Array(path) | Output::Table(path, _) | Output::Picture(path) = &output {
        check_files(&files, &[path], arguments.force)?;
    }
    let applied = Applied::open(&arguments.trained, "traverse")?;
    let painter = Painter::of(&applied.run.design.data.source, &applied.data);
    if let Output::Picture(path) = &output {
        check_pictures(&applied, painter.as_ref(), path)?;
    }
    let mut network = applied.network(arguments.trained.threads)?;
    let codes = applied.codes(&mut network, &applied.fitted_rows()).values;
    let base = match &*arguments.sample {
        "mean" => CodeSpread::of(&codes, applied.code_units()).mean(),
        text => applied.codes(&mut network, &[applied.row(text)?]).values,
    };
    let (name, lines) = lines(&applied, &codes, &base, arguments)?;
    let steps = lines.first().map_or(0, |line| line.values.len());
    applied.check_memory(lines.len() * steps, FEWER)?;
    let mut codes: Vec<f32> = lines.iter().flat_map(|line| line.codes(&base)).collect();
    let values = applied.decoded(&mut network, &mut codes);
    let decoded = Decoded { data: &applied.data, values: &values };
    signal::enter(Stage::Writing);
    match (&output, &painter) {
        (Output::Array(path), _) => {
            decoded.save_array(&files, path, &[lines.len(), steps])?;
            note_columns(&applied.data);
            note_lines(&applied, name, &lines);
        }
        (Output::Picture(path), Some(painter)) => {
            let samples = values.chunks_exact(applied.data.shape.features().max(1)).map(Some);
            note_channels(painter);
            save_page(&files, path, painter, steps, &samples.collect::<Vec<_>>(), FEWER)?;
            note_lines(&applied, name, &lines);
        }
        (Output::Table(path, form), _) => {
            save_sheet(&table(&applied, name, &lines, decoded), &files, path, *form)?;
        }
        (Output::Stdout, _) => print_sheet(&table(&applied, name, &lines, decoded)),
        // `of_traversal` does not return these, and pictures have a painter.
        (Output::Picture(_) | Output::Folder(_) | Output::Weights(_), _) => {}
    }
    if let Output::Array(path) | Output::Table(path, _) | Output::Picture(path) = &output {
        line(visible_path(path));
    }
    Ok(())
}

/// Writes pictures as one, line by line; `remedy` is for a picture that is too large.
pub(super) fn save_page(
    files: &Files,
    path: &Path,
    painter: &Painter<'_>,
    columns: usize,
    tiles: &[Option<&[f32]>],
    remedy: &str,
) -> Result<(), Failure> {
    let shape = painter.page_shape(tiles.len().div_ceil(columns.max(1)), columns);
    let bytes = shape.0.saturating_mul(shape.1).saturating_mul(shape.2);
    if bytes > MOST_PAGE_BYTES {
        return Err(Failure::Problem(format!(
            "{}: a picture of {}×{} pixels takes {}, more than {}; {remedy}",
            visible_path(path),
            shape.1,
            shape.0,
            format_bytes(bytes as u64),
            format_bytes(MOST_PAGE_BYTES as u64)
        )));
    }
    Ok(save_picture(files, path, shape, painter.page(columns, tiles), Durability::Synced)?)
}

/// The names of the lines, and the selected lines.
pub(super) fn lines(
    applied: &Applied,
    codes: &[f32],
    base: &[f32],
    arguments: &Traverse,
) -> Result<(&'static str, Vec<TraversalLine>), Failure> {
    let (kind, units) = (applied.run.design.code.kind, applied.code_units());
    let words = LineWords::of(&kind);
    let (name, is_range) = (words.line, words.is_range);
    let problem =
        |message: String| Failure::Problem(format!("{}: run {}: {message}", applied.name, applied.run.id));
    let steps = arguments.steps.unwrap_or(STEPS);
    if !is_range && arguments.span.is_some() {
        return Err(problem(format!("a {name} of its code has no range; omit --span")));
    }
    // Checked before the codes are created.
    let check_memory = |lines: usize| applied.check_memory(lines.saturating_mul(steps), FEWER);
    if let Some(components) = arguments.components {
        if has_only_prior(&kind) {
            let message = "its code is discrete, so components are not defined; omit --components";
            return Err(problem(message.to_owned()));
        }
        check_memory(components.min(units))?;
        let lines = traversal_of_components((codes, units), components, base, arguments.span, steps);
        return Ok((COMPONENT, lines.map_err(problem)?));
    }
    let spread = CodeSpread::of(codes, units);
    let spread = match arguments.span {
        Some(range) => spread.over(range),
        None => spread,
    };
    let (order, spreads) = spread.parts();
    let asked = asked(applied.code(), order, &words, arguments).map_err(problem)?;
    let numbers = match asked {
        Some(asked) => asked,
        None if is_range => order.to_vec(),
        None => (0..units / words.units.max(1)).collect(),
    };
    if is_range {
        check_memory(numbers.len())?;
        let steps = Steps { values: steps, choices: 0 };
        return Ok((name, traversal(&kind, (&numbers, spreads), &[], &[], steps)));
    }
    let steps = Steps { values: 0, choices: arguments.steps.unwrap_or(usize::MAX) };
    let codebook = applied.array("code.codebook");
    Ok((name, traversal(&kind, (&numbers, spreads), &codebook, applied.shares(), steps)))
}

/// The requested lines of a code of this shape, counted from 0, if these are not all; `order` are
/// its units, with the one that varies most first.
fn asked(
    code: Shape,
    order: &[usize],
    words: &LineWords,
    arguments: &Traverse,
) -> Result<Option<Vec<usize>>, String> {
    let (name, size) = (words.line, words.units.max(1));
    let count = code.features() / size;
    if !arguments.units.is_empty() {
        let find = |number: &usize| {
            let is_there = (1..=count).contains(number);
            let missing = || format!("there is no {name} {number}; its code has {count}, counted from 1");
            is_there.then(|| number - 1).ok_or_else(missing)
        };
        return arguments.units.iter().map(find).collect::<Result<_, _>>().map(Some);
    }
    match (code, arguments.at) {
        (Shape::Vector(_), Some(_)) => {
            Err("its code is a row of units, which have no positions; use --units instead of --at".to_owned())
        }
        (Shape::Image { height, width, .. }, Some([row, column])) => {
            if row > height || column > width {
                let size = format!("its code has {height} rows and {width} columns, counted from 1");
                return Err(format!("there is no row {row}, column {column}; {size}"));
            }
            let at = code.units_at((row - 1) * width + column - 1);
            Ok(Some((at.start / size..at.end / size).collect()))
        }
        (Shape::Vector(_), None) => Ok(None),
        (Shape::Image { .. }, None) => {
            let mut strongest: Vec<usize> = Vec::new();
            for number in order.iter().map(|unit| unit / size) {
                if strongest.len() < STRONGEST && !strongest.contains(&number) {
                    strongest.push(number);
                }
            }
            if strongest.len() < count {
                let shown = strongest.len();
                note(format_args!(
                    "note: showing {shown} of {count} lines, those that vary most; --at or --units choose \
                     others"
                ));
            }
            Ok(Some(strongest))
        }
    }
}

/// One row per step of each line.
fn table<'a>(
    applied: &Applied,
    name: &'static str,
    lines: &'a [TraversalLine],
    decoded: Decoded<'a>,
) -> Sheet<'a> {
    let steps: Vec<(usize, f32)> = lines
        .iter()
        .flat_map(|line| line.places.iter().map(move |place| (line.number + 1, *place)))
        .collect();
    let mut sheet = Sheet::new(steps.len());
    let numbers = steps.clone();
    sheet.push(name, move |at| numbers[at].0.to_string());
    let words = LineWords::of(&applied.run.design.code.kind);
    if let (Shape::Image { width, channels, .. }, true) = (applied.code(), name != COMPONENT) {
        let units: Vec<usize> = steps.iter().map(|(number, _)| (number - 1) * words.units).collect();
        let (channels, width) = (channels.max(1), width.max(1));
        for (axis, each, most) in
            [("channel", 1, channels), ("row", channels * width, usize::MAX), ("column", channels, width)]
        {
            let units = units.clone();
            sheet.push(axis, move |at| (units[at] / each % most + 1).to_string());
        }
    }
    let place = if name == COMPONENT { "place" } else { words.place };
    sheet.push(place, move |at| steps[at].1.to_string());
    decoded.add_columns(&mut sheet);
    sheet
}

/// Reports which line is which, if the file does not.
fn note_lines(applied: &Applied, name: &str, lines: &[TraversalLine]) {
    let words = LineWords::of(&applied.run.design.code.kind);
    let number = |line: &TraversalLine| match applied.code() {
        Shape::Image { .. } if name != COMPONENT => words.name(applied.code(), line.number),
        Shape::Image { .. } | Shape::Vector(_) => (line.number + 1).to_string(),
    };
    let ends = |line: &TraversalLine| {
        let ends = line.places.first().zip(line.places.last());
        let ends = ends.map_or_else(String::new, |(low, high)| {
            let [low, high] = [low, high].map(|end| terminal_number(f64::from(*end)));
            format!(" ({low} to {high})")
        });
        format!("{}{ends}", number(line))
    };
    let listed: Vec<String> = lines.iter().take(LISTED).map(ends).collect();
    let more = if lines.len() > LISTED { ", …" } else { "" };
    note(format_args!("note: its lines are each {name} over its range: {}{more}", listed.join(", ")));
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::project::Bottleneck;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        traverse: Traverse,
    }

    #[test]
    fn lines_of_codes_that_are_pictures_are_chosen_by_position_or_are_few() {
        // 5 rows of 6 columns with 4 channels; the last unit varies most.
        let picture = Shape::Image { height: 5, width: 6, channels: 4 };
        let order: Vec<usize> = (0..120).rev().collect();
        let of = |code: Shape, kind: Bottleneck, arguments: &[&str]| {
            let line = Line::parse_from([&["traverse", "a.hourglass", "-o", "-"], arguments].concat());
            asked(code, &order, &LineWords::of(&kind), &line.traverse)
        };
        let plain = |code, arguments: &[&str]| of(code, Bottleneck::Plain, arguments);
        let row = Shape::Vector(120);
        assert_eq!(plain(row, &[]), Ok(None));
        assert_eq!(plain(row, &["--units", "3,1"]), Ok(Some(vec![2, 0])));
        assert!(plain(row, &["--at", "1,1"]).is_err_and(|error| error.contains("use --units")));
        assert_eq!(plain(picture, &[]), Ok(Some((96..120).rev().collect())));
        assert_eq!(plain(picture, &["--at", "2,3"]), Ok(Some(vec![32, 33, 34, 35])));
        let beyond = plain(picture, &["--at", "6,1"]);
        assert!(beyond.is_err_and(|error| error.contains("no row 6, column 1; its code has 5 rows")));
        assert!(plain(picture, &["--units", "121"]).is_err_and(|error| error.contains("no unit 121")));
        let quantisers = Bottleneck::DescriptionLength { choices: 2, width: 0.1, temperature: 1.0 };
        assert_eq!(of(picture, quantisers, &["--at", "1,2"]), Ok(Some(vec![2, 3])));
        assert_eq!(of(picture, quantisers, &[]), Ok(Some((36..60).rev().collect())));
    }
}
