//! The dialog for a new project: the user's own data, or a recipe.

use egui::{
    Align2, EventFilter, FontId, Id, Key, Rect, Response, RichText, Role, ScrollArea, Sense, Stroke,
    StrokeKind, Ui, WidgetInfo, pos2, vec2,
};

use crate::project::Recipe;
use crate::ui::recipe_pictures::paint_picture;
use crate::ui::state::OwnData;
use crate::ui::theme::{self, Tokens, tokens};

/// Size of a tile and spacing between tiles, in points.
const TILE: egui::Vec2 = vec2(136.0, 104.0);
const GAP: f32 = 8.0;
/// Height of a tile's picture.
const PICTURE_PX: f32 = 72.0;
/// Height of the description of the selected tile.
const ABOUT_PX: f32 = 66.0;
/// Height of everything above and below the tiles in the window.
const OTHER_HEIGHT_PX: f32 = 250.0;

/// The starting point of a new project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// The user's own data.
    Own(OwnData),
    /// A ready-made project.
    Recipe(Recipe),
}

impl Start {
    /// All of them; the user's own data come first.
    fn all() -> impl Iterator<Item = Start> {
        OwnData::ALL.into_iter().map(Start::Own).chain(Recipe::ALL.into_iter().map(Start::Recipe))
    }

    /// Its title on the tile.
    fn title(self) -> &'static str {
        match self {
            Start::Own(OwnData::Pictures) => "Your own pictures…",
            Start::Own(OwnData::Table) => "Your own table…",
            Start::Recipe(recipe) => recipe.title(),
        }
    }

    /// Its accessible name.
    fn name(self) -> String {
        match self {
            Start::Own(_) => self.title().to_owned(),
            Start::Recipe(recipe) => format!("Start {}", recipe.name()),
        }
    }

    fn about(self) -> String {
        match self {
            Start::Own(OwnData::Pictures) => {
                "A network with a small code for a folder of your own pictures. \
                 Folders inside it become classes."
                    .to_owned()
            }
            Start::Own(OwnData::Table) => {
                "A network with a small code for your own table (CSV, Excel, OpenDocument). Its columns are \
                 standardised."
                    .to_owned()
            }
            Start::Recipe(recipe) => {
                let claims: Vec<String> = recipe.claims().iter().map(|claim| claim.text()).collect();
                format!("{} Trained: {}.", recipe.summary(), claims.join(", "))
            }
        }
    }
}

/// Number of tiles side by side in this window.
fn columns(ui: &Ui) -> usize {
    let room = ui.ctx().content_rect().width() - 100.0;
    (((room + GAP) / (TILE.x + GAP)) as usize).clamp(2, 7)
}

/// Width of all tiles.
pub fn width(ui: &Ui) -> f32 {
    columns(ui) as f32 * (TILE.x + GAP) - GAP
}

/// Shows every starting point for a project; returns the chosen one.
pub fn new_project_ui(ui: &mut Ui) -> Option<Start> {
    let has_opened = has_just_opened(ui);
    let height = (ui.ctx().content_rect().height() - OTHER_HEIGHT_PX).max(TILE.y);
    let mut area = ScrollArea::vertical().id_salt("recipes").max_height(height).min_scrolled_height(height);
    if has_opened {
        area = area.vertical_scroll_offset(0.0);
    }
    let all: Vec<Start> = Start::all().collect();
    let columns = columns(ui);
    let (mut chosen, mut described, mut focused) = (None, None, None);
    area.show(ui, |ui| {
        ui.spacing_mut().item_spacing = vec2(GAP, GAP);
        for (row, starts) in all.chunks(columns).enumerate() {
            ui.horizontal(|ui| {
                for (column, start) in starts.iter().enumerate() {
                    let number = row * columns + column;
                    let tile = tile_ui(ui, number, *start);
                    if has_opened && number == 0 {
                        tile.request_focus();
                    }
                    if tile.has_focus() {
                        focused = Some(number);
                    }
                    if tile.hovered() || (tile.has_focus() && described.is_none()) {
                        described = Some(*start);
                    }
                    if tile.clicked() {
                        chosen = Some(*start);
                    }
                }
            });
        }
    });
    if let Some(to) = focused.and_then(|at| neighbour(ui, at, columns)).filter(|to| *to < all.len()) {
        ui.memory_mut(|memory| memory.request_focus(tile_id(to)));
    }
    let about = described.map_or_else(|| "Arrow keys move, Enter chooses.".to_owned(), Start::about);
    let text = RichText::new(about).size(12.0).color(tokens(ui).dim);
    ui.allocate_ui(vec2(ui.available_width(), ABOUT_PX), |ui| {
        ui.set_min_height(ABOUT_PX);
        ui.add(egui::Label::new(text).wrap());
    });
    chosen
}

/// Whether it was opened in this frame and must be scrolled to the top. The first pass of a frame
/// only measures.
fn has_just_opened(ui: &Ui) -> bool {
    let (id, now) = (Id::unique("new project shown"), ui.ctx().cumulative_pass_nr());
    let [last, opened] = ui.data(|data| data.get_temp::<[u64; 2]>(id)).unwrap_or_default();
    let opened = if last + 1 < now { now } else { opened };
    ui.data_mut(|data| data.insert_temp(id, [now, opened]));
    now < opened + 2
}

fn tile_id(number: usize) -> Id {
    Id::unique(("new project", number))
}

/// The tile that an arrow key moves the focus to from the tile `at`. By default, the focus would
/// move to the nearest widget on the screen, even below the dialog.
fn neighbour(ui: &Ui, at: usize, columns: usize) -> Option<usize> {
    let arrows = EventFilter { horizontal_arrows: true, vertical_arrows: true, ..EventFilter::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(tile_id(at), arrows));
    let pressed = |key| ui.input(|input| input.key_pressed(key));
    if pressed(Key::ArrowLeft) {
        at.checked_sub(1)
    } else if pressed(Key::ArrowRight) {
        Some(at + 1)
    } else if pressed(Key::ArrowUp) {
        at.checked_sub(columns)
    } else if pressed(Key::ArrowDown) {
        Some(at + columns)
    } else {
        None
    }
}

fn tile_ui(ui: &mut Ui, number: usize, start: Start) -> Response {
    let (_, rect) = ui.allocate_space(TILE);
    let response = ui.interact(rect, tile_id(number), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, start.name()));
    if response.gained_focus() {
        response.scroll_to_me(None);
    }
    if !ui.is_rect_visible(rect) {
        return response;
    }
    let tokens = tokens(ui);
    let is_pointed = response.hovered() || response.has_focus();
    ui.painter().rect_filled(rect, 8.0, if is_pointed { tokens.raised } else { tokens.card });
    let edge =
        if response.has_focus() { Stroke::new(2.0, tokens.accent) } else { Stroke::new(1.0, tokens.line) };
    ui.painter().rect_stroke(rect, 8.0, edge, StrokeKind::Inside);
    let picture = rect.shrink(4.0).with_max_y(rect.top() + 4.0 + PICTURE_PX);
    match start {
        Start::Own(own) => own_ui(ui, own, picture, &tokens),
        Start::Recipe(recipe) => paint_picture(ui, recipe, picture),
    }
    let font = match start {
        Start::Own(_) => theme::bold(12.5),
        Start::Recipe(_) => FontId::proportional(12.5),
    };
    let place = pos2(rect.center().x, 0.5 * (picture.bottom() + rect.bottom()));
    ui.painter().text(place, Align2::CENTER_CENTER, start.title(), font, tokens.text);
    response
}

/// An icon for the user's own data: frames of pictures, or lines of a table.
fn own_ui(ui: &Ui, own: OwnData, rect: Rect, tokens: &Tokens) {
    let (columns, rows, filled) = match own {
        OwnData::Pictures => (3, 2, true),
        OwnData::Table => (4, 4, false),
    };
    let inner = rect.shrink2(vec2(26.0, 12.0));
    let cell = inner.size() / vec2(columns as f32, rows as f32);
    for number in 0..columns * rows {
        let (column, row) = ((number % columns) as f32, (number / columns) as f32);
        let at = Rect::from_min_size(inner.min + cell * vec2(column, row), cell).shrink(2.0);
        if filled || row == 0.0 {
            ui.painter().rect_filled(at, 2.0, tokens.accent.gamma_multiply(if filled { 0.8 } else { 1.0 }));
        } else {
            ui.painter().rect_stroke(at, 1.0, Stroke::new(1.0, tokens.dim), StrokeKind::Inside);
        }
    }
}
