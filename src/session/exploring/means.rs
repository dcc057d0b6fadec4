//! Mean codes of groups of samples.

use std::sync::Arc;

use crate::analysis::arithmetic::Mean;
use crate::dataset::Dataset;
use crate::engine::{EngineError, Network};
use crate::session::part_rows;

/// A group of samples, of the training data of a network or of other data.
#[derive(Clone, Debug)]
pub struct SampleGroup {
    /// The data.
    pub data: Arc<Dataset>,
    /// The rows.
    pub rows: Arc<[u32]>,
}

/// The mean of a group of codes.
#[derive(Clone, Debug, PartialEq)]
pub struct MeanCode {
    /// The mean.
    pub code: Vec<f32>,
    /// Number of codes it was computed from.
    pub count: usize,
}

impl SampleGroup {
    /// Encodes the samples and averages their codes; `None` if there are none. `should_continue` is
    /// called regularly.
    ///
    /// # Errors
    /// A message if `should_continue` says no, and if the data do not fit the network.
    pub(in crate::session) fn mean(
        &self,
        network: &mut Network,
        should_continue: &dyn Fn() -> bool,
    ) -> Result<Option<MeanCode>, String> {
        let plan = network.plan();
        let (shape, units) = (plan.shape(), plan.code_units());
        let beyond = self.rows.iter().find(|row| **row as usize >= self.data.len());
        if let Some(row) = beyond.or(self.rows.first().filter(|_| self.data.shape != shape)) {
            return Err(format!("row {row} of {} does not fit this network", self.data.name));
        }
        let mut mean = Mean::of(units);
        let mut values = Vec::new();
        for rows in self.rows.chunks(part_rows(&self.data)) {
            if !should_continue() {
                return Err(EngineError::Cancelled.to_string());
            }
            values.resize(rows.len() * shape.features(), 0.0);
            self.data.gather(rows, &mut values);
            mean.add(&network.encode(&values));
        }
        Ok(mean.get().map(|code| MeanCode { code, count: mean.count() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::plan;
    use crate::dataset::{Progress, load};
    use crate::project::{Code, Data, Project, Recipe, Source, Synthetic};
    use crate::run::facts;

    #[test]
    fn the_mean_code_of_a_group_includes_all_its_rows() {
        let source = Source::Synthetic(Synthetic::Blobs { count: 40, features: 3, clusters: 2, seed: 1 });
        let project = Project {
            data: Data { source, ..Data::default() },
            encoder: Vec::new(),
            code: Code::plain(2),
            ..Recipe::Undercomplete.project()
        };
        let data = Arc::new(load(&project.data, &Progress::default()).expect("generated"));
        let mut network = Network::new(&plan(&project, &facts(&data)).expect("valid"), 1).expect("small");
        let rows = [data.split.train[0], data.split.validation[0], data.split.test[0]];
        let mut values = vec![0.0; 9];
        data.gather(&rows, &mut values);
        let codes = network.encode(&values);
        let group = |rows: &[u32]| SampleGroup { data: Arc::clone(&data), rows: rows.into() };
        let found = group(&rows).mean(&mut network, &|| true).expect("goes on").expect("samples");
        assert_eq!((found.count, found.code.len()), (3, 2));
        for (unit, value) in found.code.iter().enumerate() {
            let expected = (codes[unit] + codes[2 + unit] + codes[4 + unit]) / 3.0;
            assert!((value - expected).abs() < 1e-5, "{value} {expected}");
        }
        assert_eq!(group(&[]).mean(&mut network, &|| true), Ok(None));
        assert!(group(&rows).mean(&mut network, &|| false).is_err(), "given up");
        assert!(group(&[40]).mean(&mut network, &|| true).is_err(), "no such row");
    }
}
