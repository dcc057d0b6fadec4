//! Data that runs were trained on, after the design on screen reads others: the views of a run keep its pictures and labels
//! until it is removed.

use std::sync::Arc;

use crate::dataset::{Dataset, Rows};
use crate::project::Data;
use crate::run::Run;

/// Most bytes of rows that are kept. Larger data are a click away: *Use the data of this run*.
const MOST_BYTES: usize = 512 << 20;

/// Such data, and how they were read, oldest first.
#[derive(Clone, Debug, Default)]
pub struct PastData(Vec<(Data, Arc<Dataset>)>);

impl PastData {
    /// Those a run was trained on; without them rows that are the same, whatever labels they have.
    pub fn of(&self, run: &Run) -> Option<&Arc<Dataset>> {
        let own = self.0.iter().find(|(of, data)| is_own(run, of, data));
        let alike = || self.0.iter().find(|(_, data)| run.check_watched_rows(data).is_ok());
        own.or_else(alike).map(|(_, data)| data)
    }

    /// Removes what is not wanted.
    pub fn retain(&mut self, is_wanted: impl Fn(&Data, &Dataset) -> bool) {
        self.0.retain(|(of, data)| is_wanted(of, data));
    }

    /// Keeps data; removes the oldest where all take too much memory, but not those of the run that views show.
    pub fn add(&mut self, of: Data, data: Arc<Dataset>, shown: Option<&Run>) {
        self.0.retain(|(_, known)| !Arc::ptr_eq(known, &data));
        self.0.push((of, data));
        let is_shown = |data: &Dataset| shown.is_some_and(|run| run.check_watched_rows(data).is_ok());
        while self.0.iter().map(|(_, data)| bytes(&data.rows)).sum::<usize>() > MOST_BYTES
            && let Some(oldest) = self.0.iter().position(|(_, data)| !is_shown(data))
        {
            self.0.remove(oldest);
        }
    }
}

/// Whether a run was trained on these data, with the labels that are in them.
pub fn is_own(run: &Run, of: &Data, data: &Dataset) -> bool {
    is_read_alike(&run.design.data, of) && run.check_watched_rows(data).is_ok()
}

/// Whether rows and labels of the two are the same, however they are scaled and split.
fn is_read_alike(a: &Data, b: &Data) -> bool {
    a.source == b.source && a.rules == b.rules
}

fn bytes(rows: &Rows) -> usize {
    match rows {
        Rows::U8(values) => size_of_val(&values[..]),
        Rows::U16(values) => size_of_val(&values[..]),
        Rows::F32(values) => size_of_val(&values[..]),
    }
}
