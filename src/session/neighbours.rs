//! Nearest samples by their codes, their values or the best linear code of equal size.

use super::baseline::gathered;
use super::exploring::{CodeDistance, Found, merge_neighbours};
use crate::analysis::hamming::BinaryCodes;
use crate::analysis::neighbours::{Distance, Neighbour, nearest, nearest_codes};
use crate::analysis::pca::Pca;
use crate::dataset::{Dataset, LabelColumn};
use crate::engine::Network;

/// The quantity by which samples are compared.
#[derive(Clone, Debug)]
pub enum Similarity {
    /// The distance of their codes.
    Codes(CodeDistance),
    /// The distance of their scaled values.
    Values,
    /// The distance of their components by a fitted PCA.
    Components(Pca),
}

/// Samples encoded at a time.
const BLOCK: usize = 256;

/// The compared quantity of some samples, row by row.
enum Points {
    Vectors(Vec<f32>, usize),
    Codes(BinaryCodes),
}

/// A search for neighbours: a network, its data, and the quantity that is compared.
pub struct Neighbours<'a> {
    network: &'a mut Network,
    data: &'a Dataset,
    similarity: Similarity,
}

impl Similarity {
    /// PCA with as many components as a code has units, fitted to rows.
    ///
    /// # Errors
    /// A message if PCA cannot be fitted.
    pub fn components(data: &Dataset, rows: &[u32], units: usize) -> Result<Similarity, String> {
        let pca = Pca::fit(&gathered(data, rows), data.shape.features(), units);
        pca.map(Similarity::Components).map_err(|error| error.to_string())
    }
}

impl<'a> Neighbours<'a> {
    /// A search in data for a network.
    pub fn new(network: &'a mut Network, data: &'a Dataset, similarity: Similarity) -> Neighbours<'a> {
        Neighbours { network, data, similarity }
    }

    /// Returns the `k` nearest rows of `among` to each of the rows `asked`, excluding the row
    /// itself: nearest first, ties in the order of rows. `on_progress` is called with the number of
    /// rows of `among` processed.
    pub fn find(
        &mut self,
        asked: &[u32],
        among: &[u32],
        k: usize,
        mut on_progress: impl FnMut(usize),
    ) -> Vec<Vec<Found>> {
        let own: Vec<Points> = asked.chunks(BLOCK).map(|rows| self.points(rows)).collect();
        let mut found: Vec<Vec<Found>> = vec![Vec::new(); asked.len()];
        for (number, rows) in among.chunks(BLOCK).enumerate() {
            let others = self.points(rows);
            for (at, found) in found.iter_mut().enumerate() {
                // One more, because the sample itself may be among them.
                let near = self.nearest((&own[at / BLOCK], at % BLOCK), &others, k.saturating_add(1));
                merge_neighbours(found, near, rows, k, Some(asked[at]));
            }
            on_progress(number * BLOCK + rows.len());
        }
        found
    }

    fn points(&mut self, rows: &[u32]) -> Points {
        let mut values = vec![0.0; rows.len() * self.data.shape.features()];
        self.data.gather(rows, &mut values);
        let units = self.network.plan().code_units();
        match &self.similarity {
            Similarity::Codes(CodeDistance::Euclidean | CodeDistance::Cosine) => {
                Points::Vectors(self.network.encode(&values), units)
            }
            Similarity::Codes(CodeDistance::Bits(thresholds)) => {
                let codes = self.network.encode(&values);
                let threshold = |unit: usize| thresholds.get(unit).copied().unwrap_or(0.5);
                Points::Codes(BinaryCodes::new(&codes, units, threshold))
            }
            Similarity::Values => Points::Vectors(values, self.data.shape.features()),
            Similarity::Components(pca) => Points::Vectors(pca.project(&values), pca.k()),
        }
    }

    fn nearest(&self, (own, at): (&Points, usize), others: &Points, k: usize) -> Vec<Neighbour> {
        let distance = match self.similarity {
            Similarity::Codes(CodeDistance::Cosine) => Distance::Cosine,
            Similarity::Codes(CodeDistance::Euclidean | CodeDistance::Bits(_))
            | Similarity::Values
            | Similarity::Components(_) => Distance::Euclidean,
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

/// The number of other samples as far from a sample as its last neighbour, and how many of them
/// share its class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Ties {
    all: usize,
    same: usize,
}

impl Neighbours<'_> {
    /// Returns the mean over samples of the share of their neighbours that have their class, and
    /// the number of samples counted: those with a class and neighbours. `found` is the result of
    /// [`Neighbours::find`] for these samples. If binary codes tie for the last neighbours, each
    /// tied sample counts in proportion, because their order is arbitrary. `None` if there are no
    /// samples, or if the labels are not classes.
    pub fn precision(
        &mut self,
        column: &LabelColumn,
        asked: &[u32],
        among: &[u32],
        found: &[Vec<Found>],
    ) -> Option<(f64, usize)> {
        let classes = column.class_ids()?;
        let class = |row: u32| classes.get(row as usize).filter(|_| column.is_known(row as usize));
        let is_same = |a: u32, b: u32| class(a).is_some_and(|own| class(b) == Some(own));
        let ties = match self.similarity {
            Similarity::Codes(CodeDistance::Bits(_)) => self.ties(asked, among, found, is_same),
            Similarity::Codes(CodeDistance::Euclidean | CodeDistance::Cosine)
            | Similarity::Values
            | Similarity::Components(_) => Vec::new(),
        };
        mean_precision(asked, found, &ties, |row| class(row).is_some(), is_same)
    }

    fn ties(
        &mut self,
        asked: &[u32],
        among: &[u32],
        found: &[Vec<Found>],
        is_same: impl Fn(u32, u32) -> bool,
    ) -> Vec<Ties> {
        let own: Vec<Points> = asked.chunks(BLOCK).map(|rows| self.points(rows)).collect();
        let mut ties = vec![Ties::default(); asked.len()];
        for rows in among.chunks(BLOCK) {
            let others = self.points(rows);
            let queries = asked.iter().zip(found).zip(&mut ties).enumerate();
            for (at, ((row, found), ties)) in queries {
                let Some(last) = found.last() else { continue };
                // All of them, sorted by distance.
                let near = self.nearest((&own[at / BLOCK], at % BLOCK), &others, rows.len());
                let near = near.iter().filter(|near| near.distance == last.distance);
                for other in near.filter_map(|near| rows.get(near.row)).filter(|other| *other != row) {
                    ties.all += 1;
                    ties.same += usize::from(is_same(*row, *other));
                }
            }
        }
        ties
    }
}

/// `ties` is empty if the order of neighbours is not arbitrary.
fn mean_precision(
    asked: &[u32],
    found: &[Vec<Found>],
    ties: &[Ties],
    has_class: impl Fn(u32) -> bool,
    is_same: impl Fn(u32, u32) -> bool,
) -> Option<(f64, usize)> {
    let share = |(at, (row, found)): (usize, (&u32, &Vec<Found>))| {
        let last = found.last().filter(|_| has_class(*row))?;
        let ties = ties.get(at).filter(|ties| ties.all > 0);
        let is_tied = |near: &&Found| ties.is_some() && near.distance == last.distance;
        let same = found.iter().filter(|near| !is_tied(near) && is_same(*row, near.row)).count();
        let tied = found.iter().filter(is_tied).count() as f64;
        let of_tied = ties.map_or(0.0, |ties| tied * ties.same as f64 / ties.all as f64);
        Some((same as f64 + of_tied) / found.len() as f64)
    };
    let shares: Vec<f64> = asked.iter().zip(found).enumerate().filter_map(share).collect();
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
        let mut network = Network::new(&plan(&project, &facts(&data)).expect("valid"), 1).expect("small");
        // The data as gathered: x along the first component, y orthogonal to it.
        data.rows = Rows::F32(vec![0.0, 0.0, 10.0, 3.0, 20.0, 0.0, 1.0, 9.0, 30.0, 0.0]);
        data.scaler.offsets = vec![0.0];
        data.scaler.factors = vec![1.0];
        let all = [0, 1, 2, 3, 4];
        let mut find = |similarity: Similarity, k| -> Vec<u32> {
            let mut neighbours = Neighbours::new(&mut network, &data, similarity);
            let found = neighbours.find(&[0], &all, k, |_| ());
            found[0].iter().map(|near| near.row).collect()
        };
        // √(1 + 81) = 9.06, √(100 + 9) = 10.4, 20, 30.
        assert_eq!(find(Similarity::Values, 9), [3, 1, 2, 4]);
        assert_eq!(find(Similarity::Values, 2), [3, 1]);
        // Along the first axis alone: 1, 10, 20, 30.
        let along = Pca::fit(&[0.0, 0.0, 1.0, 0.0], 2, 1).expect("rows");
        assert_eq!(find(Similarity::Components(along), 4), [3, 1, 2, 4]);
        for distance in [CodeDistance::Cosine, CodeDistance::Bits(vec![0.5])] {
            assert_eq!(find(Similarity::Codes(distance), 9).len(), 4);
        }
    }

    #[test]
    fn precision_is_the_mean_share_of_neighbours_with_the_same_class() {
        let classes = [Some(0), Some(0), Some(1), Some(0), None];
        let has_class = |row: u32| classes[row as usize].is_some();
        let is_same = |a: u32, b: u32| has_class(a) && classes[a as usize] == classes[b as usize];
        let of = |asked: &[u32], found: &[Vec<Found>], ties: &[Ties]| {
            mean_precision(asked, found, ties, has_class, is_same)
        };
        let near = |row, distance| Found { row, distance };
        let found = [vec![near(1, 0.0), near(2, 1.0)], vec![near(0, 0.0), near(3, 0.0)], vec![]];
        assert_eq!(of(&[0, 1, 2], &found, &[]), Some((0.75, 2)));
        assert_eq!(of(&[], &[], &[]), None);
        assert_eq!(of(&[4], &found, &[]), None, "it has no class");
        // The first of two has the class; of four tied for second place, three have it: (1 + ¾) /
        // 2.
        assert_eq!(of(&[0], &found, &[Ties { all: 4, same: 3 }]), Some((0.875, 1)));
        // Both tie with the last: 2 · ⅓ / 2.
        assert_eq!(
            of(&[1], &found[1..], &[Ties { all: 3, same: 1 }]).map(|(share, _)| 3.0 * share),
            Some(1.0)
        );
    }

    #[test]
    fn tied_binary_codes_count_in_proportion() {
        let source = Source::Synthetic(Synthetic::Blobs { count: 5, features: 2, clusters: 1, seed: 1 });
        let project = Project {
            data: Data { source, ..Data::default() },
            encoder: Vec::new(),
            code: Code::plain(1),
            ..Recipe::Undercomplete.project()
        };
        let data = load(&project.data, &Progress::default()).expect("generated");
        let mut network = Network::new(&plan(&project, &facts(&data)).expect("valid"), 1).expect("small");
        // No bit is set, so all others are at distance 0: one of four has the class of the first.
        let mut search =
            Neighbours::new(&mut network, &data, Similarity::Codes(CodeDistance::Bits(vec![f32::MAX])));
        let all = [0, 1, 2, 3, 4];
        let names = || vec!["a".to_owned(), "b".to_owned()];
        for ids in [[0, 0, 1, 1, 1], [0, 1, 1, 1, 0]] {
            let column = LabelColumn::classes("class", names(), ids.to_vec());
            for k in [1, 2, 4, 9] {
                let found = search.find(&[0], &all, k, |_| ());
                assert_eq!(search.precision(&column, &[0], &all, &found), Some((0.25, 1)), "{ids:?} {k}");
            }
        }
        let found = search.find(&[0], &all, 2, |_| ());
        assert_eq!(search.precision(&LabelColumn::numbers("x", vec![1.0; 5]), &[0], &all, &found), None);
    }
}
