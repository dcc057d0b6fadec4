//! The rows of the data that are nearest to a sample: in the values of the data, in the code, and
//! in the code of PCA.

use std::sync::Arc;

use super::fits::Fits;
use crate::analysis::hamming::BinaryCodes;
use crate::analysis::neighbours::{Distance, Neighbour, nearest, nearest_codes};
use crate::dataset::Dataset;
use crate::engine::{EngineError, code_thresholds};
use crate::project::Threshold;
use crate::run::{Kept, Probe};

/// The rows of the training split that are nearest to each of some pictures, as they are scaled.
#[derive(Clone, Debug)]
pub struct Lookup {
    /// The data.
    pub data: Arc<Dataset>,
    /// Pictures, scaled, row by row.
    pub pictures: Arc<Vec<f32>>,
    /// How many rows for each picture.
    pub count: usize,
    /// A row that is left out: the picture itself.
    pub except: Option<u32>,
}

/// Rows that are gathered at a time.
const BLOCK: usize = 256;

impl Lookup {
    /// Finds them, the nearest first. `goes_on` is asked now and then.
    ///
    /// # Errors
    /// A message where `goes_on` says no.
    pub fn find(&self, goes_on: impl Fn() -> bool) -> Result<Vec<Vec<Found>>, String> {
        let features = self.data.shape.features().max(1);
        let pictures: Vec<&[f32]> = self.pictures.chunks_exact(features).collect();
        let mut found: Vec<Vec<Found>> = vec![Vec::new(); pictures.len()];
        let mut values = vec![0.0; BLOCK * features];
        for rows in self.data.split.train.chunks(BLOCK) {
            if !goes_on() {
                return Err(EngineError::Cancelled.to_string());
            }
            let values = &mut values[..rows.len() * features];
            self.data.gather(rows, values);
            for (picture, found) in pictures.iter().zip(&mut found) {
                // One more, as the picture itself may be among them.
                let near = nearest(picture, values, self.count + 1, Distance::Euclidean);
                take_in(found, near, rows, self.count, self.except);
            }
        }
        Ok(found)
    }
}

/// A row of the data that is near to a picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Found {
    /// The row.
    pub row: u32,
    /// How far it is.
    pub distance: f32,
}

/// How far codes are apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CodeDistance {
    /// As points.
    Points(Distance),
    /// By the bits that differ; each unit is one, 1 above this threshold.
    Bits(Threshold),
}

/// The watched rows that are nearest to a sample, by three distances: how the network's code orders
/// samples shows beside how their values do, and beside how the best linear code of its size does.
#[derive(Clone, Debug)]
pub struct NearSample {
    /// The data of the run.
    pub data: Arc<Dataset>,
    /// The watched rows.
    pub probe: Arc<Probe>,
    /// Their codes.
    pub codes: Arc<Kept>,
    /// The code of the sample.
    pub code: Vec<f32>,
    /// Its values, scaled.
    pub values: Vec<f32>,
    /// Its row, which is left out.
    pub except: Option<u32>,
    /// How many rows.
    pub count: usize,
    /// By what codes are apart.
    pub distance: CodeDistance,
}

/// Neighbours of a sample, the nearest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Neighbourhoods {
    /// By the code.
    pub code: Vec<Found>,
    /// By the values.
    pub values: Vec<Found>,
    /// By the code of PCA with as many components as the code has units; empty where PCA cannot be
    /// fitted.
    pub linear: Vec<Found>,
}

impl NearSample {
    /// Finds them.
    ///
    /// # Errors
    /// A message where `goes_on` says no, and where a watched row is not one of the data.
    pub(in crate::session) fn find(
        &self,
        fits: &mut Fits,
        goes_on: impl Fn() -> bool,
    ) -> Result<Neighbourhoods, String> {
        let (data, rows) = (&self.data, &self.probe.code_rows);
        if let Some(row) = self.probe.beyond(data.len()) {
            return Err(format!("row {row} is watched, but the data have {} rows: load its own", data.len()));
        }
        let units = self.codes.code_units;
        let linear = fits.linear(data, units).ok();
        let own = linear.as_ref().map(|linear| linear.project(&self.values)).unwrap_or_default();
        let features = data.shape.features().max(1);
        let mut found = Neighbourhoods { code: self.by_code(), ..Neighbourhoods::default() };
        let mut values = vec![0.0; BLOCK * features];
        for rows in rows.chunks(BLOCK) {
            if !goes_on() {
                return Err(EngineError::Cancelled.to_string());
            }
            let values = &mut values[..rows.len() * features];
            data.gather(rows, values);
            let near = |point: &[f32], all: &[f32]| nearest(point, all, self.count + 1, Distance::Euclidean);
            take_in(&mut found.values, near(&self.values, values), rows, self.count, self.except);
            if let Some(linear) = linear.as_ref().filter(|_| !own.is_empty()) {
                let near = near(&own, &linear.project(values));
                take_in(&mut found.linear, near, rows, self.count, self.except);
            }
        }
        Ok(found)
    }

    fn by_code(&self) -> Vec<Found> {
        let (codes, units, count) = (&self.codes.codes, self.codes.code_units, self.count + 1);
        let near = match self.distance {
            CodeDistance::Points(distance) => nearest(&self.code, codes, count, distance),
            CodeDistance::Bits(threshold) => {
                let thresholds = code_thresholds(codes, units, threshold);
                let of = |codes: &[f32]| BinaryCodes::new(codes, units, |unit| thresholds[unit]);
                nearest_codes(&of(&self.code), 0, &of(codes), count)
            }
        };
        let mut found = Vec::new();
        take_in(&mut found, near, &self.probe.code_rows, self.count, self.except);
        found
    }
}

/// Adds neighbours among these rows of the data to those that were found among others, and leaves the
/// nearest, in order, without one row.
pub(in crate::session) fn take_in(
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
    fn the_nearest_row_of_a_training_row_is_itself_unless_left_out() {
        let data = blobs();
        let row = data.split.train[7];
        let pictures = Arc::new(picture(&data, row));
        let mut lookup = Lookup { data, pictures, count: 3, except: None };
        let found = lookup.find(|| true).expect("goes on");
        assert_eq!((found.len(), found[0].len(), found[0][0]), (1, 3, Found { row, distance: 0.0 }));
        lookup.except = Some(row);
        let others = lookup.find(|| true).expect("goes on");
        assert_eq!(others[0][..2], found[0][1..]);
        assert!(lookup.find(|| false).is_err());
    }

    #[test]
    fn neighbours_are_told_by_code_by_values_and_by_pca() {
        let data = blobs();
        let code_rows = vec![3, 8, 20, 41];
        let probe = Arc::new(Probe { picture_rows: vec![], code_rows });
        let codes = vec![0.0, 0.0, 5.0, 5.0, 1.0, 1.0, -0.5, -0.5];
        let mut near = NearSample {
            codes: Arc::new(Kept { code_units: 2, codes, ..Kept::default() }),
            code: vec![0.2, 0.2],
            values: picture(&data, 20),
            data: Arc::clone(&data),
            probe,
            except: None,
            count: 3,
            distance: CodeDistance::Points(Distance::Euclidean),
        };
        let rows = |found: &[Found]| found.iter().map(|near| near.row).collect::<Vec<_>>();
        let mut fits = Fits::default();
        let found = near.find(&mut fits, || true).expect("found");
        assert_eq!(rows(&found.code), [3, 41, 20]);
        // A sample is the nearest to itself, by values as by any function of them.
        assert_eq!((found.values[0].row, found.values[0].distance), (20, 0.0));
        assert_eq!((found.linear[0].row, found.linear.len()), (20, 3));
        let distance = |row: u32| Distance::Euclidean.of(&picture(&data, row), &near.values);
        let mut by_hand = [3, 8, 41];
        by_hand.sort_by(|a, b| distance(*a).total_cmp(&distance(*b)));
        assert_eq!(rows(&found.values)[1..], by_hand[..2]);
        near.except = Some(20);
        near.distance = CodeDistance::Bits(Threshold::Half);
        let found = near.find(&mut fits, || true).expect("found");
        // Above ½ is 1: codes 00, 11 and 00 beside 00; that of row 20 is left out.
        assert_eq!(rows(&found.code), [3, 41, 8]);
        assert_eq!(found.code[2].distance, 2.0);
        assert_eq!(rows(&found.values)[..2], by_hand[..2]);
        assert!(near.find(&mut fits, || false).is_err());
        near.probe = Arc::new(Probe { picture_rows: vec![], code_rows: vec![200] });
        assert!(near.find(&mut fits, || true).is_err(), "no such row");
    }
}
