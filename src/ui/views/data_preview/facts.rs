//! Statistics of a data set, and a bar for each class.

use egui::{Label, RichText, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::super::sample::has_groups;
use crate::dataset::{Dataset, LabelValues, Rows, Subset};
use crate::project::{format_count, format_range, format_value, visible, visible_list};
use crate::ui::plots::{class_marker, color, palette, shortened};

/// Statistics of a data set, computed once.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Summary {
    low: f32,
    high: f32,
    mean: f64,
    /// Whether only some of the values were examined.
    sampled: bool,
    /// Rows of each class of the first label column that has classes.
    classes: Vec<usize>,
}

/// Maximum number of classes with a bar.
const MOST_CLASSES: usize = 40;

impl Summary {
    /// Examines at most a few million values, which takes a few milliseconds.
    pub fn of(data: &Dataset) -> Summary {
        let count = data.rows.len();
        let stride = (count / 4_000_000).max(1);
        let (mut low, mut high, mut sum, mut finite) = (f32::INFINITY, f32::NEG_INFINITY, 0.0_f64, 0_u64);
        let mut add = |value: f32| {
            if value.is_finite() {
                (low, high) = (low.min(value), high.max(value));
                sum += f64::from(value);
                finite += 1;
            }
        };
        match &data.rows {
            Rows::U8(values) => values.iter().step_by(stride).for_each(|value| add(f32::from(*value))),
            Rows::U16(values) => values.iter().step_by(stride).for_each(|value| add(f32::from(*value))),
            Rows::F32(values) => values.iter().step_by(stride).for_each(|value| add(*value)),
        }
        let classes = class_column(data).map_or_else(Vec::new, |(names, ids)| {
            let mut counts = vec![0; names.len()];
            for class in ids {
                if let Some(count) = counts.get_mut(*class as usize) {
                    *count += 1;
                }
            }
            counts
        });
        Summary { low, high, mean: sum / finite.max(1) as f64, sampled: stride > 1, classes }
    }
}

/// Shows the statistics.
pub(super) fn facts_ui(ui: &mut Ui, data: &Dataset, summary: &Summary) {
    ui.spacing_mut().item_spacing.y = 4.0;
    fact_ui(ui, "samples", &format_count(data.len()));
    fact_ui(ui, "shape", &data.shape.to_string());
    let [train, validation, test] = Subset::ALL.map(|subset| format_count(data.split.rows(subset).len()));
    fact_ui(ui, "split", &format!("{train} train · {validation} validation · {test} test"));
    // Columns of a table have their own ranges.
    if summary.low <= summary.high && data.overview.is_empty() {
        let range = format_range((summary.low, summary.high));
        let about = if summary.sampled { "about " } else { "" };
        fact_ui(ui, "values", &format!("{range}, mean {about}{}", format_value(summary.mean)));
    }
    let names: Vec<&str> = data.labels.iter().map(|column| column.name.as_str()).collect();
    fact_ui(ui, "labels", &if names.is_empty() { "none".to_owned() } else { visible_list(&names) });
    if let Some((names, _)) = class_column(data) {
        ui.add_space(4.0);
        classes_ui(ui, names, &summary.classes);
    }
}

fn fact_ui(ui: &mut Ui, name: &str, value: &str) {
    let p = palette(ui);
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 8.0;
        let font = egui::FontId::proportional(12.0);
        let (rect, _) = ui.allocate_exact_size(vec2(58.0, 15.0), Sense::hover());
        ui.painter().text(rect.left_top(), egui::Align2::LEFT_TOP, name, font, color(p.dim));
        ui.add(Label::new(RichText::new(value).size(12.0).color(color(p.text))).wrap());
    });
}

/// A bar for every class.
fn classes_ui(ui: &mut Ui, names: &[String], counts: &[usize]) {
    let p = palette(ui);
    let most = counts.iter().copied().max().unwrap_or(0).max(1) as f32;
    let font = egui::FontId::proportional(11.0);
    let width = ui.available_width();
    ui.spacing_mut().item_spacing.y = 1.0;
    for (class, (name, count)) in names.iter().zip(counts).enumerate().take(MOST_CLASSES) {
        let (rect, response) = ui.allocate_exact_size(vec2(width, 15.0), Sense::hover());
        response.widget_info(|| {
            WidgetInfo::labeled(Role::Label, true, format!("class {}: {count}", visible(name)))
        });
        let painter = ui.painter();
        let y = rect.center().y;
        painter.text(
            rect.left_center(),
            egui::Align2::LEFT_CENTER,
            shortened(name, 9),
            font.clone(),
            color(p.dim),
        );
        let from = rect.left() + 66.0;
        let room = (rect.right() - from - 44.0).max(8.0);
        let bar =
            egui::Rect::from_min_size(pos2(from, y - 4.0), vec2((room * *count as f32 / most).max(1.0), 8.0));
        painter.rect_filled(bar, 2.0, color(p.class(class_marker(class).color)));
        let at = pos2(bar.right() + 6.0, y);
        painter.text(at, egui::Align2::LEFT_CENTER, format_count(count), font.clone(), color(p.dim));
    }
    if names.len() > MOST_CLASSES {
        ui.label(RichText::new(format!("and {} more classes", names.len() - MOST_CLASSES)).size(11.0));
    }
}

/// Names of the classes, and the class of each row, from the first label column with classes. ID
/// columns are ignored.
pub(super) fn class_column(data: &Dataset) -> Option<(&[String], &[u32])> {
    data.labels.iter().find_map(|column| match &column.values {
        LabelValues::Classes { names, ids } if has_groups(column) => Some((&names[..], &ids[..])),
        LabelValues::Classes { .. } | LabelValues::Numbers(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::views::samples;

    #[test]
    fn a_summary_counts_values_and_classes() {
        let data = samples::table(60, 5);
        let summary = Summary::of(&data);
        assert_eq!(summary.classes.iter().sum::<usize>(), 60);
        assert!(summary.low <= summary.high && summary.mean.is_finite() && !summary.sampled);
    }
}
