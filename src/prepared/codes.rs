//! The codes of samples, if these are pictures, drawn as grey pictures of their channels.

use std::collections::HashMap;

use super::channels::ChannelPage;
use super::shades::DisplayRange;
use crate::figure::Rgb;
use crate::project::Shape;
use crate::run::Kept;
use crate::session::channels_of;

/// Maximum number of displayed channels of a code.
pub const MOST_CHANNELS: usize = 16;

/// Some channels of codes, all on one colour scale.
#[derive(Clone, Debug)]
pub struct CodePictures {
    code: Shape,
    /// The channels, counted from 0.
    shown: Vec<usize>,
    page: ChannelPage,
    range: DisplayRange,
    /// These channels of each sample, position by position; NaN if its code is unknown.
    values: Vec<f32>,
}

impl CodePictures {
    /// Creates pictures of these channels of codes of this shape from their values; `None` if there
    /// are no channels or if the values do not fit the number of samples.
    pub fn new(code: Shape, shown: &[usize], samples: usize, values: Vec<f32>) -> Option<CodePictures> {
        let Shape::Image { height, width, .. } = code else { return None };
        let own = Shape::Image { height, width, channels: shown.len() };
        let page = ChannelPage::new(own, (0..shown.len()).collect())?;
        let range = page.range(&values);
        let is_whole = samples > 0 && values.len() == samples * own.features();
        is_whole.then(|| CodePictures { code, shown: shown.to_vec(), page, range, values })
    }

    /// These channels of the codes of rows at an epoch, of which the codes of `code_rows` are kept.
    pub fn watched(
        code: Shape,
        shown: &[usize],
        code_rows: &[u32],
        kept: &Kept,
        rows: &[u32],
    ) -> Option<CodePictures> {
        let places: HashMap<u32, usize> =
            code_rows.iter().enumerate().map(|(place, row)| (*row, place)).collect();
        let units = code.features();
        let unknown = vec![f32::NAN; units / code.channels().max(1) * shown.len()];
        let known = |row: &u32| {
            let place = places.get(row).filter(|_| kept.code_units == units)?;
            Some(channels_of(kept.codes.get(place * units..(place + 1) * units)?, code, shown))
        };
        let values = rows.iter().flat_map(|row| known(row).unwrap_or_else(|| unknown.clone())).collect();
        CodePictures::new(code, shown, rows.len(), values)
    }

    /// These channels of other codes, on the same colour scale.
    pub fn at(&self, code_rows: &[u32], kept: &Kept, rows: &[u32]) -> Option<CodePictures> {
        let codes = CodePictures::watched(self.code, &self.shown, code_rows, kept, rows)?;
        Some(CodePictures { range: self.range, ..codes })
    }

    /// Their label: `code`, or `code, 16 of 64 channels`.
    pub fn name(&self) -> String {
        let (shown, all) = (self.shown.len(), self.code.channels());
        if shown < all { format!("code, {shown} of {all} channels") } else { "code".to_owned() }
    }

    /// Whether there are no samples.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        self.values.len() / self.page.units()
    }

    /// The values drawn as black and as white.
    pub fn range(&self) -> DisplayRange {
        self.range
    }

    /// Width and height of the picture of a sample.
    pub fn size(&self) -> [usize; 2] {
        self.page.size()
    }

    /// A pixel of the picture of a sample; `None` if there is no value.
    pub fn shade(&self, sample: usize, x: usize, y: usize) -> Option<Rgb> {
        self.page.shade(self.of(sample), self.range, x, y)
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
