//! The inspector: the form of the selected card, with the corruption at the input and the loss at
//! the output, followed by training.

use std::sync::Arc;

use egui::{Align, Response, RichText, ScrollArea, Ui};

use crate::check::Severity;
use crate::project::{Layer, Place, Project, Regularizer, Shape, Site, capital, format_count};
use crate::ui::commands::Command;
use crate::ui::editors::{code, corruption, layer, output, regularizer, source, training};
use crate::ui::state::{DATA_VIEW, State};
use crate::ui::theme::tokens;
use crate::ui::views::difference;
use crate::ui::widgets::button::{primary_ui, secondary_ui, text_button_ui};
use crate::ui::widgets::form::section_ui;
use crate::ui::widgets::scroll::beside_scroll_bar_ui;

/// Shows the inspector.
pub fn inspector_ui(ui: &mut Ui, state: &mut State) {
    ScrollArea::vertical().auto_shrink(false).id_salt("inspector").show(ui, |ui| {
        beside_scroll_bar_ui(ui, |ui| forms_ui(ui, state));
    });
}

fn forms_ui(ui: &mut Ui, state: &mut State) {
    ui.spacing_mut().item_spacing.y = 6.0;
    card_ui(ui, state);
    // On a line that is always there, so that nothing moves when a run begins.
    let about = match state.active_run() {
        Some(run) => format!("rate and epochs apply to run {}", run.id),
        None => "optimizer and schedule".to_owned(),
    };
    match state.selected {
        Place::Data | Place::Corruption | Place::Training => {
            section(
                ui,
                state,
                "Corruption",
                "of the input, during training",
                Place::Corruption,
                |ui, state| {
                    corruption::corruption_ui(ui, &mut state.project.corruption);
                },
            );
            problems_ui(ui, state, Place::Corruption);
        }
        Place::Output => section(ui, state, "Loss", "what is minimised", Place::Output, |ui, state| {
            let is_binary = state.data.facts_of(&state.project.data.source).map(|facts| facts.is_binary);
            if let Some(loss) = output::loss_ui(ui, &mut state.project.loss, is_binary) {
                let bare = Project { loss, ..state.project.clone() };
                state.choose_loss(loss);
                tell(state, &bare, loss.name());
            }
            let data = state.data.ready(&state.project.data);
            let known = data.map(|(data, _)| Arc::clone(data));
            let names = || known.as_ref().map_or_else(Vec::new, |data| data.weightable().1);
            let weightable = known.as_ref().map(|data| data.weightable_count());
            let weightable =
                weightable.map(|(noun, count)| (noun, count, &names as &dyn Fn() -> Vec<String>));
            output::weights_ui(ui, &mut state.project.feature_weights, weightable);
        }),
        Place::Encoder(_) | Place::Code | Place::Decoder(_) => {}
    }
    section(ui, state, "Training", &about, Place::Training, |ui, state| {
        elsewhere_ui(ui, state);
        training::training_ui(ui, &mut state.project.training);
        find_rate_ui(ui, state);
    });
    problems_ui(ui, state, Place::Training);
    ui.add_space(12.0);
}

/// Other settings that affect training: the loss and the corruption, with links to their cards.
fn elsewhere_ui(ui: &mut Ui, state: &mut State) {
    let (loss, corruption) = (state.project.loss.name(), state.project.corruption.name());
    ui.horizontal_wrapped(|ui| {
        for (text, about, place) in [
            (format!("Loss: {loss}"), "Show the loss on the card Output.", Place::Output),
            (
                format!("Corruption: {corruption}"),
                "Show the corruption on the card Input.",
                Place::Corruption,
            ),
        ] {
            if text_button_ui(ui, &text).on_hover_text(about).clicked() {
                state.go_to(place);
            }
        }
    });
}

/// The button that finds a learning rate.
fn find_rate_ui(ui: &mut Ui, state: &mut State) {
    let (find, available) = (Command::FindRate, Command::FindRate.available(state));
    let button = ui.add_enabled_ui(available.is_ok(), |ui| text_button_ui(ui, find.text())).inner;
    let reason = available.err().unwrap_or_default();
    if button.on_hover_text(find.tooltip()).on_disabled_hover_text(reason).clicked() {
        state.run(find);
    }
}

fn section(
    ui: &mut Ui,
    state: &mut State,
    title: &str,
    about: &str,
    place: Place,
    content: impl FnOnce(&mut Ui, &mut State),
) {
    ui.add_space(4.0);
    ui.separator();
    let heading = section_ui(ui, title, about);
    ui.push_id(title, |ui| content(ui, state));
    reveal(state, place, &heading);
}

/// Scrolls to a heading if it was requested.
fn reveal(state: &mut State, place: Place, heading: &Response) {
    if state.reveal == Some(place) {
        heading.scroll_to_me(Some(Align::TOP));
        state.reveal = None;
    }
}

fn card_ui(ui: &mut Ui, state: &mut State) {
    let place = state.selected;
    let (title, about) = heading(state, place);
    let heading = section_ui(ui, &title, about);
    reveal(state, place, &heading);
    ui.push_id(place, |ui| match place {
        Place::Data | Place::Corruption | Place::Training => data_ui(ui, state),
        Place::Encoder(_) | Place::Decoder(_) => layer_ui(ui, state, place),
        Place::Code => {
            let projects = state.derived.cards.code.layer.is_some();
            let features = state.data.facts.map(|facts| facts.shape.features());
            let kind = code::code_ui(
                ui,
                &mut state.project.code,
                projects,
                features.zip(state.derived.cards.code.output),
                matches!(state.derived.cards.code.input, Some(Shape::Image { .. })),
            );
            penalties_ui(ui, state, Site::Code);
            if let Some(kind) = kind {
                let mut bare = state.project.clone();
                state.choose_kind(kind);
                bare.code.kind = state.project.code.kind;
                tell(state, &bare, kind.name());
            }
        }
        Place::Output => {
            let projects = state.derived.cards.output.layer.is_some();
            output::output_ui(ui, &mut state.project.output, projects);
        }
    });
    costs_ui(ui, state, place);
    if place != Place::Data {
        problems_ui(ui, state, place);
    }
}

/// The penalties at a site, and a menu to add others.
fn penalties_ui(ui: &mut Ui, state: &mut State, site: Site) {
    if let Some(added) = regularizer::regularizers_ui(ui, &mut state.project.regularizers, site) {
        let mut bare = state.project.clone();
        bare.regularizers.push(Regularizer { on: site, ..added });
        state.choose_penalty(site, added);
        tell(state, &bare, added.penalty.name());
    }
}

/// Reports the additional changes a choice made: the difference from the document with only the
/// choice changed.
fn tell(state: &mut State, bare: &Project, choice: &str) {
    let changes = difference(bare, &state.project).changes;
    if !changes.is_empty() {
        let text = format!("{}: {}. Undo reverts this.", capital(choice), changes.join("; "));
        state.notices.say(Severity::Info, text);
    }
}

fn heading(state: &State, place: Place) -> (String, &'static str) {
    match place {
        Place::Data | Place::Corruption | Place::Training => {
            ("Input".to_owned(), "where the samples come from")
        }
        Place::Encoder(index) => (format!("Encoder layer {}", index + 1), "towards the code"),
        Place::Code => ("Code".to_owned(), "the bottleneck"),
        Place::Decoder(index) if state.is_mirrored() => {
            (format!("Decoder layer {}", index + 1), "mirrors the encoder")
        }
        Place::Decoder(index) => (format!("Decoder layer {}", index + 1), "towards the output"),
        Place::Output => ("Output".to_owned(), "the reconstruction"),
    }
}

fn layer_ui(ui: &mut Ui, state: &mut State, place: Place) {
    if let Some(layer) = state.project.layer_mut(place) {
        let before = layer.clone();
        layer::layer_ui(ui, layer);
        if layer.name() != before.name() {
            state.previous_choices.switch_layer(place, before, layer);
        }
        if let Place::Encoder(index) = place {
            penalties_ui(ui, state, Site::Encoder(index));
        }
        return;
    }
    let tokens = tokens(ui);
    let cards = &state.derived.cards;
    let mirrored: Option<Layer> = match place {
        Place::Decoder(index) => cards.decoder.get(index).and_then(|card| card.layer.clone()),
        Place::Encoder(_)
        | Place::Data
        | Place::Corruption
        | Place::Code
        | Place::Output
        | Place::Training => None,
    };
    let text = "This layer mirrors a layer of the encoder and changes with it. To edit it separately, give the decoder its own layers.";
    ui.label(RichText::new(text).size(12.0).color(tokens.dim));
    ui.horizontal_wrapped(|ui| {
        let available = Command::ToggleMirror.available(state);
        if ui
            .add_enabled_ui(available.is_ok(), |ui| primary_ui(ui, "Give it its own layers", 0.0))
            .inner
            .on_hover_text("Copies the mirrored layers; can be undone.")
            .on_disabled_hover_text(available.err().unwrap_or_default())
            .clicked()
        {
            state.run(Command::ToggleMirror);
        }
        if let Some(partner) = partner(state, place)
            && secondary_ui(ui, "Edit encoder")
                .on_hover_text("Select the encoder layer it mirrors.")
                .clicked()
        {
            state.select(partner);
        }
    });
    if let Some(mut layer) = mirrored {
        ui.add_enabled_ui(false, |ui| layer::layer_ui(ui, &mut layer));
    }
}

/// The encoder layer that a mirrored one inverts.
fn partner(state: &State, place: Place) -> Option<Place> {
    let Place::Decoder(index) = place else { return None };
    let from_end = state.derived.cards.decoder.len().checked_sub(index + 1)?;
    let last = state.project.encoder.len().checked_sub(1)?;
    Some(Place::Encoder(from_end.min(last)))
}

fn costs_ui(ui: &mut Ui, state: &State, place: Place) {
    let Some(card) = state.derived.cards.iter().find(|card| card.place == place) else { return };
    let tokens = tokens(ui);
    let count = |count: Option<u64>| count.map_or_else(|| "?".to_owned(), format_count);
    let shape =
        card.output.map_or_else(|| "unknown until data are loaded".to_owned(), |shape| shape.to_string());
    let text = format!(
        "Output {shape} · {} parameters · {} multiply-adds",
        count(card.parameters),
        count(card.macs)
    );
    ui.label(RichText::new(text).size(11.0).color(tokens.dim));
}

fn data_ui(ui: &mut Ui, state: &mut State) {
    let before = state.project.data.source.clone();
    let browse = source::source_ui(ui, &mut state.project.data.source, &state.sources);
    state.note_entered(&before);
    if let Some(field) = browse {
        state.browse_source(field);
    }
    // Most problems of the data concern the path, so they are shown below it.
    problems_ui(ui, state, Place::Data);
    source::rules_ui(ui, &mut state.project.data);
    let classes = state.data.dataset.as_ref().and_then(|data| data.class_names()).unwrap_or_default();
    source::scaling_split_ui(ui, &mut state.project.data, classes);
    status_ui(ui, state);
}

/// The status of the data: their size, or the progress of loading.
fn status_ui(ui: &mut Ui, state: &mut State) {
    let tokens = tokens(ui);
    if let Some((done, total)) = state.data.progress {
        let fraction = if total > 0 { done as f32 / total as f32 } else { 0.0 };
        ui.horizontal(|ui| {
            let width = ui.available_width() - 76.0;
            ui.add(
                egui::ProgressBar::new(fraction).desired_width(width).desired_height(8.0).fill(tokens.accent),
            );
            if secondary_ui(ui, "Cancel").clicked() {
                state.run(Command::CancelLoad);
            }
        });
        let text = match (done, total) {
            (0, 0) => "Loading…".to_owned(),
            (done, 0) => format!("Loading: {done} found"),
            (done, total) => format!("Loading: {done} of {total}"),
        };
        ui.label(RichText::new(text).size(11.0).color(tokens.dim));
        return;
    }
    // The reason for missing data, and its fix, are among the problems.
    let Some(data) = state.data.dataset.clone().filter(|_| state.data.error.is_none()) else { return };
    let split = &data.split;
    let text = format!(
        "{} samples of {}: {} train, {} validation, {} test.",
        format_count(data.len()),
        shape_text(data.shape),
        format_count(split.train.len()),
        format_count(split.validation.len()),
        format_count(split.test.len())
    );
    ui.label(RichText::new(text).size(11.0).color(tokens.dim));
    for warning in &data.warnings {
        ui.label(RichText::new(warning).size(11.0).color(tokens.code));
    }
    ui.horizontal(|ui| {
        if secondary_ui(ui, "Reload").on_hover_text(Command::ReloadData.tooltip()).clicked() {
            state.run(Command::ReloadData);
        }
        if secondary_ui(ui, "Show data").on_hover_text(Command::Show(DATA_VIEW).tooltip()).clicked() {
            state.run(Command::Show(DATA_VIEW));
        }
    });
}

fn problems_ui(ui: &mut Ui, state: &mut State, place: Place) {
    let problems: Vec<_> = state.derived.settled_at(place).cloned().collect();
    for problem in problems {
        let tokens = tokens(ui);
        let color = super::problems::color(&tokens, problem.severity);
        let frame = egui::Frame::new()
            .fill(tokens.card)
            .stroke(egui::Stroke::new(1.0, color))
            .corner_radius(7)
            .inner_margin(8);
        frame.show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.add(egui::Label::new(RichText::new(&problem.message).size(12.0)).wrap());
            if !state.remedies(&problem).is_empty() {
                ui.horizontal_wrapped(|ui| super::problems::remedies_ui(ui, state, &problem));
            }
        });
    }
}

fn shape_text(shape: Shape) -> String {
    match shape {
        Shape::Vector(features) => format!("{features} features"),
        Shape::Image { .. } => shape.to_string(),
    }
}
