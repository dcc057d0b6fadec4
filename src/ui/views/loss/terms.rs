//! The choice of loss terms to display.

use egui::{Checkbox, ComboBox, PopupCloseBehavior, Ui};
use serde::{Deserialize, Serialize};

use super::super::parts::named;
use crate::project::visible;
use crate::run::TOTAL;

/// Names of the loss terms to display; a run may have none of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Written", into = "Vec<String>")]
pub struct ChosenTerms(Vec<String>);

/// The serialised form: a list of names or, in earlier versions, a single name.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Several(Vec<String>),
    One(String),
}

impl From<Written> for ChosenTerms {
    fn from(written: Written) -> ChosenTerms {
        match written {
            Written::Several(names) => ChosenTerms(names),
            Written::One(name) => ChosenTerms(vec![name]),
        }
    }
}

impl From<ChosenTerms> for Vec<String> {
    fn from(chosen: ChosenTerms) -> Vec<String> {
        chosen.0
    }
}

impl Default for ChosenTerms {
    fn default() -> ChosenTerms {
        ChosenTerms(vec![TOTAL.to_owned()])
    }
}

/// Menu entry for the errors of the layers.
const LAYERS: &str = "layers";
/// Fixed width of the combo box, in points.
const WIDTH_PX: f32 = 104.0;

impl ChosenTerms {
    /// The chosen terms among `all` terms of a run, in that order. If there are none, the first of
    /// `all`.
    pub fn of(&self, all: &[String]) -> Vec<String> {
        let chosen: Vec<String> = all.iter().filter(|name| self.0.contains(name)).cloned().collect();
        if chosen.is_empty() { all.iter().take(1).cloned().collect() } else { chosen }
    }

    /// Shows a menu of all terms of a run and, if available, the errors of its layers, which
    /// replace the terms. Returns whether the choice changed.
    pub fn ui(&mut self, ui: &mut Ui, all: &[String], layers: Option<&mut bool>) -> bool {
        let shows_layers = layers.as_ref().is_some_and(|layers| **layers);
        let drawn = if shows_layers { Vec::new() } else { self.of(all) };
        let names: Vec<_> = drawn.iter().map(|name| visible(name)).collect();
        let text = if shows_layers { LAYERS.to_owned() } else { names.join(", ") };
        let (mut terms, mut turned) = (None, None);
        let combo = ComboBox::from_id_salt("terms").selected_text(text).width(WIDTH_PX).truncate();
        let shown = combo.close_behavior(PopupCloseBehavior::CloseOnClickOutside).show_ui(ui, |ui| {
            for name in all {
                let mut on = drawn.contains(name);
                let is_only = on && drawn.len() == 1;
                let choice = ui.add_enabled(!is_only, Checkbox::new(&mut on, visible(name)));
                if choice.on_hover_text("Show this term of the loss").changed() {
                    let is_on = |other: &&String| if *other == name { on } else { drawn.contains(other) };
                    terms = Some(all.iter().filter(is_on).cloned().collect());
                }
            }
            if layers.is_some() {
                let mut on = shows_layers;
                let about = "Error of each layer while it was trained by itself, per feature of its input";
                if ui.checkbox(&mut on, LAYERS).on_hover_text(about).changed() {
                    turned = Some(on);
                }
            }
        });
        named(shown.response, "Terms").on_hover_text("Which terms of the loss are shown");
        let has_changed = terms.is_some() || turned.is_some();
        if let (Some(layers), true) = (layers, has_changed) {
            *layers = turned.unwrap_or(false);
        }
        if let Some(terms) = terms {
            self.0 = terms;
        }
        has_changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chosen_terms_exist_in_the_run() {
        let all = ["total", "reconstruction", "KL"].map(str::to_owned);
        for (written, expected) in [
            ("\"KL\"", &["KL"][..]),
            ("[\"KL\",\"total\"]", &["total", "KL"]),
            ("[\"L1 of the code\",\"KL\"]", &["KL"]),
            ("[]", &["total"]),
            ("\"L1 of the code\"", &["total"]),
        ] {
            let chosen: ChosenTerms = ron::from_str(written).unwrap();
            assert_eq!(chosen.of(&all), expected, "{written}");
            assert_eq!(ron::from_str::<ChosenTerms>(&ron::to_string(&chosen).unwrap()).unwrap(), chosen);
        }
        assert_eq!(ChosenTerms::default().of(&all), ["total"]);
        assert!(ChosenTerms::default().of(&[]).is_empty());
    }
}
