//! Filters for samples by split and class, and a field to go to a row.

use egui::{ComboBox, Key, RichText, TextEdit, Ui, vec2};

use super::super::parts::named;
use super::super::sample::row_number;
use super::super::visible_lines::visible_lines;
use super::facts::class_column;
use super::filter::Filter;
use crate::dataset::{Dataset, Subset};
use crate::project::format_count;
use crate::ui::plots::{color, palette, shortened};
use crate::ui::widgets::header::{Row, Side};

/// The number of samples. `is_whole` is false while the search continues.
pub(super) fn count_ui(row: &mut Row<'_>, count: usize, all: usize, is_whole: bool) {
    let shown = format_count(count);
    let text = match (count == all, is_whole) {
        (true, _) => format!("{shown} samples"),
        (false, true) => format!("{shown} of {} samples", format_count(all)),
        (false, false) => format!("{shown} of {} samples so far", format_count(all)),
    };
    row.part(Side::Left, "count", |ui| {
        ui.label(RichText::new(text).size(11.0).color(color(palette(ui).dim)))
    });
}

/// Combo boxes for the split and the class.
pub(super) fn filter_ui(row: &mut Row<'_>, data: &Dataset, filter: &mut Filter) {
    let name = |subset: Option<Subset>| subset.map_or("all splits", Subset::name);
    row.part(Side::Left, "split", |ui| {
        let combo = ComboBox::from_id_salt("split").width(92.0);
        let shown = combo.selected_text(name(filter.subset)).show_ui(ui, |ui| {
            for subset in std::iter::once(None).chain(Subset::ALL.map(Some)) {
                if ui.selectable_label(filter.subset == subset, name(subset)).clicked() {
                    filter.subset = subset;
                }
            }
        });
        named(shown.response, "Split shown").on_hover_text("Shows the samples of one split only.");
    });
    let Some((names, _)) = class_column(data).filter(|(names, _)| !names.is_empty()) else { return };
    let name = |class: Option<u32>| match class.and_then(|class| names.get(class as usize)) {
        Some(name) => shortened(name, 24),
        None => "all classes".to_owned(),
    };
    row.part(Side::Left, "class", |ui| {
        let combo = ComboBox::from_id_salt("class").width(104.0);
        let shown = combo.selected_text(name(filter.class)).show_ui(ui, |ui| {
            lines_ui(ui, names.len() + 1, |ui, line| {
                let class = (line as u32).checked_sub(1);
                if ui.selectable_label(filter.class == class, name(class)).clicked() {
                    filter.class = class;
                }
            });
        });
        named(shown.response, "Class shown").on_hover_text("Shows the samples of one class only.");
    });
}

/// The visible lines of a list of any length, in its scroll area.
fn lines_ui(ui: &mut Ui, count: usize, mut line_ui: impl FnMut(&mut Ui, usize)) {
    ui.spacing_mut().item_spacing.y = 0.0;
    ui.set_min_width(120.0);
    let height = ui.spacing().interact_size.y.max(20.0);
    let (top, clip) = (ui.cursor().top(), ui.clip_rect());
    let lines = visible_lines(clip.top() - top, clip.bottom() - top, height, count);
    ui.add_space(lines.start as f32 * height);
    for line in lines.clone() {
        let size = vec2(ui.available_width(), height);
        ui.allocate_ui_with_layout(size, egui::Layout::top_down_justified(egui::Align::LEFT), |ui| {
            ui.set_min_height(height);
            line_ui(ui, line);
        });
    }
    ui.add_space((count - lines.end) as f32 * height);
}

/// A field for a row number; returns the row once it is entered.
pub(super) fn go_to_ui(row: &mut Row<'_>, data: &Dataset, text: &mut String) -> Option<u32> {
    let entered = row.part(Side::Left, "go to", |ui| {
        let field = ui.add(TextEdit::singleline(text).hint_text("go to row").desired_width(88.0));
        let is_entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        named(field, "Go to row").on_hover_text(
            "Enter a row number. If that row is not shown, the list goes to the next one. Home, End, Page Up \
             and Page Down scroll while the pointer is over the view.",
        );
        is_entered
    });
    let found = if entered == Some(true) { row_of(data, text) } else { None };
    if found.is_some() {
        text.clear();
    }
    found
}

/// The row with this number in the source, or the next one that was not excluded.
fn row_of(data: &Dataset, text: &str) -> Option<u32> {
    let digits: String = text.chars().filter(|sign| !matches!(sign, ',' | '_' | ' ' | '\u{a0}')).collect();
    let number: u64 = digits.parse().ok()?;
    let last = u32::try_from(data.len().checked_sub(1)?).ok()?;
    if data.source_rows.is_empty() {
        return Some(u32::try_from(number.saturating_sub(1)).unwrap_or(last).min(last));
    }
    Some((0..last).find(|row| row_number(data, *row) >= number).unwrap_or(last))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::views::samples;

    #[test]
    fn rows_are_found_by_their_number_in_the_source() {
        let plain = samples::table(60, 5);
        let (mixed, _) = samples::mixed(60);
        assert!(plain.source_rows.is_empty());
        assert_eq!(mixed.source_rows[..3], [1, 11, 21]);
        for (data, text, expected) in [
            (&plain, "1", Some(0)),
            (&plain, " 4_0 ", Some(39)),
            (&plain, "1,000", Some(59)),
            (&plain, "99999999999", Some(59)),
            (&plain, "0", Some(0)),
            (&plain, "", None),
            (&plain, "-3", None),
            (&plain, "ten", None),
            (&mixed, "11", Some(1)),
            (&mixed, "12", Some(2)),
            (&mixed, "591", Some(59)),
            (&mixed, "9999", Some(59)),
        ] {
            assert_eq!(row_of(data, text), expected, "{text:?}");
        }
    }
}
