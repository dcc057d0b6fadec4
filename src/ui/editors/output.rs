//! The forms of the output card and of the loss.

use egui::{ComboBox, DragValue, PopupCloseBehavior, RichText, TextEdit, Ui};

use crate::project::{FeatureWeight, Loss, Output, Variance, visible};
use crate::ui::theme::tokens;
use crate::ui::widgets::button::{choices_ui, text_button_ui};
use crate::ui::widgets::form::{explain_ui, slider_ui};

/// Number of names offered at once.
const MOST_NAMES: usize = 100;

/// The form of the output card.
pub fn output_ui(ui: &mut Ui, output: &mut Output, projects: bool) {
    super::layer::activation_ui(ui, &mut output.activation);
    let function = super::layer::formula(output.activation);
    let equation = if projects {
        format!("x' = f(W y + b),  f(a) = {function}")
    } else {
        format!("x' = f(y),  f(a) = {function}")
    };
    explain_ui(
        ui,
        &equation,
        "Maps the decoder's output to the shape of the input. A sigmoid suits data in [0, 1].",
    );
}

/// The choice of a loss. `is_binary`: whether all data are 0 or 1, if known. Returns the new loss
/// if it was changed.
pub fn loss_ui(ui: &mut Ui, loss: &mut Loss, is_binary: Option<bool>) -> Option<Loss> {
    let ring = tokens(ui).accent;
    let options: Vec<(Loss, &str)> = Loss::ALL.into_iter().map(|loss| (loss, loss.name())).collect();
    let same = |a: &Loss, b: &Loss| a.name() == b.name();
    let mut chosen = *loss;
    ui.scope(|ui| choices_ui(ui, &mut chosen, &options, 2, ring, same));
    if let Loss::Gaussian { variance: Variance::Fixed { std } } = loss {
        let field =
            ("Deviation", "Standard deviation σ of the reconstruction error, in units of the scaled data.");
        slider_ui(ui, field, std, 0.001..=10.0, true);
    }
    if let Loss::Huber { delta } = loss {
        let field =
            ("δ", "Errors up to δ are squared, larger ones count linearly; in units of the scaled data.");
        slider_ui(ui, field, delta, 0.001..=10.0, true);
    }
    let effect = match loss {
        Loss::SquaredError => {
            "Suits any data; large errors count most. With linear layers it finds the principal components."
        }
        Loss::BinaryCrossEntropy => match is_binary {
            Some(true) => {
                "The data are all 0 or 1, so this is the likelihood of a Bernoulli distribution for each pixel, in nats."
            }
            Some(false) => {
                "For data in [0, 1] with a sigmoid output; sharper than squared error. These data are grey, so the value is not a likelihood: compare it only between runs on the same data, or binarise the data."
            }
            None => {
                "For data in [0, 1] with a sigmoid output: every value is a probability. Sharper than squared error."
            }
        },
        Loss::AbsoluteError => {
            "Suits any data. Outliers count little; reconstructions tend towards medians. Up to a constant, this is the negative log-likelihood of a Laplace distribution of scale 1."
        }
        Loss::Huber { .. } => {
            "Half the squared error for small errors, δ times the absolute error for large ones: outliers count little. Not a likelihood in nats."
        }
        Loss::Gaussian { variance: Variance::Fixed { .. } } => {
            "A negative log-likelihood in nats: the smaller σ, the more the error counts relative to the penalty on the code."
        }
        Loss::Gaussian { variance: Variance::Learned } => {
            "A negative log-likelihood in nats with one learned σ, which settles at the root mean squared error."
        }
    };
    explain_ui(ui, loss.equation(), effect);
    (chosen.name() != loss.name()).then_some(chosen)
}

/// Columns, channels or features of the data that can have weights in the loss: the word for one of
/// them, their number, and their names, which are listed only while the user chooses one.
pub type Weightable<'a> = (&'static str, usize, &'a dyn Fn() -> Vec<String>);

/// Weights of columns, channels or features in the loss; `weightable` is `None` until data are
/// loaded.
pub fn weights_ui(ui: &mut Ui, weights: &mut Vec<FeatureWeight>, weightable: Option<Weightable<'_>>) {
    let dim = tokens(ui).dim;
    let mut removed = None;
    for (at, own) in weights.iter_mut().enumerate() {
        let name = visible(&own.name).into_owned();
        ui.push_id((at, "weight"), |ui| {
            ui.horizontal(|ui| {
                let drag = DragValue::new(&mut own.weight)
                    .range(0.0..=FeatureWeight::MOST)
                    .clamp_existing_to_range(false)
                    .speed(0.01)
                    .max_decimals(6);
                let about = "Weight in the loss; the others have 1. With 0 it is not reconstructed.";
                ui.add_sized([66.0, 22.0], drag)
                    .accessible_name(format!("Weight of {name}"))
                    .on_hover_text(about);
                if text_button_ui(ui, "Reset")
                    .accessible_name(format!("Reset the weight of {name}"))
                    .clicked()
                {
                    removed = Some(at);
                }
                ui.add(egui::Label::new(RichText::new(&name).size(12.0)).truncate());
            });
        });
    }
    if let Some(at) = removed {
        weights.remove(at);
    }
    if let Some(weightable) = weightable.filter(|(_, count, _)| *count > 1)
        && let Some(name) = add_ui(ui, weightable, weights)
    {
        weights.push(FeatureWeight { name, weight: 0.0 });
    }
    if !weights.is_empty() {
        let text =
            "The loss is Σ w ℓ · d / Σ w over d features; the squared error per feature is without weights.";
        ui.add(egui::Label::new(RichText::new(text).size(11.0).color(dim)).wrap());
    }
}

/// Offers the names that have no weight yet; returns the chosen one.
fn add_ui(ui: &mut Ui, (noun, count, names): Weightable<'_>, weights: &[FeatureWeight]) -> Option<String> {
    let mut chosen = None;
    let id = ui.scope_id().with("find");
    let mut find: String = ui.data_mut(|data| data.get_temp(id).unwrap_or_default());
    let combo = ComboBox::from_id_salt("add a weight")
        .width(ui.available_width())
        .selected_text(RichText::new(format!("Weight a {noun}…")).size(12.0))
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside);
    let shown = combo.show_ui(ui, |ui| {
        if count > MOST_NAMES / 4 {
            let edit = TextEdit::singleline(&mut find).hint_text("part of the name");
            ui.add(edit).accessible_name("Part of the name");
        } else {
            find.clear();
        }
        let wanted = find.trim().to_lowercase();
        let is_free = |name: &String| !weights.iter().any(|own| own.name == *name);
        let names = names();
        let mut found = names.iter().filter(|name| is_free(name) && name.to_lowercase().contains(&wanted));
        for name in found.by_ref().take(MOST_NAMES) {
            if ui.selectable_label(false, visible(name).into_owned()).clicked() {
                chosen = Some((*name).clone());
                ui.close();
            }
        }
        let more = found.count();
        if more > 0 {
            ui.label(RichText::new(format!("{more} more: type a part of the name")).size(11.0));
        }
    });
    let about = "Gives it a weight of its own in the loss. The weight starts at 0: not reconstructed.";
    shown.response.accessible_name(format!("Weight a {noun}")).on_hover_text(about);
    ui.data_mut(|data| data.insert_temp(id, find));
    chosen
}
