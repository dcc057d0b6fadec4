//! Findings of a run, most serious first, with evidence and buttons that change the design.

use egui::{Label, RichText, Ui, vec2};

use crate::project::{Project, capital, visible};
use crate::run::{Advice, Diagnosis};
use crate::ui::plots::{color, palette};
use crate::ui::theme;
use crate::ui::widgets::button::secondary_ui;

/// Minimum width of a column of findings, in points.
const COLUMN_PX: f32 = 400.0;
/// Minimum severity of a finding shown in red.
const HEAVY: f64 = 0.7;

/// Shows findings, side by side if there is space; returns the requested change.
pub fn findings_ui(ui: &mut Ui, findings: &[Diagnosis], design: &Project) -> Option<Advice> {
    let mut asked = None;
    if findings.is_empty() {
        return asked;
    }
    // Every frame, each button checks whether it would change anything.
    let design = &Advice::part_of(design);
    let columns = ((ui.available_width() / COLUMN_PX) as usize).clamp(1, findings.len().min(3));
    let rows = findings.len().div_ceil(columns);
    ui.columns(columns, |columns| {
        // In column-major order.
        for (ui, own) in columns.iter_mut().zip(findings.chunks(rows)) {
            for finding in own {
                asked = finding_ui(ui, finding, design).or(asked);
            }
        }
    });
    asked
}

fn finding_ui(ui: &mut Ui, finding: &Diagnosis, design: &Project) -> Option<Advice> {
    let p = palette(ui);
    let mut asked = None;
    let tint = if finding.weight >= HEAVY { p.bad } else { p.code };
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing = vec2(8.0, 3.0);
        let (dot, _) = ui.allocate_exact_size(vec2(10.0, 16.0), egui::Sense::hover());
        ui.painter().circle_filled(dot.center(), 4.0, color(tint));
        ui.vertical(|ui| {
            let title = capital(&visible(&finding.title()));
            ui.add(Label::new(RichText::new(title).font(theme::bold(12.5)).color(color(p.text))).wrap());
            let evidence = capital(&finding.evidence_text());
            ui.add(Label::new(RichText::new(evidence).size(11.5).color(color(p.text))).wrap());
            ui.add(Label::new(RichText::new(finding.fault.about()).size(11.5).color(color(p.dim))).wrap());
            ui.horizontal_wrapped(|ui| {
                ui.spacing_mut().item_spacing = vec2(6.0, 4.0);
                for advice in &finding.advice {
                    let is_new = advice.change(design).is_some();
                    let button = ui.add_enabled_ui(is_new, |ui| secondary_ui(ui, &advice.label())).inner;
                    let button = button
                        .on_hover_text("Change the design; can be undone. Train a new run to see the effect.")
                        .on_disabled_hover_text("The design already has this change, or it does not apply.");
                    if button.clicked() {
                        asked = Some(*advice);
                    }
                }
            });
            ui.add_space(8.0);
        });
    });
    asked
}
