//! Rows of a form: a name on the left and a control on the right, all with equal widths.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use egui::emath::Numeric;
use egui::text::{CCursor, CCursorRange, LayoutJob};
use egui::{
    Align, Checkbox, CollapsingHeader, ComboBox, DragValue, FontId, Layout, Response, RichText, Slider,
    TextEdit, TextStyle, Ui, vec2,
};

use crate::project::short_number;
use crate::ui::theme::{self, tokens};

/// Width of the names, in points.
const NAME_WIDTH: f32 = 92.0;
/// Height of a row, in points.
const ROW_HEIGHT: f32 = 26.0;

/// A field's name and its tooltip.
#[derive(Clone, Copy, Debug)]
pub struct Field<'a> {
    /// The label before it.
    pub name: &'a str,
    /// A sentence; may be empty if the name is self-explanatory.
    pub about: &'a str,
}

impl<'a> From<&'a str> for Field<'a> {
    fn from(name: &'a str) -> Self {
        Field { name, about: "" }
    }
}

impl<'a> From<(&'a str, &'a str)> for Field<'a> {
    fn from((name, about): (&'a str, &'a str)) -> Self {
        Field { name, about }
    }
}

impl Field<'_> {
    /// Sets the accessible name and the tooltip of an input.
    fn tell(self, input: Response) -> Response {
        let input = input.accessible_name(self.name);
        if self.about.is_empty() { input } else { input.on_hover_text(self.about) }
    }
}

/// The bold title of a section, with a short remark on the right.
pub fn section_ui(ui: &mut Ui, title: &str, about: &str) -> Response {
    let tokens = tokens(ui);
    ui.horizontal(|ui| {
        ui.set_min_height(20.0);
        let title = ui.label(RichText::new(title).font(theme::bold(12.0)).color(tokens.text));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.add(egui::Label::new(RichText::new(about).size(11.0).color(tokens.dim)).truncate());
        });
        title
    })
    .inner
}

/// A row of a form; every input in it gets the name of the field.
pub fn row_ui<R>(ui: &mut Ui, field: Field<'_>, content: impl FnOnce(&mut Ui) -> R) -> R {
    let tokens = tokens(ui);
    let name = field.name;
    ui.horizontal(|ui| {
        ui.set_min_height(ROW_HEIGHT);
        let text = RichText::new(name).size(12.0).color(tokens.dim);
        let size = vec2(NAME_WIDTH, ROW_HEIGHT);
        ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
            ui.set_min_width(NAME_WIDTH);
            let label = ui.add(egui::Label::new(text).truncate());
            if !field.about.is_empty() {
                label.on_hover_text(field.about);
            }
        });
        ui.name_inputs(name, content)
    })
    .inner
}

/// An integer or floating-point number in a field with the full width of the row, with its unit.
pub fn number_ui<'a, T: Numeric>(
    ui: &mut Ui,
    field: impl Into<Field<'a>>,
    value: &mut T,
    range: RangeInclusive<T>,
    unit: &str,
) -> Response {
    let field = field.into();
    row_ui(ui, field, |ui| {
        let width = ui.available_width();
        let speed = if T::INTEGRAL { 0.2 } else { 0.005 };
        let suffix = if unit.is_empty() { String::new() } else { format!(" {unit}") };
        // `check` reports values out of range; displaying them must not change them.
        let drag = DragValue::new(value)
            .range(range)
            .clamp_existing_to_range(false)
            .speed(speed)
            .suffix(suffix)
            .max_decimals(if T::INTEGRAL { 0 } else { 6 });
        field.tell(ui.add_sized(vec2(width, 24.0), drag))
    })
}

/// A number with a slider over its usual values; `log` for a logarithmic slider. Values beyond the
/// slider can be typed, except for fractions: a range that ends at or below 1 is a bound.
pub fn slider_ui<'a>(
    ui: &mut Ui,
    field: impl Into<Field<'a>>,
    value: &mut f32,
    range: RangeInclusive<f32>,
    log: bool,
) -> Response {
    let field = field.into();
    row_ui(ui, field, |ui| {
        let number = 66.0;
        let tokens = tokens(ui);
        // The size of a slider's handle follows the height of a row.
        ui.spacing_mut().interact_size.y = 16.0;
        ui.visuals_mut().selection.bg_fill = tokens.accent;
        ui.visuals_mut().widgets.inactive.bg_fill = tokens.line;
        ui.spacing_mut().slider_width = (ui.available_width() - number - 8.0).max(40.0);
        let low = f64::from(*range.start());
        let typed = match (log, *range.start(), *range.end()) {
            (true, ..) => f32::MIN_POSITIVE..=f32::MAX,
            (false, low, high) if high <= 1.0 => low..=high,
            (false, low, _) => low..=f32::MAX,
        };
        let slider = Slider::new(value, range.clone())
            .logarithmic(log)
            .smallest_positive(low.max(1e-9))
            .clamping(egui::SliderClamping::Never)
            .show_value(false);
        let slider = field.tell(ui.add(slider));
        let speed = if log { f64::from(*value).abs().max(1e-9) * 0.01 } else { 0.005 };
        let drag = DragValue::new(value)
            .speed(speed)
            .range(typed)
            .clamp_existing_to_range(false)
            .custom_formatter(|value, _| short_number(value))
            .custom_parser(|text| text.trim().parse().ok());
        ui.reset_style();
        let number = field.tell(ui.add_sized(vec2(ui.available_width(), 24.0), drag));
        slider.union(number.accessible_name(format!("{}, value", field.name)))
    })
}

/// A combo box with a few named values.
pub fn combo_ui<'a, T: Clone>(
    ui: &mut Ui,
    field: impl Into<Field<'a>>,
    value: &mut T,
    options: &[T],
    text: impl Fn(&T) -> String,
) -> bool {
    let mut changed = false;
    let field = field.into();
    row_ui(ui, field, |ui| {
        let combo = ComboBox::from_id_salt(field.name)
            .width(ui.available_width())
            .selected_text(text(value))
            .truncate()
            .show_ui(ui, |ui| {
                for option in options {
                    let chosen = text(option) == text(value);
                    if ui.selectable_label(chosen, text(option)).clicked() && !chosen {
                        *value = option.clone();
                        changed = true;
                    }
                }
            });
        field.tell(combo.response);
    });
    changed
}

/// A toggle.
pub fn switch_ui<'a>(ui: &mut Ui, field: impl Into<Field<'a>>, value: &mut bool, text: &str) -> Response {
    let field = field.into();
    row_ui(ui, field, |ui| field.tell(ui.add(Checkbox::new(value, text))))
}

/// A text field.
pub fn text_ui<'a>(ui: &mut Ui, field: impl Into<Field<'a>>, value: &mut String, hint: &str) -> Response {
    let field = field.into();
    row_ui(ui, field, |ui| {
        let edit = TextEdit::singleline(value)
            .hint_text(hint)
            .desired_width(f32::INFINITY)
            .align(egui::Align2::LEFT_CENTER)
            .min_size(vec2(0.0, 24.0));
        field.tell(ui.add(edit))
    })
}

/// A text field that may be empty.
pub fn optional_text_ui(ui: &mut Ui, field: (&str, &str), value: &mut Option<String>, hint: &str) {
    let mut text = value.clone().unwrap_or_default();
    text_ui(ui, field, &mut text, hint);
    *value = (!text.is_empty()).then_some(text);
}

/// A text field with a menu of common values. Returns whether it was changed.
pub fn suggested_text_ui<'a>(
    ui: &mut Ui,
    field: impl Into<Field<'a>>,
    value: &mut String,
    hint: &str,
    usual: &[&str],
) -> bool {
    let field = field.into();
    let before = value.clone();
    row_ui(ui, field, |ui| {
        let edit = TextEdit::singleline(value)
            .hint_text(hint)
            .desired_width((ui.available_width() - 46.0).max(40.0))
            .align(egui::Align2::LEFT_CENTER)
            .min_size(vec2(0.0, 24.0));
        field.tell(ui.add(edit));
        let menu = ui.menu_button("…", |ui| {
            for text in usual {
                if ui.button(*text).clicked() {
                    (*text).clone_into(value);
                }
            }
            if ui.button(hint).clicked() {
                value.clear();
            }
        });
        menu.response
            .accessible_name(format!("Usual values of {}", field.name))
            .on_hover_text("Usual values");
    });
    *value != before
}

/// A value typed as text, applied whenever the text is valid; the typed text is kept until the
/// field loses the focus. Returns whether the value was changed.
pub fn draft_ui<'a, T: PartialEq>(
    ui: &mut Ui,
    field: impl Into<Field<'a>>,
    value: &mut T,
    hint: &str,
    text_of: impl Fn(&T) -> String,
    read: impl Fn(&str) -> Option<T>,
) -> bool {
    let field = field.into();
    let id = ui.make_persistent_id(("draft", field.name));
    let mut text = ui.data(|data| data.get_temp::<String>(id)).unwrap_or_else(|| text_of(value));
    let edit = text_ui(ui, field, &mut text, hint);
    let read = read(&text).filter(|read| edit.changed() && read != value);
    if edit.has_focus() {
        ui.data_mut(|data| data.insert_temp(id, text));
    } else {
        ui.data_mut(|data| data.remove::<String>(id));
    }
    read.map(|read| *value = read).is_some()
}

/// A path in a field with the full width of the form, below its name and a button that opens the
/// desktop's dialog. A path longer than the field shows its start and its end until it is edited.
/// Returns whether the text changed and whether the button was pressed.
pub fn path_ui(ui: &mut Ui, name: &str, text: &mut String, hint: &str) -> (Response, bool) {
    let tokens = tokens(ui);
    let browses = ui.horizontal(|ui| {
        ui.add(egui::Label::new(RichText::new(name).size(12.0).color(tokens.dim)));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let browse = ui.add_sized(vec2(76.0, 24.0), egui::Button::new("Browse…"));
            let browse = browse.accessible_name(format!("Browse for {}", name.to_lowercase()));
            browse.on_hover_text("Choose it in the desktop's own dialog.").clicked()
        })
        .inner
    });
    let id = ui.make_persistent_id(("path", name));
    let typing = ui.memory(|memory| memory.has_focus(id));
    let mut layouter = |ui: &Ui, text: &dyn egui::TextBuffer, width: f32| {
        let font = TextStyle::Body.resolve(ui.style());
        let shown = if typing { text.as_str().to_owned() } else { elided(ui, text.as_str(), &font, width) };
        let mut job = LayoutJob::simple_singleline(shown, font, tokens.text);
        job.keep_trailing_whitespace = true;
        ui.fonts_mut(|fonts| fonts.layout_job(job))
    };
    let whole = text.clone();
    let mut output = TextEdit::singleline(text)
        .id(id)
        .hint_text(hint)
        .desired_width(f32::INFINITY)
        .align(egui::Align2::LEFT_CENTER)
        .min_size(vec2(0.0, 24.0))
        .layouter(&mut layouter)
        .show(ui);
    let edit = output.response.response.accessible_name(name);
    if edit.gained_focus() {
        // The click was on the shortened path, so typing continues at the end.
        let end = CCursor::new(whole.chars().count());
        output.state.cursor.set_char_range(Some(CCursorRange::one(end)));
        output.state.store(ui.ctx(), id);
    }
    let edit = if typing || whole.is_empty() { edit } else { edit.on_hover_text(whole) };
    (edit, browses.inner)
}

/// A path as in [`path_ui`]; returns `field` if the button was pressed.
pub fn path_row_ui<T>(ui: &mut Ui, name: &str, path: &mut PathBuf, field: T, hint: &str) -> Option<T> {
    let mut text = path.display().to_string();
    let (edit, browse) = path_ui(ui, name, &mut text, hint);
    if edit.changed() {
        *path = PathBuf::from(text.trim());
    }
    browse.then_some(field)
}

/// A text that fits into `width` points: if it is too long, its middle is replaced by an ellipsis,
/// and more of its end is kept, where paths differ.
fn elided(ui: &Ui, text: &str, font: &FontId, width: f32) -> String {
    let widths: Vec<f32> =
        ui.fonts_mut(|fonts| text.chars().map(|letter| fonts.glyph_width(font, letter)).collect());
    if widths.iter().sum::<f32>() <= width {
        return text.to_owned();
    }
    let room = width - ui.fonts_mut(|fonts| fonts.glyph_width(font, '…')) - 2.0;
    let fitting = |widths: &mut dyn Iterator<Item = &f32>, room: f32| {
        let mut sum = 0.0;
        widths
            .take_while(|width| {
                sum += **width;
                sum <= room
            })
            .count()
    };
    let head = fitting(&mut widths.iter(), room * 0.3);
    let tail = fitting(&mut widths.iter().rev(), room * 0.7);
    let letters: Vec<char> = text.chars().collect();
    letters[..head].iter().chain(['…'].iter()).chain(&letters[letters.len() - tail..]).collect()
}

/// Rarely changed settings; initially open if one of them differs from its default.
pub fn more_ui(ui: &mut Ui, of: &str, is_default: bool, content: impl FnOnce(&mut Ui)) {
    CollapsingHeader::new("More")
        .id_salt(("more", of))
        .default_open(!is_default)
        .show_unindented(ui, content);
}

/// A box with an equation and its effect.
pub fn explain_ui(ui: &mut Ui, equation: &str, effect: &str) {
    let tokens = tokens(ui);
    egui::Frame::new()
        .fill(tokens.window)
        .stroke(egui::Stroke::new(1.0, tokens.line))
        .corner_radius(7)
        .inner_margin(egui::Margin::symmetric(10, 8))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.spacing_mut().item_spacing.y = 4.0;
            ui.label(RichText::new(equation).size(12.5).color(tokens.text));
            ui.label(RichText::new(effect).size(11.0).color(tokens.dim));
        });
}
