//! The dialog that saves a figure: which one, in which format, size and theme.

use std::path::Path;

use egui::{ComboBox, RichText, Ui};

use crate::figure::Form;
use crate::ui::state::{Figures, PathDialog};
use crate::ui::theme::tokens;

/// Shows the choices above the path, whose extension follows the format.
pub fn figure_ui(ui: &mut Ui, figures: &mut Figures, dialog: &mut PathDialog) {
    let Some(shown) = figures.request() else { return };
    if figures.all.len() > 1 {
        let titles: Vec<String> = figures.all.iter().map(|figure| figure.title.clone()).collect();
        let combo = ComboBox::from_id_salt("figure").selected_text(&shown.figure.title).width(360.0);
        let response = combo.show_ui(ui, |ui| {
            for (at, title) in titles.iter().enumerate() {
                ui.selectable_value(&mut figures.chosen, at, title);
            }
        });
        response.response.accessible_name("Figure");
    }
    let form = Form::of(Path::new(dialog.text.trim()));
    ui.horizontal(|ui| {
        for own in Form::ALL.into_iter().filter(|form| form.check(&shown.figure).is_ok()) {
            let about = about(own);
            let name = own.ending().to_uppercase();
            if ui.selectable_label(form == Some(own), name).on_hover_text(about).clicked() {
                dialog.set_ending(own.ending());
            }
        }
        if form == Some(Form::Csv) {
            return;
        }
        ui.add_space(12.0);
        for (is_dark, name) in [(false, "Light"), (true, "Dark")] {
            ui.selectable_value(&mut figures.style.is_dark, is_dark, name);
        }
        if matches!(form, Some(Form::Png | Form::Gif)) {
            ui.add_space(12.0);
            for scale in [1.0, 2.0, 3.0, 4.0] {
                ui.selectable_value(&mut figures.style.scale, scale, format!("{scale} ×"));
            }
        }
        // The pictures of an animation have their own sizes.
        if form == Some(Form::Png) {
            let [width, height] = shown.figure.size().map(|side| (side * figures.style.scale).round());
            let text = RichText::new(format!("{width} × {height} pixels"));
            ui.label(text.size(11.5).color(tokens(ui).dim));
        }
    });
}

fn about(form: Form) -> &'static str {
    match form {
        Form::Png => "Pixels",
        Form::Svg => "Shapes and text, sharp at any size",
        Form::Csv => "The numbers as a table",
        Form::Gif => "An animation",
    }
}
