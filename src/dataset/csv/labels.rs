use super::number::Notation;
use crate::dataset::interned::Interned;
use crate::dataset::progress::Pulse;
use crate::dataset::{DataError, LabelColumn, Progress};

/// Numeric label columns with more distinct values than this are numbers, not classes.
const MAX_NUMERIC_CLASSES: usize = 20;

/// A label column as it is read.
#[derive(Clone, Debug, Default)]
pub(super) struct Labels {
    texts: Interned,
    ids: Vec<u32>,
}

impl Labels {
    pub(super) fn push(&mut self, text: &str, progress: &Progress) -> Result<(), DataError> {
        progress.budget().reserve(&mut self.ids, 1)?;
        self.ids.push(self.texts.number(text, progress)?);
        Ok(())
    }

    pub(super) fn pop(&mut self) {
        self.ids.pop();
    }

    /// Numbers where all texts are numbers (plain ones without a notation) and many, or not whole, with the texts as they are written; else classes, in
    /// numeric or alphabetic order. A missing label is NaN or the class `(none)`. The budget is charged for the column alone
    /// in the end.
    pub(super) fn column(
        self,
        name: String,
        notation: Option<Notation>,
        missing_words: &[String],
        progress: &Progress,
    ) -> Result<LabelColumn, DataError> {
        let Labels { texts, mut ids } = self;
        let (budget, mut pulse) = (progress.budget(), Pulse::new(progress));
        let is_missing = |text: &str| is_missing(text) || missing_words.iter().any(|word| word == text);
        let number = |text: &str| notation.map_or_else(|| text.parse().ok(), |notation| notation.parse(text));
        let finite = |text: &str| number(text).filter(|value: &f64| (*value as f32).is_finite());
        // Rows that were dropped may have left texts that no row has.
        let mut used = progress.filled(false, texts.len())?;
        for &id in &ids {
            pulse.beat(1)?;
            used[id as usize] = true;
        }
        let mut order: Vec<u32> = Vec::new();
        let (mut numeric, mut whole) = (true, true);
        for (at, _) in (0..).zip(&used).filter(|(_, used)| **used) {
            pulse.beat(64)?;
            let text = texts.text(at);
            if !is_missing(text) {
                budget.reserve(&mut order, 1)?;
                order.push(at);
                let value = finite(text);
                numeric &= value.is_some();
                whole &= value.is_some_and(|value| value.fract() == 0.0);
            }
        }
        budget.release(used);
        budget.trim(&mut order);
        if numeric && (!whole || order.len() > MAX_NUMERIC_CLASSES) {
            let mut numbers = progress.filled(f32::NAN, texts.len())?;
            for &at in &order {
                pulse.beat(64)?;
                numbers[at as usize] = finite(texts.text(at)).map_or(f32::NAN, |value| value as f32);
            }
            budget.release(order);
            let mut values = Vec::new();
            budget.reserve_exact(&mut values, ids.len())?;
            for &id in &ids {
                pulse.beat(1)?;
                values.push(numbers[id as usize]);
            }
            budget.release(numbers);
            budget.trim(&mut ids);
            let mut column = LabelColumn::numbers(name, values);
            column.texts = texts.into_texts(ids, budget);
            return Ok(column);
        }
        let order = if numeric {
            let number = |at: &u32| finite(texts.text(*at)).unwrap_or_default();
            order.sort_by(|a, b| number(a).total_cmp(&number(b)));
            order
        } else {
            texts.in_order(order, progress)?
        };
        texts.classes(name, ids, order, progress)
    }
}

/// Whether a label is missing. Fewer words mean that than among features, as `None` and `-` may well be classes.
fn is_missing(field: &str) -> bool {
    field.is_empty() || field == "?" || field.eq_ignore_ascii_case("na") || field.eq_ignore_ascii_case("nan")
}
