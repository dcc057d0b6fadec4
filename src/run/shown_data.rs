//! Data shown to a trained network, read and scaled as its training data were.

use super::Run;
use crate::dataset::{DIGITS_WHITE, DataError, Dataset, Doubt, Known, Progress, Scaler, other_range};
use crate::project::{Alpha, Choice, Data, Mask, PixelRange, Rules, Shape, Source};

impl Run {
    /// Loads data for its network with `load`, which receives what the run has stored about its own
    /// data. `is_other` means that they are not meant to be its own: damaged data are then read as
    /// the corruption would produce them, with the holes of a mask if one is given. The result
    /// still has to be scaled ([`Run::scale_shown`]).
    ///
    /// # Errors
    /// Those of `load`; [`DataError::Memory`] and [`DataError::Cancelled`].
    pub fn load_shown<E: From<DataError>>(
        &self,
        data: &Data,
        is_other: bool,
        mask: Option<&Mask>,
        progress: &Progress,
        load: impl Fn(&Data, Option<Known<'_>>) -> Result<Dataset, E>,
    ) -> Result<Dataset, E> {
        let columns = self.known_columns();
        let load = |data: &Data| load(data, Some(self.known(&columns)));
        match (is_other || mask.is_some(), &data.source) {
            // Newer rules may exclude rows of its own table.
            (false, Source::Csv { .. }) => self.load_own(data, |data, _| load(data)),
            (false, _) => load(data),
            (true, _) => self.load_damaged(data, mask, progress, |data| match &data.held_out {
                // Other data need not contain the held-out class.
                Some(_) => load(data).or_else(|_| load(&Data { held_out: None, ..data.clone() })),
                None => load(data),
            }),
        }
    }

    /// Whether data are its own, including the split.
    pub fn is_own(&self, data: &Dataset, is_other: bool) -> bool {
        !is_other || data.fingerprint == self.fingerprint
    }

    /// Scales data returned by [`Run::load_shown`] like its training data, and returns their
    /// possible problems. `fit_again` computes the scaling if the run does not contain it. The data
    /// must have its shape, or one that [`Run::plan_for`] has a plan for.
    ///
    /// # Errors
    /// Those of `fit_again`.
    pub fn scale_shown<E: From<DataError>>(
        &self,
        asked: &Data,
        is_other: bool,
        data: &mut Dataset,
        fit_again: impl FnOnce() -> Result<Scaler, E>,
    ) -> Result<Vec<Doubt>, E> {
        let doubts = self.doubts_of_shown(asked, is_other, data);
        let known = match asked.source {
            Source::ImageFolder { .. } => self.picture_scaler(data),
            Source::Digits
            | Source::Synthetic(_)
            | Source::Idx { .. }
            | Source::Csv { .. }
            | Source::Npy { .. } => self.scaler(),
        };
        match known {
            Some(scaler) => data.scaler = scaler,
            None if is_other => data.scaler = fit_again()?,
            None => {}
        }
        Ok(doubts)
    }

    /// The scaling it was trained with, adapted to pictures from files: black and white keep their
    /// meaning at any bit depth.
    pub fn picture_scaler(&self, data: &Dataset) -> Option<Scaler> {
        let (depth, settled) = self.known_pixels();
        let white = match self.design.data.source {
            Source::Digits => Some(DIGITS_WHITE),
            Source::Synthetic(_)
            | Source::ImageFolder { .. }
            | Source::Idx { .. }
            | Source::Csv { .. }
            | Source::Npy { .. } => settled.white,
        };
        Some(self.scaler()?.for_pictures(depth, [white, data.settled.white], &data.rows))
    }

    /// The error if a run does not contain its scaling, and its data cannot be loaded to fit it
    /// again.
    pub fn unknown_scaling(&self, why: &str) -> DataError {
        DataError::Setting(format!(
            "the data run {} was trained on are needed for their scaling, which is not stored in the file: {why}",
            self.id
        ))
    }

    /// The error for data whose shape its network does not accept.
    pub fn wrong_shape(&self, data: &Dataset) -> DataError {
        let (name, given, id, own) = (&data.name, data.shape, self.id, self.shape);
        let are_pictures = matches!((given, own), (Shape::Image { .. }, Shape::Image { .. }));
        if !are_pictures || given.channels() != own.channels() {
            return DataError::Setting(format!(
                "{name}: its samples are {given}, but run {id} was trained on {own}; give data of that shape"
            ));
        }
        DataError::Setting(match self.one_size_only() {
            Some(why) => format!(
                "{name}: its pictures are {given}, but run {id} only takes pictures of {own}: {why}; resize them"
            ),
            None => format!(
                "{name}: the layers of run {id} cannot process pictures of {given}; choose another size, such as a \
                 multiple of the training size, {own}"
            ),
        })
    }

    fn doubts_of_shown(&self, asked: &Data, is_other: bool, data: &Dataset) -> Vec<Doubt> {
        let mut doubts = Vec::new();
        let mut doubt = |message: String| doubts.push(Doubt { message, remedies: Vec::new() });
        let (id, chosen) = (self.id, &self.design.data);
        let is_same = data.fingerprint == self.fingerprint;
        // Data that the user asked to read differently are expected to differ.
        if !is_other && !is_same && asked.source == chosen.source {
            doubt(format!("these are no longer the data run {id} was trained on"));
        }
        if is_same && self.split.is_some_and(|split| split != data.split.fingerprint()) {
            doubt(format!(
                "these are split differently than in the training of run {id}: it was trained on some of the samples it is evaluated on"
            ));
        }
        let is_filled = data.gaps.filled > 0 && !data.gaps.means.is_empty();
        if is_filled && self.column_means().is_none() && !is_same {
            doubt(format!(
                "run {id} has no column means of its training data, because an older version saved it or it \
                 was not trained on a table; gaps are filled with the means of the given rows"
            ));
        }
        if !is_same {
            doubts.extend(self.fitted_reading(&asked.source, data));
        }
        if !is_same
            && matches!(asked.source, Source::Npy { .. } | Source::Idx { .. })
            && let Some(scaler) = self.scaler()
            && let Some(message) = other_range(&scaler, chosen.scaling, self.known_pixels().0, data)
        {
            doubts.push(Doubt { message, remedies: Vec::new() });
        }
        doubts
    }

    /// Doubts for pictures whose reading was decided from these pictures alone, so that it may
    /// differ from the training data.
    fn fitted_reading(&self, source: &Source, data: &Dataset) -> Vec<Doubt> {
        let Source::ImageFolder { reading, .. } = source else { return Vec::new() };
        let mut doubts = Vec::new();
        let ground = [Alpha::Black, Alpha::White]
            .into_iter()
            .find(|ground| data.read_report.line.contains(&ground_text(*ground)));
        let (_, settled) = self.known_pixels();
        let is_chosen = reading.alpha == Alpha::Auto
            && settled.ground.is_none()
            && self.design.data.rules == Rules::Current;
        if let Some(ground) = ground.filter(|_| is_chosen) {
            let other = if ground == Alpha::White { Alpha::Black } else { Alpha::White };
            let message = format!(
                "{} was chosen for these pictures, and may differ from the training of run {}",
                ground_text(ground),
                self.id
            );
            doubts.push(Doubt { message, remedies: vec![Choice::Alpha(other)] });
        }
        if reading.range == PixelRange::Percentiles && settled.limits.is_none() {
            let message = format!(
                "values are clipped at the percentiles of these pictures, not at those run {} was trained with",
                self.id
            );
            doubts.push(Doubt { message, remedies: Vec::new() });
        }
        doubts
    }
}

/// Description of a background in the summary of how the data were read.
fn ground_text(ground: Alpha) -> String {
    format!("transparency on {}", ground.name().to_lowercase())
}
