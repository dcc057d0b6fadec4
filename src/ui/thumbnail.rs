//! Small pictures of samples as textures, cached until their content changes.

use std::collections::HashMap;
use std::sync::Arc;

use egui::{ColorImage, Context, TextureHandle, TextureId, TextureOptions};

use super::plots::stamp_of;
use super::state::State;
use crate::project::{Place, Shown};
use crate::run::Run;

/// The cached textures.
#[derive(Default)]
pub struct Thumbnails {
    kept: HashMap<Place, (u64, TextureHandle)>,
}

impl Thumbnails {
    /// A sample for the input card, or its reconstruction for the output card; `None` if there is
    /// no picture.
    pub fn of_card(&mut self, ctx: &Context, state: &State, place: Place) -> Option<TextureId> {
        let data = state.data.dataset.as_ref()?;
        let shown = data.shown()?;
        let is_own =
            |run: &&Run| run.fingerprint == data.fingerprint && run.kept.probe.beyond(data.len()).is_none();
        let run = state.shown().filter(is_own);
        let kept = run.and_then(|run| run.kept.newest());
        let row = run.and_then(|run| run.kept.probe.picture_rows.first()).copied().unwrap_or(0);
        let features = data.shape.features();
        match place {
            Place::Data => {
                let key = data.fingerprint ^ u64::from(row).rotate_left(40);
                self.texture(ctx, place, key, shown, || {
                    let mut sample = vec![0.0; features];
                    data.gather(&[row], &mut sample);
                    sample
                })
            }
            Place::Output => {
                let (run, kept) = (run?, kept?);
                let sample = kept.reconstructions.get(..features)?;
                // Run numbers are reused in the next project, so they do not identify pictures.
                let key = stamp_of((run.id, run.started_unix_secs, kept.epoch, Arc::as_ptr(kept) as usize));
                self.texture(ctx, place, key, shown, || sample.to_vec())
            }
            Place::Corruption | Place::Encoder(_) | Place::Code | Place::Decoder(_) | Place::Training => None,
        }
    }

    fn texture(
        &mut self,
        ctx: &Context,
        place: Place,
        key: u64,
        shown: Shown,
        values: impl FnOnce() -> Vec<f32>,
    ) -> Option<TextureId> {
        if let Some((old, texture)) = self.kept.get(&place)
            && *old == key
        {
            return Some(texture.id());
        }
        let image = picture(shown, &values())?;
        let texture = ctx.load_texture(format!("thumbnail of {place}"), image, TextureOptions::NEAREST);
        let id = texture.id();
        self.kept.insert(place, (key, texture));
        Some(id)
    }
}

/// A sample as a picture, stretched so that its minimum is black and its maximum white.
fn picture(shown: Shown, values: &[f32]) -> Option<ColorImage> {
    let values = shown.picture(values);
    let (low, high) = values
        .iter()
        .fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), value| (low.min(*value), high.max(*value)));
    let scale = 255.0 / (high - low).max(1e-6);
    let bytes: Vec<u8> = values.iter().map(|value| ((value - low) * scale) as u8).collect();
    let (size, pixels) = ([shown.width, shown.height], shown.width * shown.height);
    match shown.depth() {
        1 if bytes.len() == pixels => Some(ColorImage::from_gray(size, &bytes)),
        3 if bytes.len() == 3 * pixels => Some(ColorImage::from_rgb(size, &bytes)),
        _ => None,
    }
}
