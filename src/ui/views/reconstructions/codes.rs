//! The codes of the samples that are drawn, where these are pictures, as grey pictures of their
//! channels.

use std::collections::HashMap;
use std::sync::Arc;

use egui::Color32;

use super::super::channels::{ChannelPage, strongest_channels};
use crate::project::Shape;
use crate::run::{Kept, Run};
use crate::session::channels_of;
use crate::ui::plots::DisplayRange;

/// Channels of a code that are shown, at most.
pub(super) const MOST_CHANNELS: usize = 16;

/// The channels of a run's codes that vary most over the newest that it kept, found again only with
/// others.
#[derive(Clone, Default)]
pub(super) struct Strongest {
    of: Option<(Shape, Arc<Kept>)>,
    channels: Vec<usize>,
}

impl Strongest {
    /// These channels, counted from 0; none of codes that are rows.
    pub fn of(&mut self, run: &Run) -> Vec<usize> {
        let (code, newest) = (run.code_shape(), run.kept.newest());
        let (Shape::Image { .. }, Some(newest)) = (code, newest) else { return Vec::new() };
        if !self.of.as_ref().is_some_and(|(shape, of)| *shape == code && Arc::ptr_eq(of, newest)) {
            self.of = Some((code, Arc::clone(newest)));
            self.channels = strongest_channels(&newest.codes, code, MOST_CHANNELS);
        }
        self.channels.clone()
    }
}

/// Some channels of codes, all on one scale.
#[derive(Clone, Debug)]
pub(super) struct Codes {
    code: Shape,
    /// The channels, counted from 0.
    shown: Vec<usize>,
    page: ChannelPage,
    range: DisplayRange,
    /// Of each sample these channels, position by position; NaN where its code is not known.
    values: Vec<f32>,
}

impl Codes {
    /// These channels of codes of this shape, whose values are given; `None` where there are none, or
    /// not as many as `samples` have.
    pub fn new(code: Shape, shown: &[usize], samples: usize, values: Vec<f32>) -> Option<Codes> {
        let Shape::Image { height, width, .. } = code else { return None };
        let own = Shape::Image { height, width, channels: shown.len() };
        let page = ChannelPage::new(own, (0..shown.len()).collect())?;
        let range = page.range(&values);
        let is_whole = samples > 0 && values.len() == samples * own.features();
        is_whole.then(|| Codes { code, shown: shown.to_vec(), page, range, values })
    }

    /// These channels of the codes of rows at an epoch, of which those of `code_rows` are kept.
    pub fn watched(
        code: Shape,
        shown: &[usize],
        code_rows: &[u32],
        kept: &Kept,
        rows: &[u32],
    ) -> Option<Codes> {
        let places: HashMap<u32, usize> =
            code_rows.iter().enumerate().map(|(place, row)| (*row, place)).collect();
        let units = code.features();
        let unknown = vec![f32::NAN; units / code.channels().max(1) * shown.len()];
        let known = |row: &u32| {
            let place = places.get(row).filter(|_| kept.code_units == units)?;
            Some(channels_of(kept.codes.get(place * units..(place + 1) * units)?, code, shown))
        };
        let values = rows.iter().flat_map(|row| known(row).unwrap_or_else(|| unknown.clone())).collect();
        Codes::new(code, shown, rows.len(), values)
    }

    /// The same channels of other codes on the same scale.
    pub fn at(&self, code_rows: &[u32], kept: &Kept, rows: &[u32]) -> Option<Codes> {
        let codes = Codes::watched(self.code, &self.shown, code_rows, kept, rows)?;
        Some(Codes { range: self.range, ..codes })
    }

    /// What they are called: `code`, or `code, 16 of 64 channels`.
    pub fn name(&self) -> String {
        let (shown, all) = (self.shown.len(), self.code.channels());
        if shown < all { format!("code, {shown} of {all} channels") } else { "code".to_owned() }
    }

    /// How many samples there are.
    pub fn len(&self) -> usize {
        self.values.len() / self.page.units()
    }

    /// What is black, and what is white.
    pub fn range(&self) -> DisplayRange {
        self.range
    }

    /// Width and height of the picture of a sample.
    pub fn size(&self) -> [usize; 2] {
        self.page.size()
    }

    /// A pixel of the picture of a sample.
    pub fn pixel(&self, sample: usize, x: usize, y: usize) -> Color32 {
        self.page.pixel(self.of(sample), self.range, x, y)
    }

    /// The values of a sample, channel by channel.
    pub fn values(&self, sample: usize) -> Vec<f32> {
        self.page.pictures(self.of(sample)).flat_map(|(_, _, values)| values).collect()
    }

    fn of(&self, sample: usize) -> &[f32] {
        let units = self.page.units();
        self.values.get(sample * units..(sample + 1) * units).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_found_by_row_and_cut_down_to_their_channels() {
        // One position above another, of 3 channels.
        let code = Shape::Image { height: 2, width: 1, channels: 3 };
        let codes = (0..12).map(|at| at as f32).collect();
        let kept = Kept { code_units: 6, codes, ..Kept::default() };
        let of = |rows: &[u32]| Codes::watched(code, &[0, 2], &[4, 9], &kept, rows).expect("a picture");
        let shown = of(&[9, 5, 4]);
        assert_eq!((shown.len(), &shown.name()[..]), (3, "code, 2 of 3 channels"));
        assert_eq!((shown.values(0), shown.values(2)), (vec![6.0, 9.0, 8.0, 11.0], vec![0.0, 3.0, 2.0, 5.0]));
        assert!(shown.values(1).iter().all(|value| value.is_nan()));
        assert_eq!(shown.range(), DisplayRange { low: 0.0, high: 11.0 });
        // Two channels side by side, with a pixel between them; black is the least, nothing is drawn of a
        // code that is not known.
        assert_eq!(shown.size(), [3, 2]);
        assert_eq!((shown.pixel(2, 0, 0), shown.pixel(0, 2, 1)), (Color32::BLACK, Color32::WHITE));
        assert_eq!(
            (shown.pixel(0, 1, 0), shown.pixel(1, 0, 0)),
            (Color32::TRANSPARENT, Color32::TRANSPARENT)
        );
        let other = of(&[4]).at(&[4, 9], &kept, &[9]).expect("a picture");
        assert_eq!((other.values(0), other.range().high), (vec![6.0, 9.0, 8.0, 11.0], 5.0));
        assert!(Codes::new(code, &[0], 2, vec![0.0; 3]).is_none(), "two samples have 4 numbers");
        assert!(Codes::new(code, &[], 2, Vec::new()).is_none());
        assert!(Codes::new(Shape::Vector(6), &[0], 1, vec![0.0]).is_none());
    }
}
