//! The numbers of a figure as a table.

use std::collections::HashSet;

use super::bars::Bars;
use super::form::FigureError;
use super::lines::Lines;
use super::panels::Panels;
use super::scatter::{Coloring, Scatter};
use super::tiles::Tiles;
use super::{Drawing, Figure};

/// A table of texts.
#[derive(Default)]
struct Table {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// The numbers of a figure as CSV, in full precision below a header. Numbers that are not finite
/// are `NaN` or `inf`; missing ones are empty.
///
/// # Errors
/// [`FigureError`] if the table cannot be encoded.
pub fn csv(figure: &Figure) -> Result<Vec<u8>, FigureError> {
    let table = table(&figure.drawing);
    let failed = |error: &dyn std::error::Error| FigureError::Encoder(error.to_string());
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in std::iter::once(&table.header).chain(&table.rows) {
        writer.write_record(row).map_err(|error| failed(&error))?;
    }
    writer.into_inner().map_err(|error| failed(&error))
}

fn table(drawing: &Drawing) -> Table {
    let mut table = match drawing {
        Drawing::Lines(lines) => of_lines(lines),
        Drawing::Scatter(scatter) => of_scatter(scatter),
        Drawing::Bars(bars) => of_bars(bars),
        Drawing::Tiles(tiles) => of_tiles(tiles),
        Drawing::Panels(panels) => of_panels(panels),
    };
    make_unique(&mut table.header);
    table
}

/// Numbers duplicate names: curves, columns and values can have any name.
fn make_unique(names: &mut [String]) {
    let mut taken: HashSet<String> = HashSet::new();
    for name in names {
        let (own, mut number) = (name.clone(), 1);
        while !taken.insert(name.clone()) {
            number += 1;
            *name = format!("{own} ({number})");
        }
    }
}

/// One row per value of x, one column per curve.
fn of_lines(lines: &Lines) -> Table {
    let mut columns: Vec<(String, &[[f64; 2]])> = Vec::new();
    for series in &lines.series {
        columns.push((series.name.clone(), &series.points));
        if !series.smooth.is_empty() {
            columns.push((format!("{} (smoothed)", series.name), &series.smooth));
        }
    }
    let mut xs: Vec<f64> =
        columns.iter().flat_map(|(_, points)| points.iter().map(|point| point[0])).collect();
    xs.sort_by(f64::total_cmp);
    xs.dedup();
    let mut places = vec![0; columns.len()];
    let rows = xs.iter().map(|x| {
        let values = columns.iter().zip(&mut places).map(|((_, points), place)| {
            let skipped = points.iter().skip(*place).take_while(|point| point[0] < *x).count();
            *place += skipped;
            match points.get(*place) {
                Some(point) if point[0] == *x => number(point[1]),
                Some(_) | None => String::new(),
            }
        });
        std::iter::once(number(*x)).chain(values).collect()
    });
    let rows = rows.collect();
    let names = columns.iter().map(|(name, _)| name.clone());
    Table { header: std::iter::once(named(&lines.x.label, "x")).chain(names).collect(), rows }
}

/// One row per point.
fn of_scatter(scatter: &Scatter) -> Table {
    let mut header = vec![named(&scatter.x.label, "x"), named(&scatter.y.label, "y")];
    match &scatter.coloring {
        Coloring::Alike => {}
        Coloring::Classes { label, .. } => header.push(named(label, "class")),
        Coloring::Numbers { label, .. } => header.push(named(label, "value")),
    }
    if !scatter.rows.is_empty() {
        header.push("row".to_owned());
    }
    if !scatter.selected.is_empty() {
        header.push("selected".to_owned());
    }
    let row = |(index, point): (usize, &[f32; 2])| {
        let mut row: Vec<String> = point.iter().map(|value| short(*value)).collect();
        match &scatter.coloring {
            Coloring::Alike => {}
            Coloring::Classes { names, ids, .. } => {
                let name = ids.get(index).and_then(|class| names.get(*class as usize));
                row.push(name.cloned().unwrap_or_default());
            }
            Coloring::Numbers { values, .. } => {
                row.push(values.get(index).map_or_else(String::new, |value| short(*value)));
            }
        }
        if !scatter.rows.is_empty() {
            row.push(scatter.rows.get(index).map_or_else(String::new, u64::to_string));
        }
        if !scatter.selected.is_empty() {
            row.push(u8::from(scatter.selected.binary_search(&index).is_ok()).to_string());
        }
        row
    };
    Table { header, rows: scatter.points.iter().enumerate().map(row).collect() }
}

/// One row per bar.
fn of_bars(bars: &Bars) -> Table {
    let bar = named(&bars.bar, "bar");
    let measure = named(&bars.measure, "value");
    let header = match bars.edges {
        Some(_) => vec![format!("{bar} from"), format!("{bar} to"), measure],
        None => vec![bar, measure],
    };
    let row = |(index, value): (usize, &f32)| {
        let [from, to] = bars.ends(index);
        let mut row = match bars.edges {
            Some(_) => vec![number(from), number(to)],
            None => vec![bars.names.get(index).cloned().unwrap_or_else(|| (index + 1).to_string())],
        };
        row.push(short(*value));
        row
    };
    Table { header, rows: bars.values.iter().enumerate().map(row).collect() }
}

/// One row per picture, with all its values.
fn of_tiles(tiles: &Tiles) -> Table {
    let all = || tiles.lines.iter().flat_map(|line| line.tiles.iter().map(move |tile| (line, tile)));
    let count = all().map(|(_, tile)| tile.values.len()).max().unwrap_or(0);
    let name =
        |index: usize| tiles.value_names.get(index).cloned().unwrap_or_else(|| (index + 1).to_string());
    let mut header = vec!["line".to_owned(), "place".to_owned(), "caption".to_owned()];
    header.extend((0..count).map(name));
    let mut rows = Vec::new();
    for line in &tiles.lines {
        for (place, tile) in line.tiles.iter().enumerate() {
            let mut row = vec![line.name.clone(), (place + 1).to_string(), tile.caption.clone()];
            row.extend(
                (0..count).map(|at| tile.values.get(at).map_or_else(String::new, |value| short(*value))),
            );
            rows.push(row);
        }
    }
    Table { header, rows }
}

/// The tables of all plots below each other, with the columns of all of them.
fn of_panels(panels: &Panels) -> Table {
    let mut out = Table { header: vec!["plot".to_owned()], rows: Vec::new() };
    for (title, drawing) in &panels.panels {
        let own = table(drawing);
        let places: Vec<usize> = own.header.into_iter().map(|name| column(&mut out.header, name)).collect();
        for fields in own.rows {
            let mut row = vec![String::new(); out.header.len()];
            row[0].clone_from(title);
            for (place, field) in places.iter().zip(fields) {
                row[*place] = field;
            }
            out.rows.push(row);
        }
    }
    let width = out.header.len();
    out.rows.iter_mut().for_each(|row| row.resize(width, String::new()));
    out
}

/// The index of a column, which is added if there is none with that name.
fn column(header: &mut Vec<String>, name: String) -> usize {
    let known = header.iter().skip(1).position(|own| *own == name);
    known.map_or_else(
        || {
            header.push(name);
            header.len() - 1
        },
        |place| place + 1,
    )
}

fn named(label: &str, otherwise: &str) -> String {
    if label.is_empty() { otherwise.to_owned() } else { label.to_owned() }
}

/// All digits that distinguish a number from every other.
fn number(value: f64) -> String {
    let is_plain = value == 0.0 || !value.is_finite() || (1e-5..1e15).contains(&value.abs());
    if is_plain { value.to_string() } else { format!("{value:e}") }
}

fn short(value: f32) -> String {
    let is_plain = value == 0.0 || !value.is_finite() || (1e-5..1e7).contains(&value.abs());
    if is_plain { value.to_string() } else { format!("{value:e}") }
}
