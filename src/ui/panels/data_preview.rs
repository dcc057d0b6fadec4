//! The data set at a glance: how many, what shape, how split, which classes, what a page of it looks like.

use egui::{Label, ProgressBar, RichText, Role, ScrollArea, Sense, Ui, WidgetInfo, pos2, vec2};
use egui_extras::{Column, TableBuilder};
use serde::{Deserialize, Serialize};

use super::parts::{chip_ui, empty_ui, header_ui, trailing_ui};
use super::sample::{RangeCache, Sampler, feature_name, label_text, row_name};
use crate::dataset::{Dataset, LabelColumn, LabelValues, Rows, Subset};
use crate::project::{format_count, visible, visible_list};
use crate::ui::plots::{Atlas, class_marker, color, format_number, palette, shortened, stamp_of};
use crate::ui::remedies::Remedy;

/// What is known of the data.
#[derive(Clone, Copy, Debug)]
pub enum DataState<'a> {
    /// Nothing was asked for.
    None,
    /// A load is under way: units done and in all, 0 while unknown.
    Loading(u64, u64),
    /// There are none: why, and what mends it.
    Missing(&'a str, &'a [Remedy]),
    /// The data are there.
    Loaded(&'a Dataset),
}

/// What the view shows.
#[derive(Clone, Copy, Debug)]
pub struct DataInput<'a> {
    /// What is known of the data.
    pub state: DataState<'a>,
}

/// What a person asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DataOutput {
    /// Give up the load under way.
    pub cancel: bool,
    /// Show the settings of the data source.
    pub choose: bool,
    /// Mend what is missing by the remedy of this number.
    pub remedy: Option<usize>,
    /// The title is being dragged: move the view.
    pub drag: bool,
}

/// How the view stands.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DataPreviewView {
    /// The page of samples that is shown, counted from 0.
    pub page: usize,
    #[serde(skip)]
    cache: Cache,
}

#[derive(Clone, Default)]
struct Cache {
    stamp: Option<u64>,
    summary: Summary,
    range: RangeCache,
    page: Option<(u64, usize, usize)>,
    atlas: Atlas,
}

/// Numbers about a data set, found once.
#[derive(Clone, Debug, Default, PartialEq)]
struct Summary {
    low: f32,
    high: f32,
    mean: f64,
    /// Whether only a part of the values was looked at.
    sampled: bool,
    /// Rows of each class of the first label column that has classes.
    classes: Vec<usize>,
}

/// Most warnings that are shown in full.
const MOST_WARNINGS: usize = 5;
/// Most classes that get a bar.
const MOST_CLASSES: usize = 40;
/// Most columns of a table that are shown.
const MOST_COLUMNS: usize = 48;

/// Shows the view in all the room there is.
pub fn data_preview_ui(ui: &mut Ui, input: &DataInput<'_>, view: &mut DataPreviewView) -> DataOutput {
    let mut output = DataOutput::default();
    let (handle, ()) = header_ui(ui, "Data", |ui| {
        if let DataState::Loaded(data) = input.state {
            ui.add(Label::new(RichText::new(visible(&data.name)).size(11.5).color(color(palette(ui).dim))));
        }
        if let DataState::Missing(_, remedies) = input.state {
            output.remedy = remedies_ui(ui, remedies);
        }
        trailing_ui(ui, "data", |ui| output.choose |= chip_ui(ui, false, "data source…").clicked());
    });
    output.drag = handle.drag_started();
    match input.state {
        DataState::None => {
            empty_ui(
                ui,
                "No data",
                "Choose a data source: digits are built in, pictures and tables load from files.",
            );
        }
        DataState::Loading(done, total) => output.cancel |= loading_ui(ui, done, total),
        DataState::Missing(why, _) => empty_ui(ui, "No data", why),
        DataState::Loaded(data) => loaded_ui(ui, data, view),
    }
    output
}

/// A chip for each remedy; says which was pressed.
fn remedies_ui(ui: &mut Ui, remedies: &[Remedy]) -> Option<usize> {
    let mut pressed = None;
    for (at, remedy) in remedies.iter().enumerate() {
        if chip_ui(ui, false, remedy.label()).on_hover_text(remedy.tooltip()).clicked() {
            pressed = Some(at);
        }
    }
    pressed
}

fn loading_ui(ui: &mut Ui, done: u64, total: u64) -> bool {
    ui.vertical_centered(|ui| {
        ui.add_space((ui.available_height() * 0.5 - 40.0).max(6.0));
        let text = match total {
            0 => format!("Loading … {}", format_count(done)),
            _ => format!("Loading … {} of {}", format_count(done), format_count(total)),
        };
        ui.label(RichText::new(text).size(12.0));
        ui.add_space(6.0);
        let fraction = if total > 0 { done as f32 / total as f32 } else { 0.0 };
        let width = (ui.available_width() * 0.6).min(280.0);
        ui.add(ProgressBar::new(fraction).desired_width(width).desired_height(6.0));
        ui.add_space(8.0);
        chip_ui(ui, false, "Cancel").clicked()
    })
    .inner
}

fn loaded_ui(ui: &mut Ui, data: &Dataset, view: &mut DataPreviewView) {
    // The fingerprint knows the rows alone; other labels may be chosen.
    let labels = data.labels.iter().map(|label| match &label.values {
        LabelValues::Classes { ids, .. } => (&label.name, ids.as_ptr().addr()),
        LabelValues::Numbers(numbers) => (&label.name, numbers.as_ptr().addr()),
    });
    let stamp = Some(stamp_of((data.fingerprint, labels.collect::<Vec<_>>())));
    if view.cache.stamp != stamp {
        view.cache.summary = summary(data);
        view.cache.stamp = stamp;
        view.page = 0;
    }
    let rect = ui.available_rect_before_wrap();
    ui.painter().rect_filled(rect, 0.0, color(palette(ui).plot));
    let (wide, pictures) = (rect.width() > 560.0, data.shape.picture().is_some());
    if wide {
        let (left, right) = rect.split_left_right_at_x(rect.left() + 250.0);
        ui.scope_builder(egui::UiBuilder::new().max_rect(left.shrink(12.0)).id_salt("facts"), |ui| {
            ScrollArea::vertical().id_salt("facts").auto_shrink([false, false]).show(ui, |ui| {
                facts_ui(ui, data, &view.cache.summary);
            });
        });
        ui.scope_builder(egui::UiBuilder::new().max_rect(right.shrink(12.0)).id_salt("page"), |ui| {
            let height = ui.available_height();
            if pictures {
                pictures_ui(ui, data, view, height);
            } else {
                table_ui(ui, data, height);
            }
        });
        return;
    }
    let inner = egui::UiBuilder::new().max_rect(rect.shrink2(vec2(12.0, 8.0))).id_salt("all");
    ui.scope_builder(inner, |ui| {
        ScrollArea::vertical().id_salt("data").auto_shrink([false, false]).show(ui, |ui| {
            facts_ui(ui, data, &view.cache.summary);
            ui.add_space(10.0);
            if pictures {
                pictures_ui(ui, data, view, 230.0);
            } else {
                table_ui(ui, data, 300.0);
            }
        });
    });
}

fn summary(data: &Dataset) -> Summary {
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

fn class_column(data: &Dataset) -> Option<(&[String], &[u32])> {
    data.labels.iter().find_map(|column| match &column.values {
        LabelValues::Classes { names, ids } => Some((&names[..], &ids[..])),
        LabelValues::Numbers(_) => None,
    })
}

fn facts_ui(ui: &mut Ui, data: &Dataset, summary: &Summary) {
    ui.spacing_mut().item_spacing.y = 4.0;
    fact_ui(ui, "samples", &format_count(data.len()));
    fact_ui(ui, "shape", &data.shape.to_string());
    let [train, validation, test] = Subset::ALL.map(|subset| format_count(data.split.rows(subset).len()));
    fact_ui(ui, "split", &format!("{train} train · {validation} validation · {test} test"));
    if summary.low <= summary.high {
        let [low, high] = [summary.low, summary.high].map(|value| short(f64::from(value)));
        let about = if summary.sampled { "about " } else { "" };
        fact_ui(ui, "values", &format!("{low} to {high}, mean {about}{}", short(summary.mean)));
    }
    let names: Vec<&str> = data.labels.iter().map(|column| column.name.as_str()).collect();
    fact_ui(ui, "labels", &if names.is_empty() { "none".to_owned() } else { visible_list(&names) });
    warnings_ui(ui, data);
    if let Some((names, _)) = class_column(data) {
        ui.add_space(4.0);
        classes_ui(ui, names, &summary.classes);
    }
}

/// A number without the zeros that stand still elsewhere.
fn short(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e6 { format!("{value:.0}") } else { format_number(value) }
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

fn warnings_ui(ui: &mut Ui, data: &Dataset) {
    let p = palette(ui);
    for warning in data.warnings.iter().take(MOST_WARNINGS) {
        let text = RichText::new(format!("• {warning}")).size(11.5).color(color(p.code));
        ui.add(Label::new(text).wrap());
    }
    if data.warnings.len() > MOST_WARNINGS {
        let text = format!("and {} more", data.warnings.len() - MOST_WARNINGS);
        ui.label(RichText::new(text).size(11.5).color(color(p.dim))).on_hover_text(
            data.warnings.iter().skip(MOST_WARNINGS).take(30).cloned().collect::<Vec<_>>().join("\n"),
        );
    }
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

/// A page of pictures with their labels, in the given height.
fn pictures_ui(ui: &mut Ui, data: &Dataset, view: &mut DataPreviewView, height: f32) {
    let Some((rows, columns, channels)) = data.shape.picture() else { return };
    let p = palette(ui);
    let caption = if data.labels.is_empty() { 4.0 } else { 16.0 };
    let side = if rows.max(columns) > 40 { 84.0 } else { 52.0 };
    let scale = side / rows.max(columns).max(1) as f32;
    let cell = vec2((columns as f32 * scale).max(6.0), (rows as f32 * scale).max(6.0));
    let pitch = cell + vec2(6.0, caption);
    let across = ((ui.available_width() + 6.0) / pitch.x).floor().max(1.0) as usize;
    let down = ((height - 30.0) / pitch.y).floor().max(1.0) as usize;
    let each = across * down;
    let pages = data.len().div_ceil(each).max(1);
    view.page = view.page.min(pages - 1);
    pages_ui(ui, &mut view.page, pages, each, data.len());
    let first = view.page * each;
    let count = each.min(data.len().saturating_sub(first));
    let key = (data.fingerprint, first, count);
    let cache = &mut view.cache;
    if cache.page != Some(key) {
        cache.page = Some(key);
        let (range, features) = (cache.range.of(data), data.shape.features());
        cache.atlas.fill(ui.ctx(), [columns, rows], count, |picture, x, y| {
            let start = (first + picture) * features + (y * columns + x) * channels;
            let mut pixel = [0.0; 3];
            for (channel, value) in pixel.iter_mut().enumerate().take(channels) {
                *value = data.rows.value(start + channel);
            }
            range.pixel(&pixel[..channels])
        });
    }
    let (area, _) = ui.allocate_exact_size(
        vec2(ui.available_width(), pitch.y * count.div_ceil(across) as f32),
        Sense::hover(),
    );
    for index in 0..count {
        let row = (first + index) as u32;
        let at = area.min + vec2((index % across) as f32 * pitch.x, (index / across) as f32 * pitch.y);
        let rect = egui::Rect::from_min_size(at, cell);
        cache.atlas.paint(ui.painter(), index, rect);
        if let Some(label) = data.labels.first() {
            let text = shortened(&label_text(&label.values, row), (cell.x / 5.5) as usize);
            let font = egui::FontId::proportional(10.0);
            ui.painter().text(rect.center_bottom(), egui::Align2::CENTER_TOP, text, font, color(p.dim));
        }
        let response = ui.interact(rect, ui.scope_id().with(("picture", row)), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Image, true, row_name(data, row)));
        response.on_hover_text(description(data, row));
    }
}

/// Name, split and labels of a row.
fn description(data: &Dataset, row: u32) -> String {
    let subset = Subset::ALL.into_iter().find(|subset| data.split.rows(*subset).binary_search(&row).is_ok());
    let mut lines = vec![row_name(data, row)];
    lines.extend(subset.map(|subset| format!("{} split", subset.name())));
    let labels = data.labels.iter();
    lines.extend(
        labels.map(|LabelColumn { name, values, .. }| format!("{name}: {}", label_text(values, row))),
    );
    lines.join("\n")
}

fn pages_ui(ui: &mut Ui, page: &mut usize, pages: usize, each: usize, count: usize) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        ui.add_enabled_ui(*page > 0, |ui| {
            if chip_ui(ui, false, "previous").clicked() {
                *page -= 1;
            }
        });
        ui.add_enabled_ui(*page + 1 < pages, |ui| {
            if chip_ui(ui, false, "next").clicked() {
                *page += 1;
            }
        });
        let (first, last) = (*page * each + 1, ((*page + 1) * each).min(count));
        let text = format!("{} to {} of {}", format_count(first), format_count(last), format_count(count));
        ui.label(RichText::new(text).size(11.0).color(color(palette(ui).dim)));
    });
    ui.add_space(6.0);
}

/// Rows as they came, label columns first, in the given height.
fn table_ui(ui: &mut Ui, data: &Dataset, height: f32) {
    let p = palette(ui);
    let features = data.shape.features();
    let shown = features.min(MOST_COLUMNS);
    if shown < features {
        let text = format!("the first {shown} of {} columns", format_count(features));
        ui.label(RichText::new(text).size(11.0).color(color(p.dim)));
    }
    let sampler = Sampler::new(data);
    let cell = |ui: &mut Ui, text: String, tint: [u8; 3]| {
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            ui.add(Label::new(RichText::new(text).size(11.5).color(color(tint))).truncate());
        });
    };
    ScrollArea::horizontal().id_salt("columns").auto_shrink([false, true]).show(ui, |ui| {
        TableBuilder::new(ui)
            .id_salt("rows")
            .striped(false)
            .vscroll(true)
            .max_scroll_height((height - 44.0).max(60.0))
            .column(Column::exact(58.0))
            .columns(
                Column::initial(84.0).at_least(40.0).resizable(true).clip(true),
                data.labels.len() + shown,
            )
            .header(20.0, |mut header| {
                header.col(|ui| cell(ui, "row".to_owned(), p.dim));
                for label in &data.labels {
                    header.col(|ui| cell(ui, visible(&label.name).into_owned(), p.accent));
                }
                for feature in 0..shown {
                    header.col(|ui| cell(ui, feature_name(data, feature), p.dim));
                }
            })
            .body(|body| {
                body.rows(18.0, data.len(), |mut line| {
                    let row = line.index() as u32;
                    line.col(|ui| cell(ui, format_count(row as usize + 1), p.dim));
                    for label in &data.labels {
                        line.col(|ui| cell(ui, label_text(&label.values, row), p.accent));
                    }
                    for value in sampler.values(row).take(shown) {
                        line.col(|ui| cell(ui, short(f64::from(value)), p.text));
                    }
                });
            });
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::panels::samples;

    #[test]
    fn a_summary_counts_what_is_there() {
        let data = samples::table(60, 5);
        let summary = summary(&data);
        assert_eq!(summary.classes.iter().sum::<usize>(), 60);
        assert!(summary.low <= summary.high && summary.mean.is_finite() && !summary.sampled);
    }

    #[test]
    fn whole_numbers_are_short() {
        for (value, expected) in [(0.0, "0"), (255.0, "255"), (0.5, "0.5000"), (-3.0, "-3")] {
            assert_eq!(short(value), expected);
        }
    }
}
