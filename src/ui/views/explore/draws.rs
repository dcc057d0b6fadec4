//! Samples that the network generates: codes drawn from the prior or from a distribution fitted to
//! the codes, decoded, each with the training sample it is nearest to, so that memorising shows.

use std::sync::Arc;

use egui::{DragValue, RichText, Slider, Ui, vec2};

use super::context::{Actions, Context, bits, failure_ui, remark_ui};
use super::pictures::{Pictures, tiles_ui, width};
use crate::project::{Bottleneck, format_number};
use crate::session::{Distribution, Draws, JobKind, NearestTraining, has_only_prior, has_prior, is_normal};
use crate::ui::plots::{color, palette};
use crate::ui::state::Question;
use crate::ui::views::parts::{chip_ui, named};
use crate::ui::views::sample::{Sampler, row_name};

/// The choices of the section.
#[derive(Clone)]
pub struct DrawsSection {
    from: Option<Distribution>,
    components: usize,
    temperature: f32,
    seed: u64,
    count: usize,
    pictures: Pictures,
    nearest: Pictures,
}

impl Default for DrawsSection {
    fn default() -> Self {
        DrawsSection {
            from: None,
            components: 5,
            temperature: 1.0,
            seed: 1,
            count: 12,
            pictures: Pictures::default(),
            nearest: Pictures::default(),
        }
    }
}

const SIDE: f32 = 58.0;

impl DrawsSection {
    /// The scaled samples that are shown, row by row, and those that they are nearest to, once
    /// these are known.
    pub fn rows(&self) -> [&[f32]; 2] {
        let nearest = if self.nearest.is_like(&self.pictures) { self.nearest.rows() } else { &[] };
        [self.pictures.rows(), nearest]
    }
}

/// Shows the section.
pub fn draws_ui(ui: &mut Ui, context: &Context<'_>, section: &mut DrawsSection, actions: &mut Actions) {
    let kind = context.trained.plan().design().code.kind;
    let from =
        section.from.unwrap_or(if has_prior(&kind) { Distribution::Prior } else { Distribution::Gaussian });
    controls_ui(ui, &kind, section, from);
    ui.add_space(6.0);
    let draws = Draws {
        from: match from {
            Distribution::Mixture(_) => Distribution::Mixture(section.components),
            Distribution::Prior | Distribution::Gaussian => from,
        },
        codes: Arc::clone(&context.subject.training),
        count: section.count.min(context.most_samples()),
        temperature: section.temperature,
        seed: section.seed,
        shares: context.shares().to_vec(),
    };
    let of = (
        format!("{:?}", draws.from),
        draws.count,
        draws.temperature.to_bits(),
        draws.seed,
        bits(context.shares()),
    );
    let stamp = context.stamp((of, context.subject.codes_stamp));
    // While weights change by themselves, each draw gets its neighbours before the next.
    let waits = context.is_live
        && context.explore.drawn().is_some_and(|(drawn, ..)| {
            context.explore.is_new(Question::NearDraws, drawn) || context.explore.is_open(Question::NearDraws)
        });
    if !waits && context.asks(Question::Draw, stamp) {
        let kind = JobKind::Draw { trained: context.trained.clone(), draws };
        actions.questions.push((Question::Draw, stamp, kind));
    }
    failure_ui(ui, context, Question::Draw);
    let Some((stamp, codes, rows)) = context.explore.drawn() else { return };
    section.pictures.fill(ui, context.data, stamp, rows);
    if context.explore.is_new(Question::NearDraws, stamp) {
        let search =
            NearestTraining { data: Arc::clone(context.data), samples: Arc::new(rows.to_vec()), count: 1 };
        actions.questions.push((Question::NearDraws, stamp, JobKind::NearestTraining(search)));
    }
    failure_ui(ui, context, Question::NearDraws);
    let found = context.explore.near_draws().filter(|(of, _)| *of == stamp);
    if let Some((_, found)) = found
        && !section.nearest.are_of(stamp)
    {
        let sampler = Sampler::new(context.data);
        let rows: Vec<f32> = found
            .iter()
            .flat_map(|near| near.first().map_or_else(Vec::new, |near| sampler.scaled(near.row)))
            .collect();
        section.nearest.fill(ui, context.data, stamp, &rows);
    }
    let units = context.kept.code_units.max(1);
    let text = "Each sample stands above the training sample nearest to it. Click a sample to pin it.";
    remark_ui(ui, text);
    ui.add_space(4.0);
    tiles_ui(ui, section.pictures.len(), width(context.data, SIDE), |ui, at| {
        ui.spacing_mut().item_spacing.y = 3.0;
        let name = format!("sample {}", at + 1);
        if section.pictures.show(ui, context.data, at, SIDE, &name).clicked()
            && let Some(code) = codes.chunks_exact(units).nth(at)
        {
            actions.pins.push(context.code_pin(format!("{name} of seed {}", section.seed), code.to_vec()));
        }
        let near = found.and_then(|(_, found)| found.get(at)?.first().copied());
        if let Some(near) = near {
            let row = row_name(context.data, near.row);
            let response =
                section.nearest.show(ui, context.data, at, SIDE, &format!("nearest to {name}: {row}"));
            let distance = format_number(f64::from(near.distance));
            response.on_hover_text(format!("{row}, a training sample at distance {distance} (scaled)"));
        }
    });
}

fn controls_ui(ui: &mut Ui, kind: &Bottleneck, section: &mut DrawsSection, from: Distribution) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(4.0, 4.0);
        let fits = !has_only_prior(kind);
        let choices = [
            (Distribution::Prior, "prior", "The prior of the code", has_prior(kind)),
            (
                Distribution::Gaussian,
                "Gaussian",
                "A normal distribution with full covariance, fitted to the codes",
                fits,
            ),
            (
                Distribution::Mixture(section.components),
                "mixture",
                "Several normal distributions, fitted to the codes",
                fits,
            ),
        ];
        for (choice, name, about, _) in choices.into_iter().filter(|choice| choice.3) {
            let is_on = std::mem::discriminant(&choice) == std::mem::discriminant(&from);
            if chip_ui(ui, is_on, name).on_hover_text(about).clicked() {
                section.from = Some(choice);
            }
        }
        if matches!(from, Distribution::Mixture(_)) {
            let drag = DragValue::new(&mut section.components).range(1..=50).speed(0.1).suffix(" components");
            named(ui.add(drag), "components of the mixture");
        }
    });
    ui.add_space(4.0);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(4.0, 4.0);
        let seed = DragValue::new(&mut section.seed).speed(0.1).prefix("seed ");
        named(ui.add(seed), "seed of the samples").on_hover_text("The same seed gives the same samples");
        if chip_ui(ui, false, "Draw again").on_hover_text("Draw other samples").clicked() {
            section.seed = section.seed.wrapping_add(1);
        }
        let count = DragValue::new(&mut section.count).range(1..=200).speed(0.2).suffix(" samples");
        named(ui.add(count), "number of samples");
    });
    if is_normal(kind) || from != Distribution::Prior {
        ui.horizontal(|ui| {
            ui.label(RichText::new("temperature").size(11.0).color(color(palette(ui).dim)));
            ui.spacing_mut().slider_width = 110.0;
            let slider = Slider::new(&mut section.temperature, 0.0..=2.0).max_decimals(2);
            named(ui.add(slider), "temperature")
                .on_hover_text("Scales the distance from the mean: 1 samples the distribution as it is");
        });
    }
}
