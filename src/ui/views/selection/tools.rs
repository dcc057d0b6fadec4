//! Criteria for selecting samples, and named selections.

use egui::{ComboBox, DragValue, Label, RichText, Ui};

use super::super::parts::{chip_ui, named};
use crate::dataset::{Dataset, LabelValues};
use crate::project::{NamedSelection, RowSet, Shape, format_count, visible};
use crate::ui::plots::{color, palette, shortened};
use crate::ui::state::{Criterion, SelectionMode};
use crate::ui::widgets::button::text_button_ui;

/// Maximum number of lines in a list.
const MOST_LINES: usize = 500;

/// The property by which samples are selected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum By {
    /// A label column.
    Label(usize),
    /// A feature.
    Feature(usize),
    /// The error.
    Error,
    /// The row number in the source.
    #[default]
    Rows,
}

/// State of the tools.
#[derive(Clone, Debug)]
pub(super) struct Tools {
    /// The fingerprint of the data, and the property chosen for it.
    by: Option<(u64, By)>,
    class: u32,
    range: [f64; 2],
    /// The data and property to which the range applies.
    range_of: Option<(u64, By)>,
    /// Row numbers as typed.
    rows: String,
    /// The index of the selection being renamed, and the name as typed.
    name: Option<(usize, String)>,
}

/// Requests by the user.
#[derive(Debug, Default)]
pub(super) struct ToolsOutput {
    /// Select from the data with this fingerprint.
    pub from: Option<u64>,
    pub select: Option<(Criterion, SelectionMode)>,
    pub take: Option<(usize, SelectionMode)>,
    pub rename: Option<(usize, String)>,
    pub remove: Option<usize>,
    pub label: Option<usize>,
}

impl Default for Tools {
    fn default() -> Self {
        Tools { by: None, class: 0, range: [0.0, 1.0], range_of: None, rows: String::new(), name: None }
    }
}

impl Tools {
    /// Shows the tools.
    pub fn ui(
        &mut self,
        ui: &mut Ui,
        data: &Dataset,
        (selections, is_label): (&[NamedSelection], impl Fn(&NamedSelection) -> bool),
        errors: &[f32],
    ) -> ToolsOutput {
        ui.spacing_mut().item_spacing = egui::vec2(6.0, 4.0);
        let mut output = ToolsOutput::default();
        let by = self.by_ui(ui, data, errors);
        ui.horizontal_wrapped(|ui| {
            let criterion = self.criterion_ui(ui, data, errors, by);
            if criterion.is_none() {
                ui.disable();
            }
            for mode in SelectionMode::ALL {
                let button =
                    named(text_button_ui(ui, mode.verb()), format!("{} matching samples", mode.verb()));
                if button.clicked() {
                    output.select = criterion.clone().map(|criterion| (criterion, mode));
                }
            }
        });
        if errors.is_empty() {
            let text = "To select by error, show a split or all samples in Reconstructions.";
            ui.label(RichText::new(text).size(11.0).color(color(palette(ui).dim)));
        }
        let own = selections.iter().enumerate().filter(|(_, named)| named.fingerprint == data.fingerprint);
        for (index, named) in own {
            self.named_ui(ui, (index, named, is_label(named)), &mut output);
        }
        output
    }

    /// Chooses the property by which samples are selected.
    fn by_ui(&mut self, ui: &mut Ui, data: &Dataset, errors: &[f32]) -> By {
        let features = match data.shape {
            Shape::Vector(features) => features,
            Shape::Image { .. } => 0,
        };
        let labels = (0..data.labels.len()).map(By::Label);
        let features = (0..features.min(MOST_LINES)).map(By::Feature);
        let error = (!errors.is_empty()).then_some(By::Error);
        let all: Vec<By> = labels.chain(error).chain([By::Rows]).chain(features).collect();
        let chosen = self.by.filter(|by| by.0 == data.fingerprint).map(|by| by.1);
        let mut by = chosen.filter(|by| all.contains(by)).or(all.first().copied()).unwrap_or_default();
        let name = |by: By| match by {
            By::Label(column) => {
                data.labels.get(column).map_or_else(String::new, |column| shortened(&column.name, 28))
            }
            By::Feature(feature) => shortened(&data.feature_name(feature), 28),
            By::Error => "squared error per feature".to_owned(),
            By::Rows => "row".to_owned(),
        };
        ui.horizontal(|ui| {
            ui.label("Select by");
            let combo = ComboBox::from_id_salt("select by").selected_text(name(by)).width(150.0);
            let shown = combo.show_ui(ui, |ui| {
                for other in all {
                    if ui.selectable_label(by == other, name(other)).clicked() {
                        by = other;
                        self.by = Some((data.fingerprint, other));
                    }
                }
            });
            named(shown.response, "Select by");
        });
        by
    }

    /// Shows the class or the range; `None` if there is nothing to select by.
    fn criterion_ui(&mut self, ui: &mut Ui, data: &Dataset, errors: &[f32], by: By) -> Option<Criterion> {
        if let By::Label(column) = by
            && let LabelValues::Classes { names, .. } = &data.labels.get(column)?.values
        {
            self.class = self.class.min(names.len().saturating_sub(1) as u32);
            let name =
                |class: u32| names.get(class as usize).map_or_else(String::new, |name| shortened(name, 28));
            let combo = ComboBox::from_id_salt("class").selected_text(name(self.class)).width(110.0);
            let shown = combo.show_ui(ui, |ui| {
                for class in 0..names.len().min(MOST_LINES) as u32 {
                    if ui.selectable_label(self.class == class, name(class)).clicked() {
                        self.class = class;
                    }
                }
            });
            named(shown.response, "Class to select");
            return Some(Criterion::Class(column, self.class));
        }
        if by == By::Rows {
            let hint = "1-100, 205";
            let edit = egui::TextEdit::singleline(&mut self.rows).hint_text(hint).desired_width(130.0);
            named(ui.add(edit), "Rows to select").on_hover_text("Row numbers in the source, counted from 1");
            return match self.rows.parse::<RowSet>() {
                Ok(rows) => Some(Criterion::Rows(rows)),
                Err(_) if self.rows.trim().is_empty() => None,
                Err(message) => {
                    let text = RichText::new(visible(&message)).size(11.0);
                    ui.label(text.color(color(palette(ui).bad)));
                    None
                }
            };
        }
        if self.range_of.replace((data.fingerprint, by)) != Some((data.fingerprint, by)) {
            self.range = range_of(data, errors, by);
        }
        let speed = (self.range[1] - self.range[0]).abs().max(1e-6) / 200.0;
        for (at, name, word) in
            [(0, "Smallest value to select", "from"), (1, "Largest value to select", "to")]
        {
            ui.label(word);
            named(ui.add(DragValue::new(&mut self.range[at]).speed(speed).max_decimals(9)), name);
        }
        match by {
            By::Label(column) => Some(Criterion::Label(column, self.range)),
            By::Feature(feature) => Some(Criterion::Feature(feature, self.range)),
            By::Error => Some(Criterion::Error(self.range)),
            By::Rows => None,
        }
    }

    /// Shows the line of a named selection.
    fn named_ui(
        &mut self,
        ui: &mut Ui,
        (index, own, is_label): (usize, &NamedSelection, bool),
        output: &mut ToolsOutput,
    ) {
        ui.horizontal_wrapped(|ui| {
            let typed = self.name.take_if(|(of, _)| *of == index).map(|(_, text)| text);
            let shown = visible(&own.name);
            let mut text = typed.unwrap_or_else(|| shown.clone().into_owned());
            let edit = ui.add(egui::TextEdit::singleline(&mut text).desired_width(100.0));
            let edit = named(edit, format!("Name of {shown}"));
            if edit.lost_focus() && text != *shown {
                output.rename = Some((index, text));
            } else if edit.has_focus() {
                self.name = Some((index, text));
            }
            let count = format_count(usize::try_from(own.rows.len()).unwrap_or(usize::MAX));
            let count = RichText::new(count).size(11.0).color(color(palette(ui).dim));
            ui.add(Label::new(count)).on_hover_text("Samples");
            for mode in SelectionMode::ALL {
                let button = named(text_button_ui(ui, mode.verb()), format!("{} {shown}", mode.verb()));
                if button.clicked() {
                    output.take = Some((index, mode));
                }
            }
            let about = "Make it a label column, which the card Input can hold out or train on alone";
            let chip = named(chip_ui(ui, is_label, "label"), format!("Label column {shown}"));
            if chip.on_hover_text(about).clicked() {
                output.label = Some(index);
            }
            if named(text_button_ui(ui, "Remove"), format!("Remove {shown}")).clicked() {
                output.remove = Some(index);
            }
        });
    }
}

/// The range of values of the property by which samples are selected.
fn range_of(data: &Dataset, errors: &[f32], by: By) -> [f64; 2] {
    let ends = |values: &mut dyn Iterator<Item = f64>| {
        let finite = values.filter(|value| value.is_finite());
        let ends = finite.fold([f64::INFINITY, f64::NEG_INFINITY], |[l, h], v| [l.min(v), h.max(v)]);
        if ends[0] <= ends[1] { ends } else { [0.0, 1.0] }
    };
    match by {
        By::Rows => [0.0, 1.0],
        By::Error => ends(&mut errors.iter().map(|error| f64::from(*error))),
        By::Label(column) => match data.labels.get(column).map(|column| &column.values) {
            Some(LabelValues::Numbers(values)) => ends(&mut values.iter().map(|value| f64::from(*value))),
            Some(LabelValues::Classes { .. }) | None => [0.0, 1.0],
        },
        By::Feature(feature) => {
            let features = data.shape.features().max(1);
            let places = (0..data.len()).map(|row| row * features + feature);
            ends(&mut places.map(|at| f64::from(data.rows.value(at)) + data.base(feature)))
        }
    }
}

#[cfg(test)]
mod tests {
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable;

    use super::*;
    use crate::ui::views::samples::table;

    #[test]
    fn the_default_range_covers_all_values() {
        let data = table(60, 2);
        let height = data.labels.iter().position(|column| column.name == "height").expect("numbers");
        let by = By::Label(height);
        let all = range_of(&data, &[], by);
        assert!(all[0] < all[1], "{all:?}");
        let mut tools = Tools::default();
        for narrowed in [None, Some([all[0], all[0]])] {
            tools.range = narrowed.unwrap_or(tools.range);
            let mut found = None;
            drop(Harness::new_ui(|ui| found = tools.criterion_ui(ui, &data, &[], by)));
            let Some(Criterion::Label(column, range)) = found else { panic!("{found:?}") };
            assert_eq!((column, range), (height, narrowed.unwrap_or(all)), "a chosen one stays");
        }
    }

    #[test]
    fn buttons_have_one_line_at_any_width() {
        let data = table(60, 2);
        for width in [170.0, 230.0, 420.0] {
            let mut tools = Tools::default();
            let harness = Harness::builder().with_size(egui::vec2(width, 300.0)).build_ui(|ui| {
                drop(tools.ui(ui, &data, (&[], |_: &NamedSelection| false), &[]));
            });
            for mode in SelectionMode::ALL {
                let name = format!("{} matching samples", mode.verb());
                let height = harness.get_by_label(&name).rect().height();
                assert!(height < 24.0, "{name} at {width}: {height}");
            }
        }
    }
}
