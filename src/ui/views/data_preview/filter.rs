//! The displayed rows: all, those of a class, those of a split, or both. The search for a class is
//! spread over several frames, so that no frame processes a million rows.

use std::ops::Range;

use crate::dataset::{Dataset, Subset};

/// A filter for rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    /// Class number in the first label column that has classes of several rows.
    pub class: Option<u32>,
    /// Their split.
    pub subset: Option<Subset>,
}

/// The rows found so far that pass a filter.
#[derive(Clone, Debug, Default)]
pub(super) struct FilteredRows {
    of: Option<(u64, Filter)>,
    /// Rows of the class; unused if all classes pass.
    found: Vec<u32>,
    /// Number of candidates examined.
    scanned: usize,
    /// Whether all candidates were examined.
    is_whole: bool,
}

/// Maximum number of candidates examined per frame: about a millisecond.
const EACH_FRAME: usize = 1 << 20;

impl FilteredRows {
    /// Examines more candidates. `stamp` identifies data, labels and split. Returns whether all
    /// were examined.
    pub fn follow(&mut self, data: &Dataset, ids: &[u32], filter: Filter, stamp: u64) -> bool {
        if self.of != Some((stamp, filter)) {
            *self = FilteredRows { of: Some((stamp, filter)), ..FilteredRows::default() };
        }
        let Some(class) = filter.class else {
            self.is_whole = true;
            return true;
        };
        let of_split = filter.subset.map(|subset| data.split.rows(subset));
        let candidates = of_split.map_or(ids.len(), <[u32]>::len);
        let end = candidates.min(self.scanned + EACH_FRAME);
        let is_of_class = |row: &u32| ids.get(*row as usize) == Some(&class);
        match of_split {
            Some(rows) => self.found.extend(rows[self.scanned..end].iter().copied().filter(is_of_class)),
            None => self.found.extend((self.scanned as u32..end as u32).filter(is_of_class)),
        }
        (self.scanned, self.is_whole) = (end, end == candidates);
        self.is_whole
    }

    /// Number of rows found.
    pub fn len(&self, data: &Dataset) -> usize {
        self.listed(data).map_or(data.len(), <[u32]>::len)
    }

    /// Whether the search is complete.
    pub fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// The rows at these indices, skipping missing ones.
    pub fn part(&self, data: &Dataset, places: Range<usize>) -> Vec<u32> {
        let end = places.end.min(self.len(data));
        let places = places.start.min(end)..end;
        match self.listed(data) {
            Some(rows) => rows.get(places).unwrap_or_default().to_vec(),
            None => (places.start as u32..places.end as u32).collect(),
        }
    }

    /// The row at an index.
    pub fn at(&self, data: &Dataset, place: usize) -> Option<u32> {
        match self.listed(data) {
            Some(rows) => rows.get(place).copied(),
            None => (place < data.len()).then_some(place as u32),
        }
    }

    /// Index and number of a row if it passes, else of the next one that does, else of the last;
    /// `None` while unknown.
    pub fn find(&self, data: &Dataset, row: u32) -> Option<(usize, u32)> {
        let place = match self.listed(data) {
            Some(rows) => rows.partition_point(|other| *other < row),
            None => row as usize,
        };
        let count = self.len(data);
        if place >= count && !self.is_whole {
            return None;
        }
        let place = place.min(count.checked_sub(1)?);
        Some((place, self.at(data, place)?))
    }

    /// All rows that pass, unless every row does.
    fn listed<'a>(&'a self, data: &'a Dataset) -> Option<&'a [u32]> {
        match self.filter() {
            Filter { class: Some(_), .. } => Some(&self.found),
            Filter { subset: Some(subset), .. } => Some(data.split.rows(subset)),
            Filter { class: None, subset: None } => None,
        }
    }

    fn filter(&self) -> Filter {
        self.of.map_or_else(Filter::default, |(_, filter)| filter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::views::samples;

    #[test]
    fn rows_of_a_class_and_a_split_are_found() {
        let data = samples::table(60, 5);
        let ids = data.labels[0].class_ids().unwrap().to_vec();
        let found = |class, subset| {
            let mut filtered = FilteredRows::default();
            assert!(filtered.follow(&data, &ids, Filter { class, subset }, 7));
            let all = filtered.part(&data, 0..1000);
            assert_eq!(all.len(), filtered.len(&data));
            assert_eq!(filtered.part(&data, 2..4), all.iter().skip(2).take(2).copied().collect::<Vec<_>>());
            assert!(filtered.part(&data, 1000..1002).is_empty());
            for (place, row) in all.iter().enumerate() {
                assert_eq!(filtered.find(&data, *row), Some((place, *row)));
            }
            assert_eq!(filtered.find(&data, 1000), all.len().checked_sub(1).map(|last| (last, all[last])));
            all
        };
        assert_eq!(found(None, None), (0..60).collect::<Vec<_>>());
        assert_eq!(found(None, Some(Subset::Validation)), (48..54).collect::<Vec<_>>());
        assert_eq!(found(Some(1), None), (1..60).step_by(3).collect::<Vec<_>>());
        assert_eq!(found(Some(0), Some(Subset::Test)), [54, 57]);
        assert!(found(Some(9), None).is_empty());
    }

    #[test]
    fn a_million_rows_take_more_than_one_frame_and_another_filter_starts_over() {
        let count = 2 * EACH_FRAME + 3;
        let mut data = samples::table(3, 1);
        data.split.train = (0..count as u32).collect();
        let ids: Vec<u32> = (0..count as u32).map(|row| row % 2).collect();
        let (mut filtered, odd) = (FilteredRows::default(), Filter { class: Some(1), subset: None });
        assert!(!filtered.follow(&data, &ids, odd, 7));
        assert_eq!(filtered.len(&data), EACH_FRAME / 2);
        assert_eq!(filtered.find(&data, 4), Some((2, 5)), "the next of the class");
        assert_eq!(filtered.find(&data, count as u32), None, "more may follow");
        assert!(!filtered.follow(&data, &ids, odd, 7));
        assert!(filtered.follow(&data, &ids, odd, 7));
        assert_eq!(filtered.len(&data), count / 2);
        assert!(filtered.follow(&data, &ids, odd, 7), "all are there");
        assert_eq!(filtered.len(&data), count / 2);
        let trained = Filter { class: Some(0), subset: Some(Subset::Train) };
        assert!(!filtered.follow(&data, &ids, trained, 7));
        assert_eq!(filtered.part(&data, 0..2), [0, 2]);
        assert!(!filtered.follow(&data, &ids, trained, 8), "other data");
        assert_eq!(filtered.len(&data), EACH_FRAME / 2);
    }
}
