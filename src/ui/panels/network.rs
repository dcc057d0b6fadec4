//! The network as an hourglass: one card per layer, as wide as the logarithm of its units, to
//! select, drag and fix.

mod card_text;
mod dragging;

use egui::{
    Align, Align2, Button, Color32, DragAndDrop, EventFilter, FontId, Id, Layout, Pos2, Rect, Response,
    RichText, ScrollArea, Sense, Shape, Stroke, StrokeKind, Ui, UiBuilder, pos2, vec2,
};

use self::card_text::{CardText, abbreviated};
use self::dragging::{Dragged, drop_ui};
use crate::check::{Card, Severity};
use crate::project::{Decoder, Layer, Place, Project, Shape as SampleShape, format_count, short_count};
use crate::ui::commands::Command;
use crate::ui::panels::toolbar::item_ui;
use crate::ui::state::State;
use crate::ui::theme::{self, Tokens, tokens};
use crate::ui::thumbnail::Thumbnails;
use crate::ui::update::stack::{self, Gap};
use crate::ui::widgets::form::section_ui;
use crate::ui::widgets::scroll::{beside_scroll_bar_ui, menu_entries_ui};

/// Height of a card, in points.
const CARD_HEIGHT: f32 = 46.0;
/// Font sizes of its title and of the text below.
const TITLE_PX: f32 = 12.5;
const ABOUT_PX: f32 = 11.0;
/// Height of a gap, in points.
const GAP_HEIGHT: f32 = 22.0;
/// Width of the narrowest card, in points.
const NARROWEST: f32 = 196.0;

/// Shows the network.
pub fn network_ui(ui: &mut Ui, state: &mut State, thumbnails: &mut Thumbnails) {
    let cost = |count: Option<u64>| count.map_or_else(|| "?".to_owned(), short_count);
    let cards = &state.derived.cards;
    let totals = format!("{} parameters · {} MACs", cost(cards.parameters()), cost(cards.macs()));
    beside_scroll_bar_ui(ui, |ui| {
        section_ui(ui, "Network", &totals);
        kinds_ui(ui, state);
    });
    ui.add_space(2.0);
    // The toggles are below the output, or at the bottom of the panel if the hourglass is longer.
    let height = (ui.available_height() - 40.0).max(100.0);
    let cards = ScrollArea::vertical().auto_shrink([false, true]).id_salt("network");
    cards.max_height(height).min_scrolled_height(height).show(ui, |ui| {
        beside_scroll_bar_ui(ui, |ui| {
            ui.add_space(4.0);
            hourglass_ui(ui, state, thumbnails);
            ui.add_space(4.0);
        });
    });
    ui.add_space(4.0);
    beside_scroll_bar_ui(ui, |ui| switches_ui(ui, state));
}

/// The row of layer kinds, to click or to drag into a gap: the common ones directly, the others in
/// a menu.
fn kinds_ui(ui: &mut Ui, state: &mut State) {
    let is_common =
        |layer: &Layer| matches!(layer, Layer::Dense { .. } | Layer::Conv2d { .. } | Layer::Dropout { .. });
    let (common, others): (Vec<Layer>, Vec<Layer>) = Layer::ALL.into_iter().partition(is_common);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 5.0;
        ui.spacing_mut().button_padding.x = 3.0;
        ui.label(RichText::new("+").size(13.0).color(tokens(ui).faint));
        let buttons = common.len() + 1;
        let width = ((ui.available_width() - 5.0 * (buttons - 1) as f32) / buttons as f32).min(120.0);
        for layer in common {
            kind_ui(ui, state, layer, vec2(width, 26.0));
        }
        let more = RichText::new("More…").size(11.5).color(tokens(ui).dim);
        let more = ui.add_sized(vec2(width, 26.0), Button::new(more));
        let more = more.accessible_name("More kinds of layers").on_hover_text("Other kinds of layers.");
        egui::Popup::menu(&more).show(|ui| {
            menu_entries_ui(ui, 0.0, |ui| {
                for layer in others {
                    if kind_ui(ui, state, layer, vec2(150.0, 24.0)) {
                        ui.close();
                    }
                }
            });
        });
    });
}

/// A kind of layer to click or to drag. Returns whether it was clicked.
fn kind_ui(ui: &mut Ui, state: &mut State, layer: Layer, size: egui::Vec2) -> bool {
    let command = Command::adding(&layer);
    let text = RichText::new(layer.name()).size(11.5).color(tokens(ui).dim);
    let button = Button::new(text).sense(Sense::click_and_drag());
    let response = ui.add_sized(size, button).accessible_name(command.text());
    let response = response.on_hover_text(format!("{} Or drag it into a gap.", command.tooltip()));
    response.dnd_set_drag_payload(Dragged::New(layer));
    let clicked = response.clicked();
    if clicked {
        state.run(command);
    }
    clicked
}

fn hourglass_ui(ui: &mut Ui, state: &mut State, thumbnails: &mut Thumbnails) {
    let cards: Vec<Card> = state.derived.cards.iter().cloned().collect();
    let input = state.data.facts.map(|facts| facts.shape);
    let widest = cards.iter().filter_map(|card| card.output).chain(input).map(SampleShape::features).max();
    let width = Widths { most: ui.available_width(), widest: widest.unwrap_or(1) };
    let gaps = stack::gaps(&state.project);
    let mut spots = Vec::new();
    ui.spacing_mut().item_spacing.y = 0.0;
    card_ui(ui, state, &CardText::input(state), width.of(input), thumbnails);
    for card in &cards {
        let gap = gap_before(&state.project, card.place).filter(|gap| gaps.contains(gap));
        if let Some(rect) = gap_ui(ui, state, gap, flow(&cards, card.place, input)) {
            spots.push(rect);
        }
        card_ui(ui, state, &CardText::of(card, state), width.of(card.output), thumbnails);
    }
    drop_ui(ui, state, &spots);
}

/// Widths of cards, proportional to the logarithm of their units.
struct Widths {
    most: f32,
    widest: usize,
}

impl Widths {
    fn of(&self, shape: Option<SampleShape>) -> f32 {
        let log = |units: usize| (1.0 + units as f32).ln();
        let share = shape.map_or(0.5, |shape| log(shape.features()) / log(self.widest).max(0.1));
        let narrowest = NARROWEST.min(self.most);
        narrowest + (self.most - narrowest) * share.clamp(0.0, 1.0)
    }
}

/// The gap before a card.
fn gap_before(project: &Project, place: Place) -> Option<Gap> {
    match place {
        Place::Encoder(index) => Some(Gap::Encoder(index)),
        Place::Decoder(index) => Some(Gap::Decoder(index)),
        Place::Code => Some(Gap::Encoder(project.encoder.len())),
        Place::Output => match &project.decoder {
            Decoder::Free(layers) => Some(Gap::Decoder(layers.len())),
            Decoder::Mirrored { .. } => None,
        },
        Place::Data | Place::Corruption | Place::Training => None,
    }
}

/// Number of input features of a card.
fn flow(cards: &[Card], place: Place, input: Option<SampleShape>) -> Option<usize> {
    let at = cards.iter().position(|card| card.place == place)?;
    let shape = at.checked_sub(1).map_or(input, |before| cards[before].output)?;
    Some(shape.features())
}

fn card_ui(ui: &mut Ui, state: &mut State, card_text: &CardText, width: f32, thumbnails: &mut Thumbnails) {
    let tokens = tokens(ui);
    let (_, row) = ui.allocate_space(vec2(ui.available_width(), CARD_HEIGHT));
    let rect = Rect::from_center_size(row.center(), vec2(width, CARD_HEIGHT)).round_to_pixels_in(ui);
    let own = state.project.layer(card_text.place).is_some();
    let mut sense = if own { Sense::click_and_drag() } else { Sense::click() };
    let selected = state.selected == card_text.place;
    if !selected {
        // Tab stops only at the selected card, and arrow keys move between cards. Otherwise Tab
        // would select every card on its way to the output, and the forms of the other cards could
        // not be reached.
        sense.remove(Sense::FOCUSABLE);
    }
    let id = card_id(card_text.place);
    let response = ui.interact(rect, id, sense);
    response.widget_info(|| {
        let label = match card_text.place {
            Place::Encoder(_) | Place::Decoder(_) => format!("{}, {}", card_text.title, card_text.place),
            Place::Data | Place::Corruption | Place::Code | Place::Output | Place::Training => {
                format!("{} card", card_text.title)
            }
        };
        egui::WidgetInfo::selected(egui::Role::Button, true, selected, label)
    });
    if own {
        response.dnd_set_drag_payload(Dragged::Card(card_text.place));
    }
    follow_focus(ui, state, card_text.place, &response);
    let dragged = DragAndDrop::payload::<Dragged>(ui.ctx())
        .is_some_and(|dragged| matches!(&*dragged, Dragged::Card(place) if *place == card_text.place));
    if ui.is_rect_visible(rect) {
        paint_card(ui, card_text, rect, &response, selected, dragged, &tokens);
        let text_left = if let Some(texture) = thumbnails.of_card(ui.ctx(), state, card_text.place) {
            let picture = Rect::from_min_size(rect.min + vec2(14.0, 6.0), vec2(34.0, 34.0));
            let uv = Rect::from_min_max(Pos2::ZERO, pos2(1.0, 1.0));
            ui.painter().image(texture, picture, uv, Color32::WHITE);
            picture.right() + 8.0
        } else {
            drag_handle(ui, rect, own, &tokens);
            rect.left() + if own { 34.0 } else { 18.0 }
        };
        let text = Rect::from_min_max(pos2(text_left, rect.top() + 5.0), rect.max - vec2(26.0, 4.0));
        text_ui(ui, text, card_text, &tokens);
    }
    badge_ui(ui, state, card_text.place, rect);
    let response = if dragged { response } else { response.on_hover_text(&card_text.hover) };
    response.context_menu(|ui| context_ui(ui, state, card_text));
}

/// Keeps selection and keyboard focus together: changing one changes the other.
fn follow_focus(ui: &Ui, state: &mut State, place: Place, response: &Response) {
    if state.focus == Some(place) {
        response.request_focus();
        response.scroll_to_me(None);
        state.focus = None;
    }
    if response.clicked() || response.secondary_clicked() || response.drag_started() {
        response.request_focus();
        state.selected = place;
    }
    if response.gained_focus() && state.focus.is_none() {
        state.selected = place;
    }
    if response.has_focus() {
        // The arrow keys move the selection; by default egui would move the focus.
        let filter = EventFilter { vertical_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
    }
}

fn paint_card(
    ui: &Ui,
    card_text: &CardText,
    rect: Rect,
    response: &Response,
    selected: bool,
    dragged: bool,
    tokens: &Tokens,
) {
    let painter = ui.painter();
    let color = (card_text.color)(tokens);
    let radius = 8.0;
    let fill = if selected || response.hovered() { tokens.raised } else { tokens.card };
    let fill = if dragged { fill.gamma_multiply(0.4) } else { fill };
    painter.rect_filled(rect, radius, fill);
    if card_text.mirrored {
        hatch(ui, rect, tokens.line.gamma_multiply(0.7));
    }
    if selected {
        painter.rect_stroke(
            rect.expand(2.0),
            radius + 2.0,
            Stroke::new(2.0, color.gamma_multiply(0.28)),
            StrokeKind::Outside,
        );
    }
    let outline = if selected { Stroke::new(1.5, color) } else { Stroke::new(1.0, tokens.line) };
    painter.rect_stroke(rect, radius, outline, StrokeKind::Inside);
    if response.has_focus() {
        painter.rect_stroke(
            rect.expand(3.0),
            radius + 3.0,
            Stroke::new(1.5, tokens.accent),
            StrokeKind::Outside,
        );
    }
    // The coloured edge: a card in its own colour, with only the leftmost points visible.
    let edge = Rect::from_min_max(rect.min, pos2(rect.left() + 4.0, rect.bottom()));
    painter.with_clip_rect(edge.intersect(ui.clip_rect())).rect_filled(rect, radius, color);
}

/// Slanted lines over a card that mirrors another.
fn hatch(ui: &Ui, rect: Rect, color: Color32) {
    let painter = ui.painter().with_clip_rect(rect.shrink(2.0).intersect(ui.clip_rect()));
    let mut x = rect.left() - rect.height();
    while x < rect.right() {
        let line = [pos2(x, rect.bottom()), pos2(x + rect.height(), rect.top())];
        painter.add(Shape::line_segment(line, Stroke::new(1.0, color)));
        x += 9.0;
    }
}

fn drag_handle(ui: &Ui, rect: Rect, own: bool, tokens: &Tokens) {
    if !own {
        return;
    }
    for column in 0..2 {
        for row in -1..=1 {
            let at = rect.left_center() + vec2(16.0 + 5.0 * column as f32, 5.0 * row as f32);
            ui.painter().circle_filled(at, 1.1, tokens.faint);
        }
    }
}

fn text_ui(ui: &mut Ui, rect: Rect, card_text: &CardText, tokens: &Tokens) {
    let layout = Layout::top_down(Align::LEFT);
    // A child `Ui`, so that the cursor of the hourglass stays below the card.
    let mut ui = ui.new_child(UiBuilder::new().max_rect(rect).layout(layout));
    ui.spacing_mut().item_spacing.y = 1.0;
    let fits = |line: &str, font: FontId| {
        ui.painter().layout_no_wrap(line.to_owned(), font, tokens.dim).size().x <= rect.width()
    };
    let fits_as_title = |title: &&String| fits(title, theme::bold(TITLE_PX));
    let shortest = abbreviated(&card_text.title);
    let title = [&card_text.title, &shortest].into_iter().find(fits_as_title).unwrap_or(&shortest);
    let title = RichText::new(title).font(theme::bold(TITLE_PX)).color(tokens.text);
    let fits_below = |line: &&String| fits(line, FontId::proportional(ABOUT_PX));
    let about = card_text.about.iter().find(fits_below).or(card_text.about.last()).map_or("", String::as_str);
    ui.add(egui::Label::new(title).truncate().selectable(false).show_tooltip_when_elided(false));
    let about = RichText::new(about).size(ABOUT_PX).color(tokens.dim);
    ui.add(egui::Label::new(about).truncate().selectable(false).show_tooltip_when_elided(false));
}

/// The badge of a card's problems: hovering shows them, clicking offers their fixes.
fn badge_ui(ui: &mut Ui, state: &mut State, place: Place, rect: Rect) {
    let places: &[Place] = if place == Place::Data { &[Place::Data, Place::Corruption] } else { &[place] };
    let problems: Vec<_> =
        state.derived.problems.iter().filter(|problem| places.contains(&problem.place)).cloned().collect();
    let Some(worst) = problems.iter().map(|problem| problem.severity).min() else { return };
    let tokens = tokens(ui);
    let center = pos2(rect.right() - 16.0, rect.center().y);
    let hit = Rect::from_center_size(center, vec2(26.0, 26.0));
    let response = ui.interact(hit, Id::unique(("badge", place)), Sense::click());
    let text: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
    response.widget_info(|| {
        egui::WidgetInfo::labeled(
            egui::Role::Button,
            true,
            format!("Problems of {place}: {}", text.join(" ")),
        )
    });
    let color = super::problems::color(&tokens, worst);
    ui.painter().circle_filled(center, 8.0, color);
    let sign = if worst == Severity::Info { "i" } else { "!" };
    ui.painter().text(center, Align2::CENTER_CENTER, sign, theme::bold(11.0), tokens.window);
    let response = response.on_hover_text(text.join("\n"));
    egui::Popup::menu(&response).width(300.0).show(|ui| {
        ui.set_max_width(300.0);
        for problem in &problems {
            ui.add(egui::Label::new(RichText::new(&problem.message).size(12.0)).wrap());
            for remedy in state.remedies(problem) {
                if ui.button(&*remedy.label()).on_hover_text(remedy.tooltip()).clicked() {
                    state.fix(problem.place, &remedy);
                    ui.close();
                }
            }
        }
    });
}

/// The gap above a card: the number of features passed through, and a + to add a layer. Returns its
/// rectangle if a layer can be inserted.
fn gap_ui(ui: &mut Ui, state: &mut State, gap: Option<Gap>, features: Option<usize>) -> Option<(Gap, Rect)> {
    let tokens = tokens(ui);
    let (_, rect) = ui.allocate_space(vec2(ui.available_width(), GAP_HEIGHT));
    let painter = ui.painter();
    let center = rect.center();
    painter.line_segment(
        [center - vec2(0.0, GAP_HEIGHT / 2.0), center + vec2(0.0, GAP_HEIGHT / 2.0)],
        Stroke::new(1.0, tokens.line),
    );
    if let Some(features) = features {
        let at = center + vec2(16.0, 0.0);
        painter.text(at, Align2::LEFT_CENTER, format_count(features), FontId::proportional(10.0), tokens.dim);
    }
    let gap = gap?;
    let hit = Rect::from_center_size(center, vec2(24.0, GAP_HEIGHT));
    let response = ui.interact(hit, Id::unique(("gap", format!("{gap:?}"))), Sense::click());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, gap_name(gap)));
    let near = ui.rect_contains_pointer(rect) && !DragAndDrop::has_any_payload(ui.ctx());
    if near
        || response.has_focus()
        || egui::Popup::is_id_open(ui.ctx(), egui::Popup::default_response_id(&response))
    {
        let color = if response.hovered() || response.has_focus() { tokens.accent } else { tokens.faint };
        ui.painter().circle(center, 8.5, tokens.card, Stroke::new(1.2, color));
        for arm in [vec2(4.0, 0.0), vec2(0.0, 4.0)] {
            ui.painter().line_segment([center - arm, center + arm], Stroke::new(1.4, color));
        }
    }
    egui::Popup::menu(&response).show(|ui| {
        menu_entries_ui(ui, 0.0, |ui| {
            for layer in Layer::ALL {
                if ui.button(format!("Add {}", layer.name())).clicked() {
                    state.insert(gap, layer);
                    ui.close();
                }
            }
        });
    });
    Some((gap, rect))
}

fn gap_name(gap: Gap) -> String {
    match gap {
        Gap::Encoder(index) => format!("Add a layer at position {} of the encoder", index + 1),
        Gap::Decoder(index) => format!("Add a layer at position {} of the decoder", index + 1),
    }
}

fn context_ui(ui: &mut Ui, state: &mut State, card_text: &CardText) {
    ui.set_min_width(210.0);
    if card_text.mirrored {
        let available = Command::ToggleMirror.available(state);
        let response = ui
            .add_enabled(available.is_ok(), Button::new("Give the decoder its own layers"))
            .on_disabled_hover_text(available.err().unwrap_or_default());
        if response.clicked() {
            state.run(Command::ToggleMirror);
            ui.close();
        }
        return;
    }
    ui.menu_button("Add layer", |ui| {
        menu_entries_ui(ui, 0.0, |ui| {
            for layer in Layer::ALL {
                item_ui(ui, Command::adding(&layer), state);
            }
        });
    });
    for command in [Command::Duplicate, Command::Remove, Command::MoveUp, Command::MoveDown] {
        item_ui(ui, command, state);
    }
}

fn switches_ui(ui: &mut Ui, state: &mut State) {
    let tied = matches!(state.project.decoder, Decoder::Mirrored { tied: true });
    let switches = [
        (Command::ToggleMirror, "↔ Mirrors the encoder", "Mirrors the encoder", state.is_mirrored(), 150.0),
        (Command::ToggleTied, "Tie weights", "Tie weights", tied, 90.0),
    ];
    ui.horizontal(|ui| {
        let width: f32 = switches.iter().map(|switch| switch.4).sum::<f32>() + 8.0;
        ui.add_space(((ui.available_width() - width) / 2.0).max(0.0));
        for (command, text, name, on, width) in switches {
            let tokens = tokens(ui);
            let text = RichText::new(text).size(12.0).color(if on { tokens.text } else { tokens.dim });
            let stroke = Stroke::new(1.0, if on { tokens.decoder } else { tokens.line });
            let available = command.available(state);
            let button = Button::new(text).stroke(stroke);
            let response = ui
                .add_enabled_ui(available.is_ok(), |ui| ui.add_sized(vec2(width, 26.0), button))
                .inner
                .on_hover_text(command.tooltip())
                .on_disabled_hover_text(available.err().unwrap_or_default());
            response
                .widget_info(|| egui::WidgetInfo::selected(egui::Role::Switch, response.enabled(), on, name));
            if response.clicked() {
                state.run(command);
            }
        }
    });
}

/// The widget of the selected card, whether or not it has the keyboard focus.
pub fn focused_card(state: &State) -> Id {
    card_id(state.selected)
}

fn card_id(place: Place) -> Id {
    Id::unique(("card", place))
}

/// Aligns a rectangle with the pixels of the screen, so that its outline is sharp.
trait RoundIn {
    fn round_to_pixels_in(self, ui: &Ui) -> Self;
}

impl RoundIn for Rect {
    fn round_to_pixels_in(self, ui: &Ui) -> Rect {
        egui::emath::GuiRounding::round_to_pixels(self, ui.pixels_per_point())
    }
}
