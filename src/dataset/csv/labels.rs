use super::{finite, is_missing};
use crate::dataset::interned::Interned;
use crate::dataset::memory::Shortage;
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
    pub(super) fn push(&mut self, text: &str, progress: &Progress) -> Result<(), Shortage> {
        progress.budget().reserve(&mut self.ids, 1)?;
        self.ids.push(self.texts.number(text, progress.budget())?);
        Ok(())
    }

    pub(super) fn pop(&mut self) {
        self.ids.pop();
    }

    /// Numbers where all texts are numbers and many, or not whole; else classes, in numeric or alphabetic order. A
    /// missing label is NaN or the class `(none)`.
    pub(super) fn column(self, name: String, progress: &Progress) -> Result<LabelColumn, DataError> {
        let (budget, mut pulse) = (progress.budget(), Pulse::new(progress));
        // Rows that were dropped may have left texts that no row has.
        let mut used = budget.filled(false, self.texts.len())?;
        for &id in &self.ids {
            used[id as usize] = true;
        }
        let mut order: Vec<u32> = Vec::new();
        let (mut numeric, mut whole) = (true, true);
        for (at, _) in (0..).zip(&used).filter(|(_, used)| **used) {
            pulse.beat(64)?;
            let text = self.texts.text(at);
            if !is_missing(text) {
                budget.reserve(&mut order, 1)?;
                order.push(at);
                let value = finite(text);
                numeric &= value.is_some();
                whole &= value.is_some_and(|value| value.fract() == 0.0);
            }
        }
        if numeric && (!whole || order.len() > MAX_NUMERIC_CLASSES) {
            let mut numbers = budget.filled(f32::NAN, self.texts.len())?;
            for &at in &order {
                pulse.beat(64)?;
                numbers[at as usize] = finite(self.texts.text(at)).map_or(f32::NAN, |value| value as f32);
            }
            let mut values = Vec::new();
            budget.reserve_exact(&mut values, self.ids.len())?;
            values.extend(self.ids.iter().map(|&id| numbers[id as usize]));
            return Ok(LabelColumn::numbers(name, values));
        }
        let order = if numeric {
            let number = |at: &u32| finite(self.texts.text(*at)).unwrap_or_default();
            order.sort_by(|a, b| number(a).total_cmp(&number(b)));
            order
        } else {
            self.texts.in_order(order, progress)?
        };
        self.texts.classes(name, self.ids, &order, progress)
    }
}
