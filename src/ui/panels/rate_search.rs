//! The dialog that finds a learning rate.

mod plot;

use egui::{RichText, Spinner, Ui};

use self::plot::rate_plot_ui;
use super::dialog::{Answer, buttons_ui, title_ui};
use crate::engine::{RateCurve, RatePoint};
use crate::project::format_number;
use crate::ui::state::State;
use crate::ui::theme::tokens;
use crate::ui::widgets::button::{primary_ui, secondary_ui};

/// Plots loss against learning rate, with the suggested rate.
pub(super) fn rate_search_ui(ui: &mut Ui, state: &State) -> Answer {
    title_ui(ui, "Find a learning rate");
    let suggested = match state.rate_search.found() {
        None => {
            ui.horizontal(|ui| {
                ui.add(Spinner::new().size(16.0));
                ui.label(format!(
                    "Training on up to {} minibatches with a growing learning rate…",
                    RateCurve::STEPS
                ));
            });
            plot_ui(ui, state.rate_search.points(), None, RateCurve::HIGHEST);
            None
        }
        Some(Err(message)) => {
            ui.label(RichText::new(format!("The search failed: {message}.")).color(tokens(ui).bad));
            None
        }
        Some(Ok(curve)) => {
            let suggested = curve.suggested();
            plot_ui(ui, &curve.points, suggested, 0.0);
            ui.label(match (suggested, curve.lowest()) {
                (Some(rate), Some(lowest)) => format!(
                    "The loss falls fast around a rate of {}, and is lowest at {}. The design uses {}.",
                    format_number(f64::from(rate)),
                    format_number(f64::from(lowest.rate)),
                    format_number(f64::from(state.project.training.learning_rate)),
                ),
                _ => "The loss did not fall at any rate, so there is no suggestion. Check the network and the scaling of the data.".to_owned(),
            });
            ui.label(
                RichText::new("This trained a fresh network. Your runs are unchanged.")
                    .size(11.5)
                    .color(tokens(ui).dim),
            );
            suggested
        }
    };
    let mut answer = Answer::Open;
    buttons_ui(ui, |ui| {
        if let Some(rate) = suggested {
            let text = format!("Use {}", format_number(f64::from(rate)));
            // The current run follows the design.
            let live = state.active_run().filter(|_| state.live_settings.is_some());
            let of_run = live.map_or_else(String::new, |run| format!(", that of run {} too", run.id));
            let about = format!("Set the learning rate{of_run}; can be undone.");
            if primary_ui(ui, &text, 0.0).on_hover_text(about).clicked() {
                answer = Answer::UseRate(rate);
            }
        }
        if secondary_ui(ui, if suggested.is_some() { "Close" } else { "Cancel" }).clicked() {
            answer = Answer::Close;
        }
    });
    answer
}

/// Draws the points, on an axis that extends at least to the rate `until`.
fn plot_ui(ui: &mut Ui, points: &[RatePoint], suggested: Option<f32>, until: f64) {
    let pairs: Vec<[f64; 2]> = points.iter().map(|point| [f64::from(point.rate), point.loss]).collect();
    rate_plot_ui(ui, &pairs, suggested.map(f64::from), until);
}
