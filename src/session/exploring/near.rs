//! The rows of the data nearest to a sample: by their values, by the code, and by the code of PCA.

use std::borrow::Cow;
use std::sync::Arc;

use super::fits::Fits;
use crate::analysis::hamming::BinaryCodes;
use crate::analysis::neighbours::{Distance, Neighbour, nearest, nearest_codes};
use crate::dataset::Dataset;
use crate::engine::EngineError;

/// A search for the training rows nearest to each of some samples.
#[derive(Clone, Debug)]
pub struct NearestTraining {
    /// The data.
    pub data: Arc<Dataset>,
    /// Samples, scaled, row by row.
    pub samples: Arc<Vec<f32>>,
    /// Rows per sample.
    pub count: usize,
}

/// Rows gathered at a time.
const BLOCK: usize = 256;

impl NearestTraining {
    /// Finds them, nearest first. `should_continue` is called regularly.
    ///
    /// # Errors
    /// A message if `should_continue` says no.
    pub fn find(&self, should_continue: impl Fn() -> bool) -> Result<Vec<Vec<Found>>, String> {
        let samples: Vec<&[f32]> = self.samples.chunks_exact(self.data.shape.features().max(1)).collect();
        let search =
            Search { data: &self.data, rows: &self.data.split.train, count: self.count, except: None };
        search.find(&samples, as_they_are, should_continue)
    }
}

/// A row of the data near a sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Found {
    /// The row.
    pub row: u32,
    /// Its distance.
    pub distance: f32,
}

/// The distance between codes.
#[derive(Clone, Debug, PartialEq)]
pub enum CodeDistance {
    /// Euclidean distance.
    Euclidean,
    /// Cosine distance.
    Cosine,
    /// Number of differing bits, with the threshold of each unit.
    Bits(Vec<f32>),
}

/// Samples with their codes.
#[derive(Clone, Debug)]
pub struct Coded {
    /// The data.
    pub data: Arc<Dataset>,
    /// The rows.
    pub rows: Arc<[u32]>,
    /// Their codes, row by row.
    pub codes: Arc<Vec<f32>>,
}

/// The rows of a set nearest to a sample by three distances, to compare the order given by the
/// network's code with that given by the values and by the best linear code of equal size.
#[derive(Clone, Debug)]
pub struct NearSample {
    /// The data of the run; PCA is fitted to its training split.
    pub own: Arc<Dataset>,
    /// The set.
    pub among: Coded,
    /// The code of the sample.
    pub code: Vec<f32>,
    /// Its values, scaled.
    pub values: Vec<f32>,
    /// Its row, which is excluded.
    pub except: Option<u32>,
    /// Number of rows.
    pub count: usize,
    /// The distance between codes.
    pub distance: CodeDistance,
}

/// Neighbours of a sample, nearest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Neighbourhoods {
    /// Fingerprint of the data the rows belong to.
    pub fingerprint: u64,
    /// By the code.
    pub code: Vec<Found>,
    /// By the values.
    pub values: Vec<Found>,
    /// By the code of PCA with as many components as the code has units; empty if PCA cannot be
    /// fitted.
    pub linear: Vec<Found>,
}

impl NearSample {
    /// Finds them.
    ///
    /// # Errors
    /// A message if `should_continue` says no, and if a row of the set is not one of the data.
    pub(in crate::session) fn find(
        &self,
        fits: &mut Fits,
        should_continue: impl Fn() -> bool,
    ) -> Result<Neighbourhoods, String> {
        let Coded { data, rows, .. } = &self.among;
        if let Some(row) = rows.iter().find(|row| **row as usize >= data.len()) {
            let count = data.len();
            return Err(format!(
                "there is no row {row}, as the data have {count} rows: load the data of the run"
            ));
        }
        let search = Search { data, rows, count: self.count, except: self.except };
        let values = search.find(&[&self.values], as_they_are, &should_continue)?;
        let linear = match fits.linear(&self.own, self.code.len()) {
            Ok(linear) => {
                let own = linear.project(&self.values);
                // Values without variance have no principal component.
                let own: &[&[f32]] = if own.is_empty() { &[] } else { &[&own] };
                search.find(own, |values| Cow::Owned(linear.project(values)), &should_continue)?
            }
            Err(_) => Vec::new(),
        };
        let first = |found: Vec<Vec<Found>>| found.into_iter().next().unwrap_or_default();
        let (code, values, linear) = (self.by_code(), first(values), first(linear));
        Ok(Neighbourhoods { fingerprint: data.fingerprint, code, values, linear })
    }

    fn by_code(&self) -> Vec<Found> {
        let (codes, count) = (&self.among.codes, self.count + 1);
        let near = match &self.distance {
            CodeDistance::Euclidean => nearest(&self.code, codes, count, Distance::Euclidean),
            CodeDistance::Cosine => nearest(&self.code, codes, count, Distance::Cosine),
            CodeDistance::Bits(thresholds) => {
                let threshold = |unit: usize| thresholds.get(unit).copied().unwrap_or(0.5);
                let of = |codes: &[f32]| BinaryCodes::new(codes, self.code.len(), threshold);
                nearest_codes(&of(&self.code), 0, &of(codes), count)
            }
        };
        let mut found = Vec::new();
        merge_neighbours(&mut found, near, &self.among.rows, self.count, self.except);
        found
    }
}

/// The rows that are searched, restricted to quantities computed from their values.
#[derive(Clone, Copy)]
struct Search<'a> {
    data: &'a Dataset,
    rows: &'a [u32],
    count: usize,
    except: Option<u32>,
}

impl Search<'_> {
    /// Finds the nearest rows to each point, nearest first. `points` computes points from scaled
    /// values, row by row; `should_continue` is called regularly.
    fn find(
        self,
        of: &[&[f32]],
        points: impl Fn(&[f32]) -> Cow<'_, [f32]>,
        should_continue: impl Fn() -> bool,
    ) -> Result<Vec<Vec<Found>>, String> {
        let features = self.data.shape.features().max(1);
        let mut found: Vec<Vec<Found>> = vec![Vec::new(); of.len()];
        let mut values = vec![0.0; BLOCK * features];
        for rows in self.rows.chunks(BLOCK).take_while(|_| !of.is_empty()) {
            if !should_continue() {
                return Err(EngineError::Cancelled.to_string());
            }
            let values = &mut values[..rows.len() * features];
            self.data.gather(rows, values);
            let points = points(values);
            for (point, found) in of.iter().zip(&mut found) {
                // One more, because the sample itself may be among them.
                let near = nearest(point, &points, self.count + 1, Distance::Euclidean);
                merge_neighbours(found, near, rows, self.count, self.except);
            }
        }
        Ok(found)
    }
}

fn as_they_are(values: &[f32]) -> Cow<'_, [f32]> {
    Cow::Borrowed(values)
}

/// Merges neighbours among these rows of the data into those found so far, and keeps the nearest in
/// order, without the excluded row.
pub(in crate::session) fn merge_neighbours(
    found: &mut Vec<Found>,
    near: Vec<Neighbour>,
    rows: &[u32],
    count: usize,
    except: Option<u32>,
) {
    let named = |near: Neighbour| Some(Found { row: *rows.get(near.row)?, distance: near.distance });
    found.extend(near.into_iter().filter_map(named).filter(|near| Some(near.row) != except));
    found.sort_by(|a, b| a.distance.total_cmp(&b.distance).then(a.row.cmp(&b.row)));
    found.truncate(count);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Progress, load};
    use crate::project::{Data, Source, Synthetic};

    fn blobs() -> Arc<Dataset> {
        let source = Source::Synthetic(Synthetic::Blobs { count: 200, features: 6, clusters: 3, seed: 1 });
        Arc::new(load(&Data { source, ..Data::default() }, &Progress::default()).expect("generated"))
    }

    fn picture(data: &Dataset, row: u32) -> Vec<f32> {
        let mut picture = vec![0.0; 6];
        data.gather(&[row], &mut picture);
        picture
    }

    #[test]
    fn the_nearest_row_of_a_training_row_is_itself() {
        let data = blobs();
        let row = data.split.train[7];
        let samples = Arc::new(picture(&data, row));
        let search = NearestTraining { data, samples, count: 3 };
        let found = search.find(|| true).expect("goes on");
        assert_eq!((found.len(), found[0].len(), found[0][0]), (1, 3, Found { row, distance: 0.0 }));
        assert!(search.find(|| false).is_err());
    }

    #[test]
    fn neighbours_are_found_by_code_by_values_and_by_pca() {
        let data = blobs();
        let codes = vec![0.0, 0.0, 5.0, 5.0, 1.0, 1.0, -0.5, -0.5];
        let among =
            Coded { data: Arc::clone(&data), rows: Arc::from([3, 8, 20, 41]), codes: Arc::new(codes) };
        let mut near = NearSample {
            own: Arc::clone(&data),
            among,
            code: vec![0.2, 0.2],
            values: picture(&data, 20),
            except: None,
            count: 3,
            distance: CodeDistance::Euclidean,
        };
        let rows = |found: &[Found]| found.iter().map(|near| near.row).collect::<Vec<_>>();
        let mut fits = Fits::default();
        let found = near.find(&mut fits, || true).expect("found");
        assert_eq!(rows(&found.code), [3, 41, 20]);
        // A sample is nearest to itself, by its values and by any function of them.
        assert_eq!((found.values[0].row, found.values[0].distance), (20, 0.0));
        assert_eq!((found.linear[0].row, found.linear.len()), (20, 3));
        let distance = |row: u32| Distance::Euclidean.of(&picture(&data, row), &near.values);
        let mut by_hand = [3, 8, 41];
        by_hand.sort_by(|a, b| distance(*a).total_cmp(&distance(*b)));
        assert_eq!(rows(&found.values)[1..], by_hand[..2]);
        near.except = Some(20);
        near.distance = CodeDistance::Bits(vec![0.5; 2]);
        let found = near.find(&mut fits, || true).expect("found");
        // Above ½ is 1: codes 00, 11 and 00 against 00; row 20 is excluded.
        assert_eq!(rows(&found.code), [3, 41, 8]);
        assert_eq!(found.code[2].distance, 2.0);
        assert_eq!(rows(&found.values)[..2], by_hand[..2]);
        assert!(near.find(&mut fits, || false).is_err());
        near.among.rows = Arc::from([200]);
        assert!(near.find(&mut fits, || true).is_err(), "no such row");
    }

    #[test]
    fn neighbours_in_other_data_use_the_principal_components_of_the_run() {
        let own = blobs();
        let mut other = (*own).clone();
        // Without a training split, PCA cannot be fitted.
        other.split = crate::dataset::SplitRows::default();
        let rows: Arc<[u32]> = Arc::from([5, 9]);
        let values = picture(&own, 9);
        let codes = Arc::new(vec![0.0, 0.0, 3.0, 3.0]);
        let near = NearSample {
            own: Arc::clone(&own),
            among: Coded { data: Arc::new(other), rows, codes },
            code: vec![1.0, 1.0],
            values,
            except: None,
            count: 2,
            distance: CodeDistance::Euclidean,
        };
        let found = near.find(&mut Fits::default(), || true).expect("found");
        assert_eq!([&found.code, &found.values, &found.linear].map(|found| found[0].row), [5, 9, 9]);
    }
}
