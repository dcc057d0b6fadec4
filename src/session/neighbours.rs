//! The nearest samples to samples, by their codes, their values or the best linear code of equal
//! size.

use super::baseline::gathered;
use super::exploring::Found;
use crate::analysis::hamming::BinaryCodes;
use crate::analysis::neighbours::{Distance, Neighbour, nearest, nearest_codes};
use crate::analysis::pca::Pca;
use crate::dataset::{Dataset, LabelColumn};
use crate::engine::Network;

/// By what samples are near to each other.
#[derive(Clone, Debug)]
pub enum Likeness {
    /// The distance of their codes.
    Codes,
    /// The angle between their codes.
    Angles,
    /// Bits in which their codes differ; where 0 ends and 1 begins for each unit.
    Bits(Vec<f32>),
    /// The distance of their scaled values.
    Values,
    /// The distance of their components by a fitted PCA.
    Components(Pca),
}

/// Samples that are encoded at a time.
const BLOCK: usize = 256;

/// What is compared of some samples, row by row.
enum Points {
    Vectors(Vec<f32>, usize),
    Codes(BinaryCodes),
}

/// What finds neighbours: a network, the data it is shown, and by what these are near.
pub struct Neighbours<'a> {
    network: &'a mut Network,
    data: &'a Dataset,
    likeness: Likeness,
}

impl Likeness {
    /// By PCA with as many components as a code has units, fitted to rows.
    ///
    /// # Errors
    /// A message where PCA cannot be fitted.
    pub fn components(data: &Dataset, rows: &[u32], units: usize) -> Result<Likeness, String> {
        let pca = Pca::fit(&gathered(data, rows), data.shape.features(), units);
        pca.map(Likeness::Components).map_err(|error| error.to_string())
    }
}

impl<'a> Neighbours<'a> {
    /// Those of data that a network is shown.
    pub fn new(network: &'a mut Network, data: &'a Dataset, likeness: Likeness) -> Neighbours<'a> {
        Neighbours { network, data, likeness }
    }

    /// The `k` nearest of `among` to each of the rows `asked`, without itself, the nearest first
    /// and equally near ones by their row. `watch` is told how many of `among` have been looked at.
    pub fn find(
        &mut self,
        asked: &[u32],
        among: &[u32],
        k: usize,
        mut watch: impl FnMut(usize),
    ) -> Vec<Vec<Found>> {
        let own: Vec<Points> = asked.chunks(BLOCK).map(|rows| self.points(rows)).collect();
        let mut found: Vec<Vec<Found>> = vec![Vec::new(); asked.len()];
        for (number, rows) in among.chunks(BLOCK).enumerate() {
            let others = self.points(rows);
            for (at, found) in found.iter_mut().enumerate() {
                // One more, as the sample itself may be among them.
                let near = self.nearest((&own[at / BLOCK], at % BLOCK), &others, k.saturating_add(1));
                let near = near
                    .into_iter()
                    .filter_map(|Neighbour { row, distance }| Some(Found { row: *rows.get(row)?, distance }));
                found.extend(near.filter(|near| near.row != asked[at]));
                found.sort_by(|a, b| a.distance.total_cmp(&b.distance).then(a.row.cmp(&b.row)));
                found.truncate(k);
            }
            watch(number * BLOCK + rows.len());
        }
        found
    }

    fn points(&mut self, rows: &[u32]) -> Points {
        let mut values = vec![0.0; rows.len() * self.data.shape.features()];
        self.data.gather(rows, &mut values);
        let units = self.network.plan().code_units();
        match &self.likeness {
            Likeness::Codes | Likeness::Angles => Points::Vectors(self.network.encode(&values), units),
            Likeness::Bits(thresholds) => {
                let codes = self.network.encode(&values);
                let threshold = |unit: usize| thresholds.get(unit).copied().unwrap_or(0.5);
                Points::Codes(BinaryCodes::new(&codes, units, threshold))
            }
            Likeness::Values => Points::Vectors(values, self.data.shape.features()),
            Likeness::Components(pca) => Points::Vectors(pca.project(&values), pca.k()),
        }
    }

    fn nearest(&self, (own, at): (&Points, usize), others: &Points, k: usize) -> Vec<Neighbour> {
        let distance = match self.likeness {
            Likeness::Angles => Distance::Cosine,
            Likeness::Codes | Likeness::Bits(_) | Likeness::Values | Likeness::Components(_) => {
                Distance::Euclidean
            }
        };
        match (own, others) {
            (Points::Vectors(own, length), Points::Vectors(others, _)) => {
                let query = own.get(at * length..(at + 1) * length).unwrap_or_default();
                nearest(query, others, k, distance)
            }
            (Points::Codes(own), Points::Codes(others)) => nearest_codes(own, at, others, k),
            // All points of one likeness are of one kind.
            (Points::Vectors(..), Points::Codes(_)) | (Points::Codes(_), Points::Vectors(..)) => Vec::new(),
        }
    }
}

/// Mean over samples of the share of their neighbours that are of their own class, and how many
/// samples were counted: those that have a class and neighbours. `None` without any, or where the
/// labels are no classes.
pub fn mean_precision(column: &LabelColumn, asked: &[u32], found: &[Vec<Found>]) -> Option<(f64, usize)> {
    let classes = column.class_ids()?;
    let class = |row: u32| classes.get(row as usize).filter(|_| column.is_known(row as usize));
    let shares = asked.iter().zip(found).filter_map(|(row, found)| {
        let own = class(*row)?;
        let same = found.iter().filter(|near| class(near.row) == Some(own)).count();
        (!found.is_empty()).then(|| same as f64 / found.len() as f64)
    });
    let shares: Vec<f64> = shares.collect();
    (!shares.is_empty()).then(|| (shares.iter().sum::<f64>() / shares.len() as f64, shares.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::plan;
    use crate::dataset::{Progress, Rows, load};
    use crate::project::{Code, Data, Project, Recipe, Source, Synthetic};
    use crate::run::facts;

    #[test]
    fn neighbours_are_found_by_values_and_by_components() {
        let source = Source::Synthetic(Synthetic::Blobs { count: 5, features: 2, clusters: 1, seed: 1 });
        let project = Project {
            data: Data { source, ..Data::default() },
            encoder: Vec::new(),
            code: Code::plain(1),
            ..Recipe::Undercomplete.project()
        };
        let mut data = load(&project.data, &Progress::default()).expect("generated");
        let mut network = Network::new(&plan(&project, &facts(&data)).expect("sound"), 1).expect("small");
        // As they are gathered: x along the first component, y apart from it.
        data.rows = Rows::F32(vec![0.0, 0.0, 10.0, 3.0, 20.0, 0.0, 1.0, 9.0, 30.0, 0.0]);
        data.scaler.offsets = vec![0.0];
        data.scaler.factors = vec![1.0];
        let all = [0, 1, 2, 3, 4];
        let mut find = |likeness: Likeness, k| -> Vec<u32> {
            let mut neighbours = Neighbours::new(&mut network, &data, likeness);
            let found = neighbours.find(&[0], &all, k, |_| ());
            found[0].iter().map(|near| near.row).collect()
        };
        // √(1 + 81) = 9.06, √(100 + 9) = 10.4, 20, 30.
        assert_eq!(find(Likeness::Values, 9), [3, 1, 2, 4]);
        assert_eq!(find(Likeness::Values, 2), [3, 1]);
        // Along the first axis alone: 1, 10, 20, 30.
        let along = Pca::fit(&[0.0, 0.0, 1.0, 0.0], 2, 1).expect("rows");
        assert_eq!(find(Likeness::Components(along), 4), [3, 1, 2, 4]);
        assert_eq!(find(Likeness::Codes, 9).len(), 4);
        assert_eq!(find(Likeness::Bits(vec![0.5]), 9).len(), 4);
    }

    #[test]
    fn precision_is_the_mean_share_of_the_own_class() {
        let names = vec!["a".to_owned(), "b".to_owned()];
        let column = LabelColumn::classes("class", names, vec![0, 0, 1, 0]);
        let near = |row| Found { row, distance: 0.0 };
        let found = [vec![near(1), near(2)], vec![near(0), near(3)], vec![]];
        assert_eq!(mean_precision(&column, &[0, 1, 2], &found), Some((0.75, 2)));
        assert_eq!(mean_precision(&column, &[], &[]), None);
        assert_eq!(mean_precision(&LabelColumn::numbers("x", vec![1.0; 4]), &[0], &found), None);
    }
}
