//! Pins side by side: their samples, their reconstructions, and the user's notes.

use egui::{ComboBox, RichText, TextEdit, Ui, vec2};

use super::ExploreView;
use super::context::{Actions, Context, remark_ui};
use super::pictures::{ErrorMaps, Pictures, tiles_ui};
use super::pins::{code_text, labels_of};
use crate::prepared::Given;
use crate::project::{format_number, visible};
use crate::session::{Decoding, row_error};
use crate::ui::plots::{Profile, color, palette, profile_ui, shortened, stamp_of};
use crate::ui::state::ShownPin;
use crate::ui::update::MOST_AT_ONCE;
use crate::ui::views::parts::{chip_ui, named};
use crate::ui::views::sample::{Sampler, row_name};

/// Pictures of the pins and their reconstructions.
#[derive(Clone, Default)]
pub struct Cards {
    originals: Pictures,
    maps: ErrorMaps,
}

/// Width of a card (two fit side by side) and side of a picture, in points.
const WIDTH: f32 = 132.0;
const SIDE: f32 = 41.0;
/// Maximum number of samples of other data listed.
const MOST_LISTED: u32 = 200;

/// Shows the section.
pub fn cards_ui(ui: &mut Ui, context: &Context<'_>, view: &mut ExploreView, actions: &mut Actions) {
    add_ui(ui, context, actions);
    let pins = &context.explore.pins;
    if pins.is_empty() {
        remark_ui(ui, "Click a point on the plane to pin its sample.");
        return;
    }
    let features = context.data.shape.features().max(1);
    let decoded = context.decoded_pins();
    let of: Vec<_> =
        decoded.iter().map(|pin| pin.sample.as_ref().map(|s| (s.data.fingerprint, s.row))).collect();
    let stamp = stamp_of(&of);
    let cards = &mut view.cards;
    if !cards.originals.are_of(stamp) {
        let rows: Vec<f32> = decoded.iter().flat_map(|pin| original(pin, features)).collect();
        cards.originals.fill(ui, context.data, stamp, &rows);
    }
    // If the sizes differ, the pins have changed and the new answer is pending.
    let is_there = view.pins.len() == decoded.len();
    if let (true, Some((answered, rows))) = (is_there, context.explore.decoded(Decoding::Pins)) {
        let originals = cards.originals.rows();
        cards.maps.fill(ui, context.data, stamp_of((stamp, answered)), [originals, rows]);
    }
    let has_damaged = decoded.iter().any(|pin| given(context, pin) == Given::Damaged);
    let (first, last) = if has_damaged { ("Input", "difference") } else { ("Original", "error") };
    if context.data.shown().is_some() {
        let brightest = format_number(f64::from(cards.maps.brightest(context.data)));
        let ends = format!("{last}s of scaled values from 0 (dark) to {brightest} (bright) in all of them");
        let text = format!("{first}, reconstruction and {last}; {ends}.");
        remark_ui(ui, &text);
    } else {
        remark_ui(ui, &format!("{first} and reconstruction over the features, scaled."));
    }
    ui.add_space(4.0);
    tiles_ui(ui, pins.len(), WIDTH, |ui, at| card_ui(ui, context, view, (at, is_there), actions));
}

/// The network's input for the sample of a pin.
fn given(context: &Context<'_>, pin: &ShownPin) -> Given {
    pin.sample.as_ref().map_or(Given::Clean, |sample| context.given(sample.data.fingerprint))
}

/// The scaled values of the sample of a pin; zeros if it has none.
fn original(pin: &ShownPin, features: usize) -> Vec<f32> {
    let values = pin.sample.as_ref().map(|sample| Sampler::new(&sample.data).scaled(sample.row));
    values.unwrap_or_else(|| vec![0.0; features])
}

/// Controls to pin the selection, and samples of other data.
fn add_ui(ui: &mut Ui, context: &Context<'_>, actions: &mut Actions) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(4.0, 4.0);
        let selection = context.sets.selection;
        let of = selection.of().filter(|of| context.data_of(*of).is_some());
        let selected = of.map_or(&[][..], |of| selection.rows(of));
        let add = ui.add_enabled_ui(!selected.is_empty(), |ui| chip_ui(ui, false, "Pin selection")).inner;
        let about = format!("Pin the selected samples, at most {MOST_AT_ONCE} at a time");
        actions.pins_selection |= add.on_hover_text(about).clicked();
        for (name, data) in context.sets.others.iter().filter(|(_, data)| data.shape == context.data.shape) {
            let title = format!("Pin of {}", shortened(&visible(name), 16));
            let combo = ComboBox::from_id_salt(("pin of", name)).selected_text(&title);
            let response = combo.show_ui(ui, |ui| {
                for row in (0..MOST_LISTED).take_while(|row| (*row as usize) < data.len()) {
                    if ui.selectable_label(false, row_name(data, row)).clicked() {
                        actions.pins.push(Context::row_pin(data, row));
                    }
                }
            });
            named(response.response, title);
        }
    });
    ui.add_space(4.0);
}

fn card_ui(
    ui: &mut Ui,
    context: &Context<'_>,
    view: &mut ExploreView,
    (at, is_there): (usize, bool),
    actions: &mut Actions,
) {
    let pin = &context.explore.pins[at];
    ui.spacing_mut().item_spacing.y = 2.0;
    let title = chip_ui(ui, context.explore.active == Some(pin.at), &shortened(&pin.title(), 20));
    if named(title, format!("look at {}", pin.title())).on_hover_text(pin.title()).clicked() {
        actions.activate = Some(pin.at);
        view.place = None;
    }
    if is_there && at < view.pins.len() {
        pictures_ui(ui, context, view, at);
    }
    remark_ui(ui, &code_text(&pin.code));
    for line in labels_of(pin) {
        let line = RichText::new(line).size(11.0).color(color(palette(ui).dim));
        ui.add(egui::Label::new(line).truncate());
    }
    let mut note = pin.note.clone();
    let edit = TextEdit::singleline(&mut note).hint_text("note").desired_width(WIDTH - 10.0);
    if named(ui.add(edit), format!("note of pin {}", pin.number)).changed() {
        actions.note = Some((pin.at, note));
    }
}

/// Original, reconstruction and error; only the reconstruction for a code made by hand.
fn pictures_ui(ui: &mut Ui, context: &Context<'_>, view: &ExploreView, at: usize) {
    let (pin, cards) = (&context.explore.pins[at], &view.cards);
    let (original, made) = (cards.originals.row(at), view.pins.row(at));
    let name = |what: &str| format!("{what} of {}", pin.title());
    let [what, .., difference] = given(context, pin).names();
    if let Some(shown) = context.data.shown() {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            if pin.sample.is_some() {
                cards.originals.show(ui, context.data, at, SIDE, &name(what));
            }
            view.pins.show(ui, context.data, at, SIDE, &name("reconstruction"));
            if pin.sample.is_some() {
                cards.maps.show(ui, shown, at, SIDE, &name(difference));
            }
        });
    } else {
        let original = if pin.sample.is_some() { original } else { made };
        let ends = [cards.originals.ends(), view.pins.ends()];
        let range = [ends[0][0].min(ends[1][0]), ends[0][1].max(ends[1][1])];
        let profile = Profile {
            name: &name(&format!("{what} and reconstruction")),
            original,
            corrupted: &[],
            reconstruction: made,
            range,
        };
        profile_ui(ui, &profile, vec2(WIDTH, 60.0));
    }
    if let Some(sample) = &pin.sample {
        let error = format_number(f64::from(row_error(&sample.data, sample.row, original, made)));
        remark_ui(ui, &format!("squared {difference} {error}"));
    }
}
