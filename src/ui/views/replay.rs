//! The replay bar, which sets the epoch shown by loss, latent space and reconstructions.

use egui::{
    CursorIcon, EventFilter, Key, Pos2, Rect, Response, RichText, Role, Sense, Shape, Stroke, Ui, WidgetInfo,
    pos2, vec2,
};
use serde::{Deserialize, Serialize};

use super::parts::chip_ui;
use crate::run::{Run, RunId, Status};
use crate::ui::plots::{color, palette};
use crate::ui::state::Seek;

/// The input of the bar.
#[derive(Clone, Copy)]
pub struct ReplayInput<'a> {
    /// The selected run.
    pub run: Option<&'a Run>,
    /// The epoch shown; `None` means live.
    pub epoch: Option<u32>,
    /// The run, if its design differs from the current one.
    pub outdated: Option<RunId>,
}

/// The design to be used by both views and cards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Design {
    /// The design of the run in the views, which becomes the current one.
    OfViews,
    /// The current design, which is trained.
    OnScreen,
}

/// Requests from the user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReplayOutput {
    /// Show another epoch.
    pub seek: Option<Seek>,
    /// Use one design for both views and cards.
    pub design: Option<Design>,
}

/// State of the bar.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ReplayView {
    /// Whether it is playing.
    #[serde(skip)]
    pub playing: bool,
    /// When the next kept epoch is due, in egui time (seconds).
    #[serde(skip)]
    due: f64,
    /// Buffer for the numbers of kept epochs.
    #[serde(skip)]
    epochs: Vec<u32>,
}

/// Approximate duration of a replay from first to last epoch.
const WHOLE_SECS: f64 = 8.0;

/// Shows the bar in one row.
pub fn replay_ui(ui: &mut Ui, input: &ReplayInput<'_>, view: &mut ReplayView) -> ReplayOutput {
    let p = palette(ui);
    let mut output = ReplayOutput::default();
    view.epochs.clear();
    if let Some(run) = input.run {
        view.epochs.extend(run.kept.iter().map(|kept| kept.epoch));
    }
    let newest = view.epochs.last().copied().unwrap_or(0);
    let at = input.epoch.unwrap_or(newest).min(newest);
    let enabled = view.epochs.len() > 1;
    view.playing &= enabled;
    let place = view.epochs.partition_point(|epoch| *epoch <= at).saturating_sub(1);
    let training = input.run.is_some_and(|run| run.status == Status::Training);

    ui.horizontal_centered(|ui| {
        ui.spacing_mut().item_spacing.x = 8.0;
        ui.add_space(12.0);
        if ui.available_width() > if input.outdated.is_some() { 550.0 } else { 420.0 } {
            ui.add(
                egui::Label::new(RichText::new("Replay").size(12.0).color(color(p.dim))).selectable(false),
            );
        }
        ui.add_enabled_ui(enabled, |ui| {
            if icon_ui(ui, Icon::Back, "previous kept epoch").clicked() {
                output.seek = view.epochs.get(place.saturating_sub(1)).map(|epoch| Seek::Epoch(*epoch));
                view.playing = false;
            }
            let (icon, name) =
                if view.playing { (Icon::Pause, "pause replay") } else { (Icon::Play, "play replay") };
            if icon_ui(ui, icon, name).clicked() {
                view.playing = !view.playing;
                view.due = 0.0;
                if view.playing && place + 1 >= view.epochs.len() {
                    output.seek = view.epochs.first().map(|epoch| Seek::Epoch(*epoch));
                }
            }
            if icon_ui(ui, Icon::Forward, "next kept epoch").clicked() {
                output.seek = Some(step_forward(&view.epochs, place));
                view.playing = false;
            }
        });
        output.design = input.outdated.and_then(|run| outdated_ui(ui, run));
        let label = match (input.epoch, enabled || newest > 0) {
            (_, false) => "nothing kept yet".to_owned(),
            (None, true) if training => format!("epoch {newest} · live"),
            (None, true) => format!("epoch {newest} · newest"),
            (Some(_), true) => format!("epoch {at}"),
        };
        let live_width = 42.0;
        // As wide as the longest number, so that the track does not change length.
        let font = egui::FontId::proportional(11.5);
        let longest = ui.painter().layout_no_wrap(format!("epoch {newest} · newest"), font, color(p.dim));
        let longest = longest.size().x.ceil() + 2.0;
        let label_width = (ui.available_width() - live_width - 76.0).clamp(40.0, longest.max(40.0));
        let track = (ui.available_width() - live_width - label_width - 36.0).max(40.0);
        if let Some(epoch) = track_ui(ui, &view.epochs, at, track, enabled) {
            output.seek = Some(if epoch >= newest { Seek::Live } else { Seek::Epoch(epoch) });
            view.playing = false;
        }
        ui.allocate_ui_with_layout(
            vec2(label_width, 20.0),
            egui::Layout::left_to_right(egui::Align::Center),
            |ui| {
                ui.set_min_width(label_width);
                ui.add(
                    egui::Label::new(RichText::new(label).size(11.5).color(color(p.dim)))
                        .selectable(false)
                        .truncate(),
                );
            },
        );
        ui.add_enabled_ui(enabled, |ui| {
            if chip_ui(ui, input.epoch.is_none(), "Live").on_hover_text("Follow the newest epoch").clicked() {
                output.seek = Some(Seek::Live);
                view.playing = false;
            }
        });
    });
    if view.playing && output.seek.is_none() {
        output.seek = play(ui, view, place);
    }
    output
}

/// Reports that views and cards show different designs, and offers to switch one of them.
fn outdated_ui(ui: &mut Ui, run: RunId) -> Option<Design> {
    let text = format!("Views show run {run}");
    let tint = color(palette(ui).code);
    let short = if ui.available_width() > 330.0 { text.clone() } else { format!("run {run}") };
    let menu = ui.menu_button(RichText::new(short).size(11.5).color(tint), |ui| {
        ui.set_max_width(260.0);
        ui.label(RichText::new(format!("{text}; the design has changed since.")).size(12.0));
        for (name, about, design) in [
            ("Show its design", "Restore the design of this run; can be undone.", Design::OfViews),
            ("Train", "Train the design on screen.", Design::OnScreen),
        ] {
            if ui.button(name).on_hover_text(about).clicked() {
                ui.close();
                return Some(design);
            }
        }
        None
    });
    let about = "The design on screen has changed since this run was trained.";
    menu.response.accessible_name(text).on_hover_text(about);
    menu.inner.flatten()
}

fn step_forward(epochs: &[u32], place: usize) -> Seek {
    match epochs.get(place + 1) {
        Some(epoch) if place + 2 < epochs.len() => Seek::Epoch(*epoch),
        _ => Seek::Live,
    }
}

/// Advances to the next kept epoch when due; at the end, the view is live again.
fn play(ui: &Ui, view: &mut ReplayView, place: usize) -> Option<Seek> {
    let now = ui.input(|input| input.time);
    let pause = (WHOLE_SECS / view.epochs.len().max(1) as f64).clamp(1.0 / 30.0, 0.5);
    if view.due == 0.0 {
        view.due = now + pause;
    }
    ui.ctx().request_repaint_after_secs((view.due - now).max(0.0) as f32);
    if now < view.due {
        return None;
    }
    view.due = now + pause;
    let seek = step_forward(&view.epochs, place);
    view.playing = seek != Seek::Live;
    Some(seek)
}

/// The slider: a tick for every kept epoch, amber up to the epoch shown.
fn track_ui(ui: &mut Ui, epochs: &[u32], at: u32, width: f32, enabled: bool) -> Option<u32> {
    let p = palette(ui);
    let sense = if enabled { Sense::click_and_drag() } else { Sense::hover() };
    let (rect, response) = ui.allocate_exact_size(vec2(width, 20.0), sense);
    response.widget_info(|| WidgetInfo::slider(enabled, f64::from(at), "replay epoch"));
    let (first, newest) = (epochs.first().copied().unwrap_or(0), epochs.last().copied().unwrap_or(0));
    let (left, right) = (rect.left() + 8.0, rect.right() - 8.0);
    let span = (newest - first).max(1) as f32;
    let x_of = |epoch: u32| left + (epoch.saturating_sub(first)) as f32 / span * (right - left);
    let y = rect.center().y;
    let painter = ui.painter();
    painter.rect_filled(Rect::from_x_y_ranges(left..=right, y - 1.5..=y + 1.5), 1.5, color(p.raised));
    if enabled {
        let mut last = f32::NEG_INFINITY;
        for x in epochs.iter().map(|epoch| x_of(*epoch)) {
            if x - last >= 3.0 {
                painter.vline(x, y + 5.0..=y + 7.0, Stroke::new(1.0, color(p.line)));
                last = x;
            }
        }
        let highlight = color(p.highlight);
        let x = x_of(at);
        painter.rect_filled(Rect::from_x_y_ranges(left..=x, y - 1.5..=y + 1.5), 1.5, highlight);
        painter.circle_filled(pos2(x, y), if response.hovered() { 7.0 } else { 6.0 }, highlight);
        if response.has_focus() {
            painter.circle_stroke(pos2(x, y), 9.0, Stroke::new(1.0, color(p.accent)));
        }
    }
    let response = response.on_hover_and_drag_cursor(CursorIcon::ResizeHorizontal);
    // The last movement of a quick drag may be in the frame in which it ends.
    let is_meant = response.dragged() || response.drag_stopped() || response.clicked();
    let pointed = response.interact_pointer_pos().filter(|_| is_meant);
    let wanted = pointed.map(|to| {
        let wanted = first as f32 + (to.x - left) / (right - left).max(1.0) * span;
        nearest(epochs, wanted)
    });
    wanted.or_else(|| keys(ui, &response, epochs, at)).filter(|epoch| *epoch != at)
}

/// The kept epoch nearest to a position on the track.
fn nearest(epochs: &[u32], wanted: f32) -> u32 {
    let far = |epoch: u32| (epoch as f32 - wanted).abs();
    epochs.iter().copied().min_by(|a, b| far(*a).total_cmp(&far(*b))).unwrap_or(0)
}

fn keys(ui: &Ui, response: &Response, epochs: &[u32], at: u32) -> Option<u32> {
    if !response.has_focus() {
        return None;
    }
    let filter = EventFilter { horizontal_arrows: true, ..EventFilter::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
    let pressed = |key| ui.input(|input| input.key_pressed(key));
    let place = epochs.partition_point(|epoch| *epoch <= at).saturating_sub(1);
    let to = if pressed(Key::ArrowLeft) {
        place.saturating_sub(1)
    } else if pressed(Key::ArrowRight) {
        place + 1
    } else if pressed(Key::Home) {
        0
    } else if pressed(Key::End) {
        epochs.len() - 1
    } else {
        return None;
    };
    epochs.get(to).copied()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Icon {
    Back,
    Play,
    Pause,
    Forward,
}

/// A button with a painted icon, because symbols differ too much between fonts.
fn icon_ui(ui: &mut Ui, icon: Icon, name: &str) -> Response {
    let p = palette(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(22.0, 22.0), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), name));
    let tint = color(match (ui.is_enabled(), response.hovered() || response.has_focus()) {
        (false, _) => p.line,
        (true, true) => p.text,
        (true, false) => p.dim,
    });
    if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect, 5.0, color(p.raised));
    }
    let c = rect.center();
    let triangle = |center: Pos2, toward: f32| {
        let points = [vec2(-3.5 * toward, -5.0), vec2(4.5 * toward, 0.0), vec2(-3.5 * toward, 5.0)];
        Shape::convex_polygon(points.map(|offset| center + offset).to_vec(), tint, Stroke::NONE)
    };
    let bar = |x: f32, width: f32| {
        Shape::rect_filled(Rect::from_center_size(pos2(x, c.y), vec2(width, 10.0)), 0.5, tint)
    };
    let shapes = match icon {
        Icon::Play => vec![triangle(c, 1.0)],
        Icon::Pause => vec![bar(c.x - 3.0, 3.0), bar(c.x + 3.0, 3.0)],
        Icon::Back => vec![triangle(c + vec2(1.5, 0.0), -1.0), bar(c.x - 5.0, 2.0)],
        Icon::Forward => vec![triangle(c - vec2(1.5, 0.0), 1.0), bar(c.x + 5.0, 2.0)],
    };
    ui.painter().extend(shapes);
    response.on_hover_text(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_replay_shows_only_kept_epochs() {
        let epochs = [0, 2, 4, 8, 9, 10];
        for (wanted, expected) in [(-5.0, 0), (2.9, 2), (5.0, 4), (6.9, 8), (99.0, 10)] {
            assert_eq!(nearest(&epochs, wanted), expected);
        }
        assert_eq!(nearest(&[], 3.0), 0);
        assert_eq!(step_forward(&epochs, 1), Seek::Epoch(4));
        assert_eq!(step_forward(&epochs, 4), Seek::Live);
        assert_eq!(step_forward(&epochs, 5), Seek::Live);
    }
}
