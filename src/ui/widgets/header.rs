//! A row of constant height at any width and with any content: parts that do not fit move to a menu
//! at its right end.

use egui::{
    Align, ComboBox, Id, Layout, Popup, PopupCloseBehavior, Rect, RichText, TextWrapMode, Ui, UiBuilder,
    pos2, vec2,
};

use super::button::chip_ui;

/// Height of the row, equal to that of its chips, so that adjacent headers are aligned.
pub const ROW_PX: f32 = 26.0;
/// Spacing between two parts.
const GAP_PX: f32 = 6.0;
/// Width of the button that opens the menu.
const MENU_PX: f32 = 26.0;
/// Width of a combo box without its text.
const COMBO_PX: f32 = 44.0;

/// The end of the row where a part is placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// After the earlier parts.
    Left,
    /// After the earlier ones at the right end; the last one ends where the row does.
    Right,
}

/// A row while its parts are added, in order of importance: the last ones are the first to move to
/// the menu.
pub struct Row<'a> {
    place: Place<'a>,
    plan: &'a Plan,
    seen: Vec<Part>,
}

/// The place where parts are drawn.
enum Place<'a> {
    Row { left: &'a mut Ui, right: &'a mut Ui },
    Menu(&'a mut Ui),
}

/// A measured part. Widths are whole points.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Part {
    name: Id,
    side: Side,
    width: f32,
    /// Width of a choice with its options side by side; for other parts, the width.
    spread: f32,
}

/// The parts that fit.
#[derive(Clone, Debug, PartialEq)]
struct Plan {
    parts: Vec<Part>,
    /// Whether the options of choices are side by side.
    is_spread: bool,
    /// Number of parts in the row; the others are in the menu.
    shown: usize,
    /// Width of the parts at the right end.
    right_px: f32,
}

impl Plan {
    /// Choices become combo boxes before anything moves to the menu.
    fn new(parts: Vec<Part>, room: f32) -> Plan {
        let sum = |width: &dyn Fn(&Part) -> f32| parts.iter().map(|part| width(part) + GAP_PX).sum::<f32>();
        let is_spread = sum(&|part| part.spread) - GAP_PX <= room;
        let width = |part: &Part| if is_spread { part.spread } else { part.width };
        let mut shown = parts.len();
        if sum(&width) - GAP_PX > room {
            let mut used = MENU_PX;
            let fits = |part: &&Part| {
                used += width(part) + GAP_PX;
                used <= room
            };
            shown = parts.iter().take_while(fits).count();
        }
        let right = parts.iter().take(shown).filter(|part| part.side == Side::Right);
        let right_px = right.map(|part| width(part) + GAP_PX).sum();
        Plan { parts, is_spread, shown, right_px }
    }

    fn is_cut(&self) -> bool {
        self.shown < self.parts.len()
    }
}

/// Shows a row in the full width; `add` is called a second time while the menu is open.
pub fn one_row_ui(ui: &mut Ui, name: &str, mut add: impl FnMut(&mut Row<'_>)) {
    let (_, rect) = ui.allocate_space(vec2(ui.available_width().max(0.0), ROW_PX));
    let id = ui.scope_id().with(("row", name));
    let plan = Plan::new(ui.data(|data| data.get_temp(id)).unwrap_or_default(), rect.width());
    let end = rect.right() - if plan.is_cut() { MENU_PX + GAP_PX } else { 0.0 };
    let right = rect.with_max_x(end).with_min_x(end - (plan.right_px - GAP_PX).max(0.0));
    let [mut left, mut right] =
        [(rect, "left"), (right, "right")].map(|(at, salt)| side_ui(ui, at, rect, salt));
    let mut row =
        Row { place: Place::Row { left: &mut left, right: &mut right }, plan: &plan, seen: Vec::new() };
    add(&mut row);
    let seen = row.seen;
    if plan.is_cut() {
        menu_ui(ui, id, name, rect, &plan, &mut add);
    }
    if seen != plan.parts {
        let next = Plan::new(seen.clone(), rect.width());
        let is_known = seen.iter().map(|part| part.name).eq(plan.parts.iter().map(|part| part.name));
        ui.data_mut(|data| data.insert_temp(id, seen));
        if !is_known || (next.shown, next.is_spread) != (plan.shown, plan.is_spread) {
            // A row whose parts are not in their final positions is never displayed.
            ui.ctx().request_discard("other parts of a row");
        }
        ui.ctx().request_repaint();
    }
}

/// One end of the row.
fn side_ui(ui: &mut Ui, at: Rect, row: Rect, salt: &str) -> Ui {
    let layout = Layout::left_to_right(Align::Center);
    let mut side = ui.new_child(UiBuilder::new().max_rect(at).layout(layout).id_salt(salt));
    side.shrink_clip_rect(row.expand(2.0));
    set_spacing(&mut side);
    side
}

fn set_spacing(ui: &mut Ui) {
    ui.spacing_mut().item_spacing = vec2(GAP_PX, 4.0);
    ui.style_mut().wrap_mode = Some(TextWrapMode::Extend);
}

/// The menu of parts that do not fit. It manages its own open state, because egui would close it
/// with the first combo box opened in it.
fn menu_ui(ui: &mut Ui, id: Id, name: &str, row: Rect, plan: &Plan, add: &mut dyn FnMut(&mut Row<'_>)) {
    let at = Rect::from_min_max(pos2(row.right() - MENU_PX, row.top()), row.max);
    let mut end = side_ui(ui, at, row, "menu");
    let id = id.with("open");
    // A row that was hidden or had space for all parts reappears with its menu closed.
    let now = ui.ctx().cumulative_pass_nr();
    let (was_open, seen): (bool, u64) = ui.data(|data| data.get_temp(id)).unwrap_or_default();
    let mut is_open = was_open && seen + 1 >= now;
    let button = chip_ui(&mut end, is_open, "…").accessible_name(format!("More of {name}"));
    let button = button.on_hover_text("Show what does not fit here");
    is_open ^= button.clicked();
    let popup = Popup::from_response(&button)
        .open_bool(&mut is_open)
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .accessible_name(name);
    popup.show(|ui| {
        set_spacing(ui);
        add(&mut Row { place: Place::Menu(ui), plan, seen: Vec::new() });
    });
    ui.data_mut(|data| data.insert_temp(id, (is_open, now)));
}

impl Row<'_> {
    /// Adds a part with a unique name in the row. Returns the result of `add` if the part is
    /// visible.
    pub fn part<R>(&mut self, side: Side, name: &str, add: impl FnOnce(&mut Ui) -> R) -> Option<R> {
        self.draw(side, name, None, add)
    }

    /// A toggle chip with a tooltip; returns whether it was clicked.
    pub fn chip(&mut self, side: Side, on: bool, text: &str, about: &str) -> bool {
        let add = |ui: &mut Ui| chip_ui(ui, on, text).on_hover_text(about).clicked();
        self.part(side, text, add).unwrap_or_default()
    }

    /// Options with tooltips, one of which is chosen: chips side by side, or a combo box if not
    /// everything fits. Returns the one clicked.
    pub fn choice(
        &mut self,
        side: Side,
        name: &str,
        chosen: Option<usize>,
        options: &[(&str, &str)],
    ) -> Option<usize> {
        let is_spread = match self.place {
            Place::Row { .. } => self.plan.is_spread,
            Place::Menu(_) => false,
        };
        let widths = match &self.place {
            Place::Row { left: ui, .. } | Place::Menu(ui) => widths(ui, options),
        };
        self.draw(side, name, Some(widths), |ui| {
            if is_spread {
                let mut clicked = None;
                for (at, (text, about)) in options.iter().enumerate() {
                    if chip_ui(ui, chosen == Some(at), text).on_hover_text(*about).clicked() {
                        clicked = Some(at);
                    }
                }
                return clicked;
            }
            combo_ui(ui, name, chosen, options)
        })
        .flatten()
    }

    /// Draws a part in its place; `of_choice` are the widths of a choice, as a combo box and with
    /// its options side by side.
    fn draw<R>(
        &mut self,
        side: Side,
        name: &str,
        of_choice: Option<[f32; 2]>,
        add: impl FnOnce(&mut Ui) -> R,
    ) -> Option<R> {
        let id = Id::unique(name);
        let at = self.plan.parts.iter().position(|part| part.name == id);
        let (left, right) = match &mut self.place {
            Place::Menu(ui) => {
                let is_hidden = at.is_some_and(|at| at >= self.plan.shown);
                return is_hidden.then(|| ui.push_id(name, |ui| ui.horizontal(add).inner).inner);
            }
            Place::Row { left, right } => (left, right),
        };
        let ui = if side == Side::Left { left } else { right };
        let (shown, width) = if let Some(at) = at.filter(|at| *at >= self.plan.shown) {
            (None, self.plan.parts[at].width)
        } else {
            // Unknown parts are drawn to be measured.
            let drawn = ui.scope_builder(UiBuilder::new().id_salt(name), add);
            (Some(drawn.inner), whole(drawn.response.rect.width()))
        };
        let part = match of_choice {
            Some([width, spread]) => Part { name: id, side, width, spread },
            None => Part { name: id, side, width, spread: width },
        };
        self.seen.push(part);
        shown
    }
}

/// Rounds a width up to whole points. The position of a part rounds its width: if the width grew as
/// a result, the part would move and the row would never settle.
fn whole(width: f32) -> f32 {
    (width - 0.01).ceil()
}

/// Widths of a choice, as a combo box and with its options side by side.
fn widths(ui: &Ui, options: &[(&str, &str)]) -> [f32; 2] {
    let text_px = |text: &str, font| {
        let galley = ui.painter().layout_no_wrap(text.to_owned(), font, ui.visuals().text_color());
        galley.size().x.ceil()
    };
    let texts = options.iter().map(|(text, _)| text_px(text, egui::FontId::proportional(11.0)));
    let (widest, all) =
        texts.fold((0.0_f32, 0.0), |(widest, all), px| (widest.max(px), all + px + 16.0 + GAP_PX));
    [widest + COMBO_PX, (all - GAP_PX).max(0.0)]
}

/// The options in a combo box.
fn combo_ui(ui: &mut Ui, name: &str, chosen: Option<usize>, options: &[(&str, &str)]) -> Option<usize> {
    let text = chosen.and_then(|at| options.get(at)).map_or(name, |option| option.0);
    let [width, _] = widths(ui, options);
    let combo = ComboBox::from_id_salt(name).selected_text(RichText::new(text).size(11.0)).width(width);
    let mut clicked = None;
    let shown = combo.show_ui(ui, |ui| {
        for (at, (text, about)) in options.iter().enumerate() {
            if ui.selectable_label(chosen == Some(at), *text).on_hover_text(*about).clicked() {
                clicked = Some(at);
            }
        }
    });
    shown.response.accessible_name(name);
    clicked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_width_of_a_part_does_not_depend_on_its_position() {
        for (width, expected) in [(40.0_f32, 40.0), (40.03125, 41.0), (39.5, 40.0)] {
            for place in 0..1000 {
                let left = place as f32 / 3.0;
                assert_eq!(whole((left + width) - left), expected, "{width} at {left}");
            }
        }
    }

    #[test]
    fn choices_close_before_the_last_parts_move_to_the_menu() {
        let part = |name: &str, side, width, spread| Part { name: Id::unique(name), side, width, spread };
        let parts = vec![
            part("choice", Side::Left, 60.0, 120.0),
            part("figure", Side::Right, 50.0, 50.0),
            part("chip", Side::Left, 40.0, 40.0),
            part("word", Side::Right, 30.0, 30.0),
        ];
        // Parts have gaps of 6: 120 + 50 + 40 + 30 + 3 · 6 = 258, or 198 with a combo box. The menu
        // takes 26.
        for (room, is_spread, shown, right_px) in [
            (258.0, true, 4, 92.0),
            (257.0, false, 4, 92.0),
            (198.0, false, 4, 92.0),
            (197.0, false, 3, 56.0),
            (193.0, false, 2, 56.0),
            (147.0, false, 1, 0.0),
            (0.0, false, 0, 0.0),
        ] {
            let plan = Plan::new(parts.clone(), room);
            assert_eq!((plan.is_spread, plan.shown, plan.right_px), (is_spread, shown, right_px), "{room}");
        }
        assert!(!Plan::new(Vec::new(), 0.0).is_cut());
    }
}
