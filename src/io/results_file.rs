//! The caption and the results of a run in a separate file: in the live store the window writes it,
//! while the training thread writes all others.

use serde::{Deserialize, Serialize};

use super::FileError;
use super::run_files::{Folder, parse};
use crate::run::{Caption, Results, Run};

/// Its name in the run's folder.
pub(super) const RESULTS: &str = "results.ron";

#[derive(Default, Serialize, Deserialize)]
#[serde(rename = "RunResults", default)]
struct Content {
    caption: Caption,
    results: Results,
}

/// Its text; `None` if both are empty, so that there is no file.
///
/// # Errors
/// A message.
pub(super) fn text(caption: &Caption, results: &Results) -> Result<Option<String>, String> {
    if *caption == Caption::default() && results.is_empty() {
        return Ok(None);
    }
    let content = Content { caption: caption.clone(), results: results.clone() };
    let pretty = ron::ser::PrettyConfig::new().struct_names(true).compact_arrays(true);
    ron::ser::to_string_pretty(&content, pretty).map(Some).map_err(|error| error.to_string())
}

/// Reads it into a run, if it exists.
///
/// # Errors
/// If it is damaged; the run is then unchanged.
pub(super) fn read(files: &mut dyn Folder, base: &str, run: &mut Run) -> Result<(), FileError> {
    let name = format!("{base}{RESULTS}");
    let Some(text) = files.read_text(&name)? else {
        return Ok(());
    };
    let Content { caption, results } = parse(files.path(), &name, &text)?;
    let is_valid = caption.validate().and_then(|()| results.validate());
    is_valid.map_err(|message| FileError::content(files.path(), &name, message))?;
    (run.caption, run.results) = (caption, results);
    Ok(())
}
