//! Notes, warnings and doubts about a table.

use crate::dataset::Doubt;
use crate::project::Choice;

/// Notes, warnings and doubts, in the order of their discovery.
#[derive(Debug, Default)]
pub(super) struct Remarks {
    pub notes: Vec<String>,
    pub warnings: Vec<String>,
    pub doubts: Vec<Doubt>,
}

impl Remarks {
    pub(super) fn doubt(&mut self, message: String, remedies: Vec<Choice>) {
        self.doubts.push(Doubt { message, remedies });
    }
}
