//! Data that runs were trained on, kept after the design switches to other data. Views of a run
//! keep its pictures and labels until it is removed.

use std::sync::Arc;

use crate::dataset::{Dataset, Rows};
use crate::project::Data;
use crate::run::Run;

/// Maximum size of kept rows in bytes. Larger data can be loaded with *Use the data of this run*.
const MOST_BYTES: usize = 512 << 20;

/// The data and their settings, oldest first.
#[derive(Clone, Debug, Default)]
pub struct PastData(Vec<(Data, Arc<Dataset>)>);

impl PastData {
    /// The training data of a run; if they are not available, data with the same rows and any
    /// labels.
    pub fn of(&self, run: &Run) -> Option<&Arc<Dataset>> {
        let own = self.0.iter().find(|(of, data)| is_own(run, of, data));
        let alike = || self.0.iter().find(|(_, data)| run.check_watched_rows(data).is_ok());
        own.or_else(alike).map(|(_, data)| data)
    }

    /// Keeps only the data for which `is_wanted` returns true.
    pub fn retain(&mut self, is_wanted: impl Fn(&Data, &Dataset) -> bool) {
        self.0.retain(|(of, data)| is_wanted(of, data));
    }

    /// Adds data. Removes the oldest if the total exceeds the limit, except those of the run shown
    /// in the views.
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

/// Whether a run was trained on these data with these labels.
pub fn is_own(run: &Run, of: &Data, data: &Dataset) -> bool {
    is_read_alike(&run.design.data, of) && run.check_watched_rows(data).is_ok()
}

/// Whether both have the same rows and labels, regardless of scaling and split.
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
