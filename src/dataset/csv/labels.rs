use super::missing::{is_chosen_exactly, is_missing};
use super::number::Notation;
use crate::dataset::interned::{Interned, Texts};
use crate::dataset::progress::CancelTimer;
use crate::dataset::{DataError, LabelColumn, NO_LABEL, Progress};
use crate::project::TableReading;

/// Numeric label columns with more distinct values than this are numbers, not classes.
const MAX_NUMERIC_CLASSES: usize = 20;

/// A label column as it is read.
#[derive(Clone, Debug, Default)]
pub(super) struct Labels {
    /// Trimmed texts.
    texts: Interned,
    ids: Vec<u32>,
    /// Texts with surrounding spaces, if there are any.
    spaced: Interned,
    /// Their rows, each with the number of its text.
    spaced_rows: Vec<(u32, u32)>,
}

impl Labels {
    pub(super) fn push(&mut self, text: &str, progress: &Progress) -> Result<(), DataError> {
        let budget = progress.budget();
        let bare = text.trim();
        if bare.len() < text.len() {
            budget.reserve(&mut self.spaced_rows, 1)?;
            self.spaced_rows.push((self.ids.len() as u32, self.spaced.number(text, progress)?));
        }
        budget.reserve(&mut self.ids, 1)?;
        self.ids.push(self.texts.number(bare, progress)?);
        Ok(())
    }

    pub(super) fn pop(&mut self) {
        self.ids.pop();
        let rows = self.ids.len();
        self.spaced_rows.pop_if(|(row, _)| *row as usize >= rows);
    }

    /// Numbers if all texts are numbers (plain ones by the rules of version 1, without a notation)
    /// and many, or not whole; else classes, in numeric or alphabetical order. A label is its text
    /// as written; surrounding spaces do not make another class. An empty label is missing, that is
    /// NaN or the class `(none)`, and so are the chosen words for missing values, and the usual
    /// ones among numbers. At the end only the column is charged to the budget.
    pub(super) fn column(
        self,
        name: String,
        notation: Option<Notation>,
        reading: &TableReading,
        progress: &Progress,
    ) -> Result<LabelColumn, DataError> {
        let (budget, mut cancel_timer) = (progress.budget(), CancelTimer::new(progress));
        let is_none = |text: &str, is_numeric: bool| match notation {
            None => is_missing_by_version_1(text) || is_chosen_exactly(text.as_bytes(), reading),
            Some(_) if is_numeric => is_missing(text, reading),
            // The usual words may be classes, such as the country NA.
            Some(_) => text.is_empty() || is_chosen_exactly(text.as_bytes(), reading),
        };
        let number = |text: &str| notation.map_or_else(|| text.parse().ok(), |notation| notation.parse(text));
        let finite = |text: &str| number(text).filter(|value: &f64| (*value as f32).is_finite());
        let texts = &self.texts;
        // Dropped rows may have left texts that no row has.
        let mut used = progress.filled(false, texts.len())?;
        for &id in &self.ids {
            cancel_timer.tick(1)?;
            used[id as usize] = true;
        }
        let used_texts = || (0..).zip(&used).filter(|(_, used)| **used).map(|(at, _)| (at, texts.text(at)));
        let (mut numeric, mut whole, mut numbers) = (true, true, 0_usize);
        for (_, text) in used_texts() {
            cancel_timer.tick(64)?;
            if !is_none(text, true) {
                let value = finite(text);
                numeric &= value.is_some();
                whole &= value.is_some_and(|value| value.fract() == 0.0);
                numbers += 1;
            }
        }
        numeric &= numbers > 0;
        let (mut order, mut is_lost): (Vec<u32>, bool) = (Vec::new(), !self.spaced_rows.is_empty());
        for (at, text) in used_texts() {
            cancel_timer.tick(64)?;
            let is_missing = is_none(text, numeric);
            // Such a text differs from that of its class.
            is_lost |= (is_missing && !text.is_empty()) || text == NO_LABEL;
            if !is_missing {
                budget.reserve(&mut order, 1)?;
                order.push(at);
            }
        }
        budget.release(used);
        budget.trim(&mut order);
        let written = if is_lost { Some(self.written(progress)?) } else { None };
        self.spaced.release(budget);
        budget.release(self.spaced_rows);
        let (texts, mut ids) = (self.texts, self.ids);
        if numeric && (!whole || order.len() > MAX_NUMERIC_CLASSES) {
            let mut numbers = progress.filled(f32::NAN, texts.len())?;
            for &at in &order {
                cancel_timer.tick(64)?;
                numbers[at as usize] = finite(texts.text(at)).map_or(f32::NAN, |value| value as f32);
            }
            budget.release(order);
            let mut values = Vec::new();
            budget.reserve_exact(&mut values, ids.len())?;
            for &id in &ids {
                cancel_timer.tick(1)?;
                values.push(numbers[id as usize]);
            }
            budget.release(numbers);
            let mut column = LabelColumn::numbers(name, values);
            column.texts = if let Some(written) = written {
                budget.release(ids);
                texts.release(budget);
                written
            } else {
                budget.trim(&mut ids);
                texts.into_texts(ids, budget)
            };
            return Ok(column);
        }
        let order = if numeric {
            let number = |at: &u32| finite(texts.text(*at)).unwrap_or_default();
            order.sort_by(|a, b| number(a).total_cmp(&number(b)));
            order
        } else {
            texts.in_order(order, progress)?
        };
        let mut column = texts.classes(name, ids, order, progress)?;
        column.texts = written.unwrap_or_default();
        Ok(column)
    }

    /// The text of each row as written.
    fn written(&self, progress: &Progress) -> Result<Texts, DataError> {
        let (mut all, mut ids) = (Interned::default(), Vec::new());
        let (budget, mut cancel_timer) = (progress.budget(), CancelTimer::new(progress));
        budget.reserve_exact(&mut ids, self.ids.len())?;
        let mut spaced = self.spaced_rows.iter().peekable();
        for (row, id) in (0..).zip(&self.ids) {
            cancel_timer.tick(64)?;
            let text = match spaced.next_if(|(at, _)| *at == row) {
                Some((_, text)) => self.spaced.text(*text),
                None => self.texts.text(*id),
            };
            ids.push(all.number(text, progress)?);
        }
        Ok(all.into_texts(ids, budget))
    }
}

/// Whether a label was missing by the rules of version 1.
fn is_missing_by_version_1(text: &str) -> bool {
    text.is_empty() || text == "?" || text.eq_ignore_ascii_case("na") || text.eq_ignore_ascii_case("nan")
}
