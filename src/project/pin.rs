use serde::{Deserialize, Serialize};

/// A code kept for viewing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pin {
    /// Its name.
    pub name: String,
    /// The user's note.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// The source of the code.
    pub of: Pinned,
}

/// The source of a [`Pin`]'s code.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Pinned {
    /// A row, which each network encodes in its own way.
    Row {
        /// Fingerprint of the data; the row has no meaning for others.
        fingerprint: u64,
        /// The row, counted from 0.
        row: u32,
    },
    /// An edited code, which only the network of one run can decode.
    Code {
        /// The number of the run. In a file merged with another, it may be another run's number.
        run: u32,
        /// When the run was started.
        started_unix_secs: u64,
        /// The code.
        code: Vec<f32>,
    },
}

impl Pin {
    /// The pin of a row, without a note.
    pub fn of_row(name: String, fingerprint: u64, row: u32) -> Pin {
        Pin { name, note: String::new(), of: Pinned::Row { fingerprint, row } }
    }

    /// Whether its edited code, if it has one, is valid input for a network.
    pub fn is_valid(&self) -> bool {
        match &self.of {
            Pinned::Row { .. } => true,
            Pinned::Code { code, .. } => !code.is_empty() && code.iter().all(|value| value.is_finite()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::Project;

    fn code(values: &[f32]) -> Pin {
        let of = Pinned::Code { run: 3, started_unix_secs: 1_700_000_000, code: values.to_vec() };
        Pin { name: "code 2".to_owned(), note: String::new(), of }
    }

    #[test]
    fn pins_are_part_of_the_document_and_of_no_design() {
        let row = Pin {
            name: "a \"cat\".png".to_owned(),
            note: "odd\nears".to_owned(),
            of: Pinned::Row { fingerprint: u64::MAX, row: 7 },
        };
        let project = Project { pins: vec![row, code(&[0.1, -2.5e-7])], ..Project::default() };
        let text = project.to_ron();
        assert_eq!(Project::from_ron(&text).as_ref(), Ok(&project));
        assert_eq!(project.design(), Project::default());
        assert!(!Project::default().to_ron().contains("pins"));
    }

    #[test]
    fn pins_that_no_network_can_be_given_are_left_out() {
        let pins = vec![code(&[f32::NAN]), code(&[1.0]), code(&[]), code(&[f32::INFINITY, 0.0])];
        let text = Project { pins, ..Project::default() }.to_ron();
        let read = Project::from_ron(&text).expect("the rest is valid");
        assert_eq!(read.pins, [code(&[1.0])]);
    }
}
