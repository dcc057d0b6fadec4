//! The comparison of the selection with the rest.

use egui::{Align, Grid, Layout, RichText, Ui};

use crate::figure::Rgb;
use crate::project::{format_count, format_number};
use crate::session::{ClassShares, Comparison, Difference, Moments};
use crate::ui::plots::{color, palette, shortened};
use crate::ui::theme::bold;

/// Maximum width of the class shares.
const SHARES_PX: f32 = 290.0;
/// Maximum number of lines in a table.
const MOST_LINES: usize = 24;

/// Shows the comparison: errors and columns, then classes.
pub(super) fn compared_ui(ui: &mut Ui, compared: &Comparison) {
    let p = palette(ui);
    let (selected, others) = (format_count(compared.selected), format_count(compared.others));
    let reference = reference(compared);
    let samples = if compared.is_with_training { " samples" } else { "" };
    let title = format!("{selected} selected, compared with {others} {reference}{samples}");
    ui.label(RichText::new(title).font(bold(12.0)).color(color(p.text)));
    let numbers: Vec<&Difference> = compared.errors.iter().chain(&compared.columns).collect();
    if !numbers.is_empty() {
        Grid::new("numbers").num_columns(4).spacing([14.0, 2.0]).show(ui, |ui| {
            head_ui(ui, ["", "selected", reference, "difference"]);
            for difference in numbers.iter().take(MOST_LINES) {
                number_ui(ui, difference);
            }
        });
        more_ui(ui, numbers.len(), "columns");
    }
    for shares in &compared.classes {
        ui.add_space(6.0);
        shares_ui(ui, shares, compared);
    }
}

/// The name of the reference group.
fn reference(compared: &Comparison) -> &'static str {
    if compared.is_with_training { "training" } else { "others" }
}

/// Shows mean and standard deviation of both groups, and the difference in standard deviations.
fn number_ui(ui: &mut Ui, difference: &Difference) {
    let p = palette(ui);
    let moments = |of: &Moments| format!("{} ± {}", format_number(of.mean), format_number(of.std));
    text_ui(ui, shortened(&difference.name, 24), p.text, false);
    text_ui(ui, moments(&difference.selected), p.text, true);
    text_ui(ui, moments(&difference.others), p.dim, true);
    let standardised = difference.standardised();
    let sign = if standardised > 0.0 { "+" } else { "" };
    text_ui(ui, format!("{sign}{}", format_number(standardised)), p.text, true);
    ui.end_row();
}

/// Shows the class shares of both groups, largest difference first.
fn shares_ui(ui: &mut Ui, shares: &ClassShares, compared: &Comparison) {
    let p = palette(ui);
    let share = |count: usize, all: usize| 100.0 * count as f64 / all.max(1) as f64;
    let name = shortened(&shares.name, 24);
    // The last column takes the remaining space; limit the width to keep the shares together.
    ui.set_max_width(ui.available_width().min(SHARES_PX));
    Grid::new(("classes", &shares.name)).num_columns(3).spacing([14.0, 2.0]).show(ui, |ui| {
        head_ui(ui, [&name, "selected", reference(compared)]);
        for (class, [selected, others]) in shares.classes.iter().take(MOST_LINES) {
            let (selected, others) = (share(*selected, compared.selected), share(*others, compared.others));
            text_ui(ui, shortened(class, 24), p.text, false);
            text_ui(ui, format!("{selected:.1} %"), p.text, true);
            text_ui(ui, format!("{others:.1} %"), p.dim, true);
            ui.end_row();
        }
    });
    more_ui(ui, shares.count, "classes");
}

fn head_ui<const N: usize>(ui: &mut Ui, names: [&str; N]) {
    let p = palette(ui);
    for (at, name) in names.into_iter().enumerate() {
        text_ui(ui, name.to_owned(), p.dim, at > 0);
    }
    ui.end_row();
}

fn text_ui(ui: &mut Ui, text: String, tint: Rgb, is_number: bool) {
    let text = RichText::new(text).size(11.0).color(color(tint));
    if is_number {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| ui.label(text));
    } else {
        ui.label(text);
    }
}

/// Shows the number of hidden lines.
fn more_ui(ui: &mut Ui, all: usize, what: &str) {
    if let Some(more) = all.checked_sub(MOST_LINES).filter(|more| *more > 0) {
        let text = format!("and {} {what} that differ less", format_count(more));
        ui.label(RichText::new(text).size(11.0).color(color(palette(ui).dim)));
    }
}
