use thiserror::Error;

use super::Project;

/// The version of the text form this program writes. Older ones are migrated when read.
pub const FORMAT_VERSION: u32 = 2;

/// Why a design could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DesignError {
    /// Not the text form, or a field that does not exist, or a value of the wrong type.
    #[error("line {line}, column {column}: {message}")]
    Syntax {
        /// Line, counted from 1.
        line: usize,
        /// Column, counted from 1.
        column: usize,
        /// The problem there.
        message: String,
    },
    /// Written by a newer program.
    #[error(
        "format_version is {found}, but this program reads up to {FORMAT_VERSION}: update Hourglass, or save \
         the design in the older format from the newer version"
    )]
    Version {
        /// The version found.
        found: u32,
    },
}

impl Project {
    /// Reads the bare design of a `.ron` file.
    ///
    /// # Errors
    /// [`DesignError`] with line and column for text that is not a design, and for unknown fields
    /// and versions.
    pub fn from_ron(text: &str) -> Result<Project, DesignError> {
        // The version is checked first: a newer design should be reported as newer, not as
        // misspelled.
        #[derive(serde::Deserialize)]
        #[serde(rename = "Project")]
        struct Version {
            #[serde(default)]
            format_version: u32,
        }
        // In handwritten files, `5.0` is accepted for `Some(5.0)`.
        let options =
            ron::Options::default().with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME);
        if let Ok(Version { format_version: found }) = options.from_str::<Version>(text)
            && found > FORMAT_VERSION
        {
            return Err(DesignError::Version { found });
        }
        options.from_str(text).map(Project::migrated).map_err(|error| DesignError::Syntax {
            line: error.span.start.line,
            column: error.span.start.col,
            message: error.code.to_string(),
        })
    }

    /// The text of a `.ron` file: readable, diffable, and equal when read back.
    pub fn to_ron(&self) -> String {
        let pretty = ron::ser::PrettyConfig::new().struct_names(true).depth_limit(4);
        // Serialising plain data to a string cannot fail.
        ron::ser::to_string_pretty(self, pretty).unwrap_or_default() + "\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::Recipe;

    #[test]
    fn every_recipe_reads_back_equal() {
        for recipe in Recipe::ALL {
            let project = recipe.project();
            assert_eq!(Project::from_ron(&project.to_ron()), Ok(project));
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_path_that_is_no_text_costs_itself_alone() {
        use std::os::unix::ffi::OsStringExt;

        use crate::project::Source;
        let path = || std::path::PathBuf::from(std::ffi::OsString::from_vec(b"/a\xFF/b".to_vec()));
        let mut project = Recipe::Linear.project();
        project.data.source = Source::Idx {
            images: path(),
            labels: Some(path()),
            test_images: None,
            test_labels: None,
            reading: crate::project::IdxReading::default(),
        };
        let back = Project::from_ron(&project.to_ron()).expect("reads");
        assert_eq!(back.encoder, project.encoder);
        assert_eq!(back.data.source.path().and_then(|path| path.to_str()), Some("/a\u{FFFD}/b"));
        assert_eq!(back.data.source.paths().len(), 2);
    }

    fn check(text: &str, expected: &str) {
        let message = Project::from_ron(text).expect_err(text).to_string();
        assert!(message.contains(expected), "{message:?} does not contain {expected:?}");
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        check("Project(\n  name: \"a\",\n  colour: 3,\n)", "line 3");
        check("Project(\n  name: \"a\",\n  colour: 3,\n)", "colour");
        check("Project(name: 3)", "line 1");
        check("Project(encoder: [Danse(units: 3)])", "Danse");
        check("Project(format_version: 99, novelty: 1)", "format_version is 99");
        check("", "line 1");
    }
}
