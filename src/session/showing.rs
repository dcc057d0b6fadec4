//! Files that are shown to a trained network: read as it knows its own data, and put together as one set.

use std::path::{Path, PathBuf};

use crate::dataset::{
    DataError, Dataset, Doubt, Known, Progress, Scaler, joined, lay_out, load_known, source_like,
};
use crate::project::{Data, Mask, Source};
use crate::run::Run;

/// What is read of files for a network, as one set.
#[derive(Clone, Debug)]
pub struct Shown {
    /// All rows, as the network sees them.
    pub data: Dataset,
    /// What may be wrong about them.
    pub doubts: Vec<Doubt>,
}

/// Reads files for the network of a run. A file that cannot be read is left out and told, unless none can.
///
/// Designs that restore what was corrupted are given damaged pictures as they are, with the holes of a mask where one is
/// given ([`Run::load_shown`]).
///
/// # Errors
/// The first file's, where none can be read; [`DataError::Memory`] and [`DataError::Cancelled`].
pub fn show(
    run: &Run,
    paths: &[PathBuf],
    mask: Option<&Mask>,
    progress: &Progress,
) -> Result<Shown, DataError> {
    let (mut parts, mut doubts, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    for path in paths {
        match read(run, path, mask, progress) {
            Ok((data, more)) => {
                parts.push(data);
                doubts.extend(more);
            }
            Err(error @ (DataError::Cancelled | DataError::Memory { .. })) => return Err(error),
            Err(error) => failed.push(error),
        }
    }
    let told = failed.iter().map(|error| format!("left out: {error}"));
    doubts.extend(told.map(|message| Doubt { message, remedies: Vec::new() }));
    match (joined(parts, progress)?, failed.into_iter().next()) {
        (Some(data), _) => Ok(Shown { data, doubts }),
        (None, Some(error)) => Err(error),
        (None, None) => Err(DataError::Setting("no file was chosen; choose one or several".to_owned())),
    }
}

fn read(
    run: &Run,
    path: &Path,
    mask: Option<&Mask>,
    progress: &Progress,
) -> Result<(Dataset, Vec<Doubt>), DataError> {
    let known = &run.design.data;
    let mut source = source_like(path, &known.source, run.shape)?;
    if !matches!(known.source, Source::Csv { .. }) {
        lay_out(&mut source)?;
    }
    let asked = Data { source, ..known.clone() };
    let load = |data: &Data, known: Option<Known<'_>>| load_known(data, known, progress);
    let mut data = run.load_shown(&asked, true, mask, progress, load)?;
    if data.shape != run.shape {
        return Err(run.wrong_shape(&data));
    }
    let doubts = run.scale_shown(&asked, true, &mut data, || own_scaling(run, progress))?;
    Ok((data, doubts))
}

/// The scaling of a run that was saved before it was stored: fitted to its data once more.
fn own_scaling(run: &Run, progress: &Progress) -> Result<Scaler, DataError> {
    match load_known(&run.design.data, None, progress) {
        Ok(data) => Ok(data.scaler),
        Err(error @ DataError::Cancelled) => Err(error),
        Err(error) => Err(run.unknown_scaling(&error.to_string())),
    }
}

#[cfg(test)]
mod tests;
