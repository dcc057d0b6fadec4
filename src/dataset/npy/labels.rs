use crate::dataset::interned::Interned;
use crate::dataset::progress::CancelTimer;
use crate::dataset::{DataError, LabelColumn, Progress};

use super::header::Header;
use super::places::Places;
use super::values::{Number, Sink, each_number, text};

/// Whole numbers with more distinct values than this are numbers, not classes, by the rules of
/// version 1 and for floating-point types.
const FEW_CLASSES: usize = 20;
/// Whole numbers of an integer type are classes up to this many, if each has two rows on average.
const MANY_CLASSES: usize = 256;
/// The number of a row without a label.
const NONE: u32 = u32::MAX;

/// Labels as they are read, one part of the data after another, with all their digits.
pub(in crate::dataset) struct Labels<'a> {
    texts: Interned,
    ids: Vec<u32>,
    /// Whether any part was text.
    is_text: bool,
    most_classes: usize,
    /// Whether numbers keep all digits; by the rules of version 1 they are 32-bit numbers.
    is_exact: bool,
    /// Fewest rows per class on average, if there are more than a few classes.
    rows_each: usize,
    progress: &'a Progress,
}

impl<'a> Labels<'a> {
    pub fn new(is_whole_type: bool, is_exact: bool, progress: &'a Progress) -> Labels<'a> {
        let most_classes = if is_whole_type { MANY_CLASSES } else { FEW_CLASSES };
        let texts = Interned::default();
        Labels { texts, ids: Vec::new(), is_text: false, most_classes, is_exact, rows_each: 2, progress }
    }

    /// For labels in bytes, which are classes for any number of them.
    pub fn of_bytes(progress: &'a Progress) -> Labels<'a> {
        Labels { rows_each: 0, ..Labels::new(true, true, progress) }
    }

    /// Adds a label.
    pub fn push(&mut self, text: &str) -> Result<(), DataError> {
        self.progress.budget().reserve(&mut self.ids, 1)?;
        self.ids.push(self.texts.number(text, self.progress)?);
        Ok(())
    }

    /// Adds this many rows without label.
    pub fn skip(&mut self, count: usize) -> Result<(), DataError> {
        self.progress.budget().reserve_exact(&mut self.ids, count)?;
        self.ids.extend(std::iter::repeat_n(NONE, count));
        Ok(())
    }

    /// Adds labels from the bytes of the file, a whole number of them.
    pub fn push_bytes(&mut self, header: &Header, bytes: &[u8]) -> Result<(), DataError> {
        if header.is_text() {
            self.is_text = true;
            return bytes.chunks_exact(header.item).try_for_each(|item| self.push(&text(header, item)));
        }
        let mut columns = Columns::new(std::slice::from_mut(self), None);
        columns.push_bytes(header, bytes)
    }

    /// Text and few whole numbers are classes, other numbers are numbers. At the end only the
    /// column is charged to the budget.
    pub fn column(self, name: &str) -> Result<LabelColumn, DataError> {
        let Labels { texts, mut ids, is_text, most_classes, rows_each, progress, .. } = self;
        let (budget, mut cancel_timer) = (progress.budget(), CancelTimer::new(progress));
        budget.trim(&mut ids);
        if is_text {
            let order = texts.all_in_order(progress)?;
            return texts.classes(name, ids, order, progress);
        }
        let number = |id: u32| texts.text(id).parse::<f64>().unwrap_or(f64::NAN);
        let mut is_whole = true;
        for id in 0..texts.len() as u32 {
            cancel_timer.tick(64)?;
            is_whole &= number(id).fract() == 0.0;
        }
        let most = if texts.len().saturating_mul(rows_each) <= ids.len() {
            most_classes
        } else {
            most_classes.min(FEW_CLASSES)
        };
        if is_whole && texts.len() <= most {
            let mut order: Vec<u32> = Vec::new();
            budget.reserve_exact(&mut order, texts.len())?;
            order.extend(0..texts.len() as u32);
            let key = |id: &u32| (number(*id), texts.text(*id));
            order.sort_by(|a, b| key(a).0.total_cmp(&key(b).0).then_with(|| key(a).1.cmp(key(b).1)));
            return texts.classes(name, ids, order, progress);
        }
        let mut values = Vec::new();
        budget.reserve_exact(&mut values, ids.len())?;
        for &id in &ids {
            cancel_timer.tick(64)?;
            values.push(if id == NONE { f32::NAN } else { number(id) as f32 });
        }
        let mut column = LabelColumn::numbers(name, values);
        column.texts = texts.into_texts(ids, budget);
        Ok(column)
    }
}

/// Adds numbers as labels of several columns, until one fails.
pub(super) struct Columns<'l, 'a> {
    lists: &'l mut [Labels<'a>],
    /// For any order of the file; those of one column are read in row order.
    places: Option<Places>,
    next: usize,
    result: Result<(), DataError>,
}

impl<'l, 'a> Columns<'l, 'a> {
    /// For an array with as many columns as there are lists, at least one.
    pub fn new(lists: &'l mut [Labels<'a>], places: Option<Places>) -> Columns<'l, 'a> {
        Columns { lists, places, next: 0, result: Ok(()) }
    }

    /// Adds labels from the bytes of the file, a whole number of them, which are not text.
    pub fn push_bytes(&mut self, header: &Header, bytes: &[u8]) -> Result<(), DataError> {
        each_number(header, bytes, self);
        std::mem::replace(&mut self.result, Ok(()))
    }
}

impl Sink for Columns<'_, '_> {
    fn take<N: Number>(&mut self, mut numbers: impl Iterator<Item = N>) {
        self.result = numbers.try_for_each(|number| {
            let place = self.places.as_mut().map_or(self.next, Places::next);
            self.next += 1;
            let column = place % self.lists.len().max(1);
            let Some(labels) = self.lists.get_mut(column) else { return Ok(()) };
            // −0 counts as 0.
            let text = if number.f64() == 0.0 {
                "0".to_owned()
            } else if labels.is_exact {
                number.text()
            } else {
                number.f32().text()
            };
            labels.push(&text)
        });
    }
}
