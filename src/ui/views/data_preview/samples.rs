//! The samples: pictures, or the rows of a table. Only visible ones are drawn.

use egui::{
    Pos2, Rect, Response, RichText, Role, ScrollArea, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, vec2,
};

use super::super::reconstructions::listing::clicked;
use super::super::sample::{label_text, row_name};
use super::super::visible_lines::{line_top, visible_lines};
use super::grid::{BAR_PX, whole_pixels};
use super::position::{Lines, ScrollState, Step, scrolled};
use super::rows::rows_ui;
use super::{DataPreviewView, LoadedData};
use crate::dataset::{Dataset, Subset};
use crate::project::visible;
use crate::ui::plots::{color, palette, shortened, stamp_of};

/// Spacing between two pictures, with space for a frame.
const GAP_PX: f32 = 6.0;
const FRAME_PX: f32 = 2.0;

/// The result of drawing samples.
#[derive(Default)]
pub(super) struct Seen {
    /// Scroll offset and maximum offset.
    pub scroll_state: ScrollState,
    /// The index of the clicked sample.
    pub clicked: Option<usize>,
    /// Whether a sample has keyboard focus.
    pub has_focus: bool,
}

/// Shows all samples that pass, with this height. Keys scroll the list while the pointer is over
/// `area` and no text is being typed, or while a sample has focus.
pub(super) fn samples_ui(
    ui: &mut Ui,
    loaded: &LoadedData<'_>,
    view: &mut DataPreviewView,
    height: f32,
    area: Rect,
) {
    let (data, height) = (loaded.data, height.max(0.0));
    view.cache.position.switch_to(view.filter);
    if view.cache.filtered.len(data) == 0 {
        view.cache.visible_rows = None;
        let text = RichText::new("No samples of this class in this split.").size(11.5);
        ui.label(text.color(color(palette(ui).dim)));
        return;
    }
    let room = Rect::from_min_size(ui.available_rect_before_wrap().min, vec2(ui.available_width(), height));
    let list = ui.interact(room, ui.scope_id().with("samples"), Sense::focusable_noninteractive());
    list.widget_info(|| WidgetInfo::labeled(Role::List, true, "samples"));
    let nothing_typed = ui.memory(|memory| memory.focused().is_none());
    let position = &mut view.cache.position;
    let has_keys = position.has_focus || (nothing_typed && ui.rect_contains_pointer(area));
    if has_keys && let Some(step) = Step::pressed(ui) {
        position.step(step);
    }
    // A sample that scrolls out of view loses focus, so the list takes it.
    if std::mem::take(&mut position.wants_focus) {
        list.request_focus();
    }
    let seen = match Layout::of(data, ui.available_width() - BAR_PX) {
        Some(layout) => pictures_ui(ui, loaded, view, &layout, height),
        None => rows_ui(ui, loaded, view, height),
    };
    view.cache.position.has_focus = list.has_focus() || seen.has_focus;
    if view.cache.position.is_moving() {
        ui.ctx().request_repaint();
    }
    if list.has_focus() {
        let stroke = Stroke::new(1.0, color(palette(ui).dim));
        ui.painter().rect_stroke(room, 2.0, stroke, StrokeKind::Inside);
    }
    if let Some(place) = seen.clicked {
        select(ui, loaded, view, place);
    }
}

/// The layout of pictures.
struct Layout {
    /// Size of a picture, and of its cell with caption and spacing.
    cell: Vec2,
    pitch: Vec2,
    across: usize,
}

impl Layout {
    /// As many pictures per line as fit; `None` if samples are not pictures.
    fn of(data: &Dataset, width: f32) -> Option<Layout> {
        let shown = data.shown().filter(|shown| shown.height * shown.width > 0)?;
        let caption = if data.labels.is_empty() { 4.0 } else { 16.0 };
        let longer = shown.height.max(shown.width);
        let scale = if longer > 40 { 84.0 } else { 52.0 } / longer as f32;
        let cell = vec2(shown.width as f32 * scale, shown.height as f32 * scale).max(vec2(6.0, 6.0));
        let pitch = cell + vec2(GAP_PX, caption);
        Some(Layout { cell, pitch, across: (width / pitch.x).max(1.0) as usize })
    }

    /// The rectangle of the picture at an index, in a list that starts at `corner` and is scrolled
    /// by `offset`.
    fn rect(&self, place: usize, corner: Pos2, offset: f32) -> Rect {
        let left = (place % self.across) as f32 * self.pitch.x;
        let top = line_top(place / self.across, self.pitch.y, offset);
        // The frame of a selected picture is outside it.
        Rect::from_min_size(corner + vec2(left + FRAME_PX, top + FRAME_PX), self.cell)
    }
}

fn pictures_ui(
    ui: &mut Ui,
    loaded: &LoadedData<'_>,
    view: &mut DataPreviewView,
    layout: &Layout,
    height: f32,
) -> Seen {
    let (data, cache) = (loaded.data, &mut view.cache);
    let (count, across, each) = (cache.filtered.len(data), layout.across, layout.pitch.y);
    let lines = Lines { area: ui.scope_id(), count, across, each, view: height };
    let filtered = &cache.filtered;
    let area = ScrollArea::vertical().id_salt("pictures").auto_shrink([false, false]);
    let area = scrolled(ui, area, cache.position.offset(&lines, |row| filtered.find(data, row)));
    let corner = ui.available_rect_before_wrap().min;
    let mut seen = Seen::default();
    // If the whole view scrolls, the list keeps its height even if partly hidden.
    let shown = area.max_height(height).min_scrolled_height(height).show_viewport(ui, |ui, viewport| {
        ui.set_min_height(lines.len() as f32 * each);
        let offset = whole_pixels(ui, viewport.top());
        let visible_lines = visible_lines(offset, offset + viewport.height(), each, lines.len());
        let places = visible_lines.start * across..(visible_lines.end * across).min(count);
        let rows = cache.filtered.part(data, places.clone());
        let of = stamp_of((cache.rows_stamp, view.filter));
        cache.thumbs.follow(ui, data, of, (places.clone(), &rows), layout.cell);
        for (place, row) in places.zip(rows.iter().copied()) {
            let rect = layout.rect(place, corner, offset);
            cache.thumbs.paint(ui.painter(), place, rect);
            let response = picture_ui(ui, loaded, row, rect, cache.position.marked == Some(row));
            seen.has_focus |= response.has_focus();
            if response.clicked() {
                seen.clicked = Some(place);
            }
        }
        cache.visible_rows = Some((data.fingerprint, rows));
    });
    seen.scroll_state = ScrollState::of(&shown);
    cache.position.record_scroll(&lines, seen.scroll_state);
    seen
}

/// Decorations of a picture: its label, and a frame if it is selected or the user went to it.
fn picture_ui(ui: &Ui, loaded: &LoadedData<'_>, row: u32, rect: Rect, is_marked: bool) -> Response {
    let (p, data) = (palette(ui), loaded.data);
    if let Some(label) = data.labels.first() {
        let text = shortened(&label_text(label, row), (rect.width() / 5.5) as usize);
        let font = egui::FontId::proportional(10.0);
        ui.painter().text(rect.center_bottom(), egui::Align2::CENTER_TOP, text, font, color(p.dim));
    }
    let response = ui.interact(rect, ui.scope_id().with(("picture", row)), Sense::click());
    let is_selected = loaded.selection.contains(data.fingerprint, row);
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::Image, true, row_name(data, row));
        info.selected = Some(is_selected);
        info
    });
    if is_selected || is_marked || response.has_focus() {
        let stroke = Stroke::new(2.0, color(if is_selected { p.accent } else { p.dim }));
        ui.painter().rect_stroke(rect.expand(FRAME_PX), 2.0, stroke, StrokeKind::Inside);
    }
    response.on_hover_ui(|ui| drop(ui.label(description(data, row))))
}

/// Handles a click on the sample at an index among those that pass.
fn select(ui: &Ui, loaded: &LoadedData<'_>, view: &mut DataPreviewView, place: usize) {
    let cache = &mut view.cache;
    let of = (cache.rows_stamp, view.filter);
    let anchor = cache.anchor.filter(|anchor| anchor.0 == of).map(|anchor| anchor.1);
    let modifiers = ui.input(|input| input.modifiers);
    let is_selected = |row: u32| loaded.selection.contains(loaded.data.fingerprint, row);
    let part = |places| cache.filtered.part(loaded.data, places);
    cache.select = Some(clicked(part, place, anchor, modifiers, is_selected));
    if !modifiers.shift || anchor.is_none() {
        cache.anchor = Some((of, place));
    }
}

/// Name, split and labels of a row.
fn description(data: &Dataset, row: u32) -> String {
    let subset = Subset::ALL.into_iter().find(|subset| data.split.rows(*subset).binary_search(&row).is_ok());
    let mut lines = vec![row_name(data, row)];
    lines.extend(subset.map(|subset| format!("{} split", subset.name())));
    let labels = data.labels.iter();
    lines.extend(labels.map(|label| format!("{}: {}", visible(&label.name), label_text(label, row))));
    lines.join("\n")
}
