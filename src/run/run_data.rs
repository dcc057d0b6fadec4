//! The dependence of a run on its data: the stored scaling, and whether data are the run's own.

use super::{Normaliser, Run, RunError};
use crate::check::{DataFacts, Plan, plan};
use crate::dataset::{
    Binariser, Column, DataError, Dataset, Depth, OtherColumn, Scaler, Settled, Subset, memory,
};
use crate::project::{Bottleneck, Shape, Threshold};

/// The facts of loaded data that [`crate::check`] needs. Reads every value once.
pub fn facts(data: &Dataset) -> DataFacts {
    let ranges = [Subset::Train, Subset::Validation].map(|subset| data.value_range(subset));
    let range = |low: (f32, f32), high: (f32, f32)| (low.0.min(high.0), low.1.max(high.1));
    DataFacts {
        shape: data.shape,
        train_rows: data.split.train.len(),
        validation_rows: data.split.validation.len(),
        value_range: ranges.into_iter().flatten().reduce(range).unwrap_or_default(),
        is_binary: data.is_binary(),
        available_bytes: memory::available_bytes(),
    }
}

impl Normaliser {
    /// The scaling of these data, to be stored with a run trained on them.
    pub fn of(data: &Dataset) -> Normaliser {
        Normaliser {
            offsets: data.scaler.offsets.clone(),
            factors: data.scaler.factors.clone(),
            means: data.gaps.means.clone(),
            columns: data.feature_names.clone(),
            table: data.columns.clone(),
            others: OtherColumn::all(&data.overview),
            depth: Some(Depth::of(&data.rows)),
            settled: data.settled,
        }
    }
}

impl Run {
    /// The scaling it was trained with, applicable to any data of its shape.
    ///
    /// `None` if the run was written before normalisers were stored, or if the stored one is
    /// damaged.
    pub fn scaler(&self) -> Option<Scaler> {
        let Normaliser { offsets, factors, .. } = self.normaliser.clone()?;
        let fits = !offsets.is_empty()
            && offsets.len() == factors.len()
            && self.shape.features().is_multiple_of(offsets.len())
            && offsets.iter().all(|offset| offset.is_finite())
            && factors.iter().all(|factor| factor.is_finite() && *factor != 0.0);
        fits.then_some(Scaler { offsets, factors })
    }

    /// Means of a table's columns over the training rows; they fill gaps in other rows shown to its
    /// network.
    ///
    /// `None` if the run was written before they were stored, if it was not trained on a table, or
    /// if they are damaged.
    pub fn column_means(&self) -> Option<&[f32]> {
        let means = &self.normaliser.as_ref()?.means;
        let fits = means.len() == self.shape.features() && means.iter().all(|mean| mean.is_finite());
        fits.then_some(means)
    }

    /// The columns of its training table as they were converted to features; empty if the data are
    /// not a table or this is unknown.
    pub fn known_columns(&self) -> Vec<Column> {
        let Some(normaliser) = &self.normaliser else { return Vec::new() };
        let features = self.shape.features();
        if normaliser.table.iter().map(Column::features).fold(0, usize::saturating_add) == features {
            return normaliser.table.clone();
        }
        // Before columns were stored, each one was a numeric feature.
        if self.column_means().is_some() && normaliser.columns.len() == features {
            return normaliser.columns.iter().map(Column::numbers).collect();
        }
        Vec::new()
    }

    /// The bit depth of its training values, if known, and the decisions based on all its pictures
    /// together.
    pub fn known_pixels(&self) -> (Option<Depth>, Settled) {
        let normaliser = self.normaliser.as_ref();
        normaliser.map_or_else(Default::default, |known| (known.depth, known.settled))
    }

    /// The columns of that table that are not features; empty if unknown.
    pub fn other_columns(&self) -> &[OtherColumn] {
        self.normaliser.as_ref().map_or(&[], |normaliser| &normaliser.others)
    }

    /// The plan of its design without its data, if the design is valid: it was checked against them
    /// when it was trained.
    pub fn plan(&self) -> Option<Plan> {
        self.plan_on(self.shape)
    }

    /// The plan for samples of another shape with the same weights. A network without dense layers
    /// accepts pictures of any size that its layers fit, unless its scaling or its code depends on
    /// positions.
    pub fn plan_for(&self, shape: Shape) -> Option<Plan> {
        if shape == self.shape {
            return self.plan();
        }
        let is_picture = matches!((self.shape, shape), (Shape::Image { .. }, Shape::Image { .. }));
        // At most one number per channel.
        let is_cycled = |scaler: &Scaler| scaler.offsets.len().max(scaler.factors.len()) <= shape.channels();
        let has_medians =
            matches!(self.design.code.kind, Bottleneck::Hashing { threshold: Threshold::Median, .. });
        if !is_picture || has_medians || !self.scaler().is_none_or(|scaler| is_cycled(&scaler)) {
            return None;
        }
        let plan = self.plan_on(shape)?;
        (plan.arrays() == self.plan()?.arrays()).then_some(plan)
    }

    /// Checks that there is enough memory for its network on samples of this shape.
    ///
    /// # Errors
    /// [`DataError::Memory`] with the name of the data.
    pub fn check_memory(&self, data: &Dataset) -> Result<(), DataError> {
        let (needed, free) = match self.plan_for(data.shape) {
            Some(plan) if data.shape != self.shape => (plan.inference_bytes(), memory::available_bytes()),
            Some(_) | None => return Ok(()),
        };
        if needed <= free {
            return Ok(());
        }
        Err(DataError::Memory {
            name: format!("the network of run {} on pictures of {} ({})", self.id, data.shape, data.name),
            needed,
            limit: memory::Limit::Free(free),
            remedy: "choose a smaller size".to_owned(),
        })
    }

    /// Why its network only takes samples of one size; `None` if it takes any size that its layers
    /// can process.
    pub fn one_size_only(&self) -> Option<&'static str> {
        let Shape::Image { height, width, channels } = self.shape else {
            return Some("its samples are not pictures");
        };
        let is_code_dense = matches!(self.code_shape(), Shape::Vector(_));
        // Every divisor of the sides also divides twice the sides.
        let twice = Shape::Image { height: 2 * height, width: 2 * width, channels };
        let why = if is_code_dense {
            "its code is a row of units, from a dense layer over the whole picture"
        } else if self
            .scaler()
            .is_some_and(|scaler| scaler.offsets.len().max(scaler.factors.len()) > channels)
        {
            "each pixel has its own scaling"
        } else if matches!(self.design.code.kind, Bottleneck::Hashing { threshold: Threshold::Median, .. }) {
            "each position of its code has its own median threshold"
        } else if matches!(self.design.code.kind, Bottleneck::DescriptionLength { .. }) {
            "each position of its code has its own prior"
        } else if self.has_same_arrays(self.plan_on(twice)) {
            "one of its layers has weights for each position"
        } else {
            "one of its layers gives or needs pictures of a fixed size"
        };
        self.plan_for(twice).is_none().then_some(why)
    }

    /// Whether a plan has arrays of the same names and numbers of axes as its own, of whatever
    /// lengths.
    fn has_same_arrays(&self, plan: Option<Plan>) -> bool {
        let kinds = |plan: Plan| {
            let arrays = plan.arrays().into_iter();
            arrays.map(|array| (array.name, array.shape.len())).collect::<Vec<_>>()
        };
        plan.map(kinds) == self.plan().map(kinds)
    }

    /// The shape of codes for samples of this shape.
    pub fn code_shape_for(&self, shape: Shape) -> Shape {
        let other = (shape != self.shape).then(|| self.plan_for(shape)).flatten();
        other.map_or_else(|| self.code_shape(), |plan| plan.code_shape())
    }

    fn plan_on(&self, shape: Shape) -> Option<Plan> {
        let facts = DataFacts {
            shape,
            train_rows: self.design.training.batch_size.max(2),
            validation_rows: 1,
            value_range: (0.0, 1.0),
            is_binary: false,
            available_bytes: u64::MAX,
        };
        plan(&self.design, &facts).ok()
    }

    /// Checks whether it can be resumed exactly on these data: the same rows with the same scaling
    /// and split. Takes a pass over the row numbers.
    ///
    /// # Errors
    /// [`RunError`].
    pub fn check_same_data(&self, data: &Dataset) -> Result<(), RunError> {
        self.check_watched_rows(data)?;
        match self.split {
            Some(split) if split != data.split.fingerprint() => Err(RunError::OtherSplit(self.id)),
            Some(_) | None => Ok(()),
        }
    }

    /// Checks whether these are its own rows with its own scaling and contain its probe, which is
    /// enough to show the probe.
    ///
    /// # Errors
    /// [`RunError`], except for the split.
    pub fn check_watched_rows(&self, data: &Dataset) -> Result<(), RunError> {
        self.check_same_rows(data)?;
        match self.kept.probe.beyond(data.len()) {
            Some(row) => Err(RunError::NoSuchRow { run: self.id, row, rows: data.len() }),
            None => Ok(()),
        }
    }

    /// Checks whether these are its own rows with its own scaling, whatever their split, which is
    /// enough to view them.
    ///
    /// # Errors
    /// [`RunError::OtherData`] or [`RunError::OtherScaling`].
    pub fn check_same_rows(&self, data: &Dataset) -> Result<(), RunError> {
        if data.fingerprint != self.fingerprint || data.shape != self.shape {
            return Err(RunError::OtherData(self.id));
        }
        if data.binariser != Binariser::of(&self.design.data) {
            return Err(RunError::OtherScaling(self.id));
        }
        // The fingerprint covers the raw values: it does not change with the split or the kind of
        // scaling.
        match self.scaler() {
            Some(scaler) if scaler != data.scaler => Err(RunError::OtherScaling(self.id)),
            Some(_) | None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::plan;
    use crate::dataset::{Progress, SplitRows, load};
    use crate::project::Project;
    use crate::run::{KeptEpochs, Probe, RunId};

    #[test]
    fn the_scaling_is_stored_with_a_run_and_other_data_are_recognised() {
        let design = Project::default();
        let data = load(&design.data, &Progress::default()).expect("embedded");
        let plan = plan(&design, &facts(&data)).expect("valid");
        let own = Run::new(RunId(3), &plan, &data);
        let before = Run { normaliser: None, split: None, ..own.clone() };
        assert_eq!((own.scaler(), before.scaler()), (Some(data.scaler.clone()), None));
        assert_eq!(own.known_pixels(), (Some(Depth::of(&data.rows)), data.settled));
        assert_eq!(before.known_pixels(), (None, Settled::default()));
        assert_eq!(own.check_same_data(&data), Ok(()));
        assert_eq!(before.check_same_data(&data), Ok(()), "a file from before it was stored");
        let other = Dataset { scaler: Scaler::uniform(0.0, 0.5), ..data.clone() };
        assert_eq!(own.check_same_data(&other), Err(RunError::OtherScaling(RunId(3))));
        let other = Dataset { fingerprint: 1, ..data.clone() };
        assert_eq!(own.check_same_data(&other), Err(RunError::OtherData(RunId(3))));
        let split = SplitRows { train: data.split.validation.clone(), ..data.split.clone() };
        let other = Dataset { split, ..data.clone() };
        assert_eq!(own.check_same_data(&other), Err(RunError::OtherSplit(RunId(3))));
        assert_eq!(own.check_same_rows(&other), Ok(()), "they can be looked at");
        assert_eq!(before.check_same_data(&other), Ok(()), "a file from before it was stored");
        let watching = |row| {
            let probe = std::sync::Arc::new(Probe { picture_rows: vec![0], code_rows: vec![row] });
            Run { kept: KeptEpochs::new(probe), ..own.clone() }.check_same_data(&data)
        };
        let rows = data.len();
        assert_eq!(watching(rows as u32 - 1), Ok(()));
        let row = rows as u32;
        assert_eq!(watching(row), Err(RunError::NoSuchRow { run: RunId(3), row, rows }));
        let damaged = [(0, 0, 1.0), (1, 2, 1.0), (3, 3, 1.0), (1, 1, 0.0), (1, 1, f32::NAN)];
        for (offsets, factors, factor) in damaged {
            let normaliser = Normaliser {
                offsets: vec![0.0; offsets],
                factors: vec![factor; factors],
                means: Vec::new(),
                columns: Vec::new(),
                table: Vec::new(),
                others: Vec::new(),
                depth: None,
                settled: Settled::default(),
            };
            let run = Run { normaliser: Some(normaliser), ..own.clone() };
            assert_eq!(run.scaler(), None, "{offsets} {factors} {factor}");
        }
    }
}
