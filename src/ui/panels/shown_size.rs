//! The size of pictures shown to a network.

use egui::{DragValue, RichText, Ui};

use crate::project::Shape;
use crate::run::Run;
use crate::ui::state::{SizeBy, SizeField};
use crate::ui::theme::tokens;

/// Longest side that can be chosen, in pixels.
const LONGEST: usize = 4096;

/// The choice of a size, for a network that accepts pictures of any size its layers fit; otherwise
/// the reason why it accepts only one. Nothing if samples are not pictures.
pub(super) fn shown_size_ui(ui: &mut Ui, run: &Run, field: &mut SizeField) {
    let Shape::Image { height, width, channels } = run.shape else { return };
    if let Some(why) = run.one_size_only() {
        *field = SizeField::default();
        let text = format!(
            "Pictures are resized to {width}×{height}, as in training. No other size is possible: {why}."
        );
        ui.add(egui::Label::new(RichText::new(text).size(11.5).color(tokens(ui).dim)).wrap());
        return;
    }
    if field.sides == [0, 0] {
        field.sides = [width, height];
    }
    ui.horizontal_wrapped(|ui| {
        ui.label("Size");
        let choices = [
            (SizeBy::Training, format!("as in training, {width}×{height}")),
            (SizeBy::Files, "as they are".to_owned()),
            (SizeBy::Hand, "other".to_owned()),
        ];
        for (by, name) in choices {
            ui.radio_value(&mut field.by, by, name);
        }
        if field.by == SizeBy::Hand {
            for (side, name) in
                field.sides.iter_mut().zip(["Width of the pictures", "Height of the pictures"])
            {
                let drag = ui.add(DragValue::new(side).range(1..=LONGEST).suffix(" px"));
                drag.accessible_name(name);
            }
        }
    });
    let [wide, high] = field.sides;
    let shape = Shape::Image { height: high, width: wide, channels };
    let is_unfit = field.by == SizeBy::Hand && run.plan_for(shape).is_none();
    let text = if is_unfit {
        format!(
            "The layers of run {} cannot process {wide}×{high}. Choose another size, such as a multiple of {width}×{height}.",
            run.id
        )
    } else {
        format!(
            "Run {} has no dense layer, so it accepts any picture size that its layers can process.",
            run.id
        )
    };
    let tint = if is_unfit { tokens(ui).bad } else { tokens(ui).dim };
    ui.add(egui::Label::new(RichText::new(text).size(11.5).color(tint)).wrap());
}
