//! Damaged data shown to a design that restores them: converted to the form that its corruption
//! produces.

use super::Run;
use crate::dataset::{DataError, Dataset, Progress, enlarged, holes_filled, masked, small_shape};
use crate::project::{Alpha, Corruption, Data, Mask, Rules, Shape, Source};

impl Run {
    /// Whether its network was trained to fill holes in pictures.
    pub fn fills_holes(&self) -> bool {
        self.design.corruption.leaves_holes() && matches!(self.shape, Shape::Image { .. })
    }

    /// Loads other data with `load` in the form that the corruption of its design would produce:
    /// small pictures become the block averages that the network learned to enlarge, and
    /// transparent parts become holes. Whole pictures, and its own data, are unchanged. Where there
    /// is a mask, it defines the holes.
    ///
    /// # Errors
    /// Those of `load` and of [`masked`]; [`DataError::Memory`] and [`DataError::Cancelled`].
    pub(super) fn load_damaged<E: From<DataError>>(
        &self,
        asked: &Data,
        mask: Option<&Mask>,
        progress: &Progress,
        load: impl Fn(&Data) -> Result<Dataset, E>,
    ) -> Result<Dataset, E> {
        if let Some(mask) = mask {
            return self.load_masked(asked, mask, progress, load);
        }
        let data = load(asked)?;
        let is_own = data.fingerprint == self.fingerprint;
        match self.design.corruption {
            Corruption::Pixelate { size } if !is_own => {
                let Some(small) = small_shape(self.shape, size).filter(|small| *small != self.shape) else {
                    return Ok(data);
                };
                let data = match small_source(&asked.source, small, &data) {
                    Some(source) => {
                        drop(data);
                        load(&Data { source, ..asked.clone() })?
                    }
                    None => data,
                };
                if data.shape != small {
                    return Ok(data);
                }
                let mut data = enlarged(data, size, self.shape, progress)?;
                data.read_report.notes.push(format!(
                    "samples of {small} are taken as the averages over {size}×{size} pixels that run {} learned to enlarge",
                    self.id
                ));
                Ok(data)
            }
            Corruption::Masking { .. } | Corruption::MissingRectangle { .. } if !is_own => {
                let Some(source) = self.transparent_source(asked, &data) else { return Ok(data) };
                drop(data);
                let data = load(&Data { source, ..asked.clone() })?;
                let hole = self.hole(asked, &data);
                let mut data = holes_filled(data, hole, progress)?;
                data.read_report.notes.push(format!(
                    "transparent parts are taken as the holes that run {} learned to fill",
                    self.id
                ));
                Ok(data)
            }
            Corruption::None
            | Corruption::Gaussian { .. }
            | Corruption::Masking { .. }
            | Corruption::SaltAndPepper { .. }
            | Corruption::Pixelate { .. }
            | Corruption::MissingRectangle { .. }
            | Corruption::Blur { .. } => Ok(data),
        }
    }

    /// Loads data and makes the holes defined by a mask.
    fn load_masked<E: From<DataError>>(
        &self,
        asked: &Data,
        mask: &Mask,
        progress: &Progress,
        load: impl Fn(&Data) -> Result<Dataset, E>,
    ) -> Result<Dataset, E> {
        if !self.design.corruption.leaves_holes() {
            return Err(DataError::Setting(format!(
                "run {} did not learn to fill holes, so it cannot use a mask; train with the corruption \
                 masking or missing rectangle, or omit the mask",
                self.id
            ))
            .into());
        }
        let data = load(asked)?;
        let hole = self.hole(asked, &data);
        let mut data = masked(data, &asked.source, mask, hole, progress)?;
        data.read_report.notes.push(format!(
            "{} parts of {} are taken as the holes that run {} learned to fill",
            mask.holes.name(),
            mask.path.display(),
            self.id
        ));
        Ok(data)
    }

    /// The value, unscaled and by feature, that its corruption writes into a hole.
    fn hole(&self, asked: &Data, data: &Dataset) -> impl Fn(usize) -> f32 + use<> {
        // A masked value is 0 after scaling; the smallest value of pictures is black.
        let is_masking = matches!(self.design.corruption, Corruption::Masking { .. });
        let (scaler, least) = match asked.source {
            Source::ImageFolder { .. } => (self.picture_scaler(data), 0.0),
            Source::Digits
            | Source::Synthetic(_)
            | Source::Idx { .. }
            | Source::Csv { .. }
            | Source::Npy { .. } => (self.scaler(), data.shades().0),
        };
        move |feature| match &scaler {
            Some(scaler) if is_masking => scaler.unscale(feature, 0.0),
            // If the smallest value is scaled to 0, this is the smallest value of the training
            // data.
            Some(scaler) => scaler.unscale(feature, 0.0).min(least),
            None => least,
        }
    }

    /// The source of pictures, to be read with transparency. `None` if they have none, or if it
    /// does not mark holes because a background was chosen or the training data had transparency.
    /// `data` are the pictures read without it.
    fn transparent_source(&self, asked: &Data, data: &Dataset) -> Option<Source> {
        let mut source = asked.source.clone();
        let Source::ImageFolder { reading, .. } = &mut source else { return None };
        // Older rules do not detect it.
        let is_opaque = data.settled.ground.is_none() && asked.rules == Rules::Current;
        let is_open = std::mem::replace(&mut reading.alpha, Alpha::Keep) == Alpha::Auto
            && self.known_pixels().1.ground.is_none();
        (is_open && !is_opaque).then_some(source)
    }
}

/// The source of pictures that are all small already, to be read at their own size; `data` are the
/// enlarged ones.
fn small_source(source: &Source, small: Shape, data: &Dataset) -> Option<Source> {
    let Shape::Image { height: low, width: narrow, .. } = small else { return None };
    let own = (u32::try_from(narrow).ok()?, u32::try_from(low).ok()?);
    let mut source = source.clone();
    let Source::ImageFolder { width, height, .. } = &mut source else { return None };
    (*width, *height) = (narrow, low);
    (data.source_sizes == Some([own; 2])).then_some(source)
}
