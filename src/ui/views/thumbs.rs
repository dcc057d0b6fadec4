//! Pictures of the visible samples of a list. During scrolling, only newly visible ones are
//! created.

use std::ops::Range;

use egui::{Color32, Painter, Rect, Ui, Vec2};

use super::sample::{RangeCache, Sampler};
use crate::dataset::Dataset;
use crate::project::Shown;
use crate::ui::plots::{Atlas, DisplayRange, stamp_of};

/// Textures for some indices of a list.
#[derive(Clone, Default)]
pub(super) struct Thumbs {
    /// Identifies the list and the size.
    of: u64,
    places: Range<usize>,
    /// Number of pictures that fit into the texture. The slot of an index is its remainder modulo
    /// this.
    slots: usize,
    atlas: Atlas,
    range: RangeCache,
}

impl Thumbs {
    /// Creates pictures of the `rows` at these indices, with a size of `size` points. `of`
    /// identifies the data and the list.
    pub fn follow(
        &mut self,
        ui: &Ui,
        data: &Dataset,
        of: u64,
        (places, rows): (Range<usize>, &[u32]),
        size: Vec2,
    ) {
        let Some(shown) = data.shown() else { return };
        // Pictures larger than their display size are subsampled, so that they cost no more than
        // small ones.
        let drawn = size * ui.ctx().pixels_per_point();
        let thinned = (shown.width as f32 / drawn.x).min(shown.height as f32 / drawn.y);
        let stride = thinned.max(1.0) as usize;
        let of = stamp_of((of, data.fingerprint, &data.shown_channels, stride));
        if self.of == of && self.places == places {
            return;
        }
        let (sampler, range) = (Sampler::new(data), self.range.of(data));
        let pixel = |place: usize, x: usize, y: usize| -> Color32 {
            let row = place.checked_sub(places.start).and_then(|at| rows.get(at));
            row.map_or(Color32::BLACK, |row| pixel_of(&sampler, shown, range, *row, [x, y], stride))
        };
        let is_new = |place: &usize| self.of != of || !self.places.contains(place);
        let new: Vec<usize> = places.clone().filter(is_new).collect();
        if self.of != of || places.len() > self.slots || 2 * new.len() > places.len() {
            self.slots = places.len().max(if self.of == of { self.slots } else { 0 });
            let size = [shown.width.div_ceil(stride), shown.height.div_ceil(stride)];
            let (start, slots) = (places.start, self.slots.max(1));
            self.atlas
                .fill(ui.ctx(), size, self.slots, |slot, x, y| pixel(place_of(slot, start, slots), x, y));
        } else {
            for place in new {
                self.atlas.put(place % self.slots.max(1), |x, y| pixel(place, x, y));
            }
        }
        (self.of, self.places) = (of, places);
    }

    /// Paints the picture at an index.
    pub fn paint(&self, painter: &Painter, place: usize, rect: Rect) {
        self.atlas.paint(painter, place % self.slots.max(1), rect);
    }
}

/// The index whose picture is in a slot, if the slots hold consecutive indices from `start`.
fn place_of(slot: usize, start: usize, slots: usize) -> usize {
    start + (slot + slots - start % slots) % slots
}

/// A pixel of a row's subsampled picture.
fn pixel_of(
    sampler: &Sampler<'_>,
    shown: Shown,
    range: DisplayRange,
    row: u32,
    [x, y]: [usize; 2],
    stride: usize,
) -> Color32 {
    let within = |at: usize, side: usize| (at * stride + stride / 2).min(side.saturating_sub(1));
    let start = (within(y, shown.height) * shown.width + within(x, shown.width)) * shown.channels;
    let pixel = shown.pick(|channel| sampler.value(row, start + channel));
    range.pixel(&pixel[..shown.depth()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_visible_sample_has_its_own_picture() {
        for (start, slots) in [(0, 1), (0, 12), (5, 12), (12, 12), (1_000_003, 40)] {
            let mut places: Vec<usize> = (0..slots).map(|slot| place_of(slot, start, slots)).collect();
            assert!(places.iter().enumerate().all(|(slot, place)| place % slots == slot), "{places:?}");
            places.sort_unstable();
            assert_eq!(places, (start..start + slots).collect::<Vec<_>>());
        }
    }
}
