//! Files shown to a trained network: read with the settings of its training data and combined into
//! one set.

use std::path::{Path, PathBuf};

use crate::dataset::{
    DataError, Dataset, Doubt, Known, Progress, Scaler, joined, lay_out, load_known, own_size, source_like,
};
use crate::project::{Data, Mask, Shape, ShownSize, Source};
use crate::run::Run;

/// The files read for a network, as one set.
#[derive(Clone, Debug)]
pub struct Shown {
    /// All rows, as the network sees them.
    pub data: Dataset,
    /// Possible problems with them.
    pub doubts: Vec<Doubt>,
}

/// Reads files for the network of a run. A file that cannot be read is skipped and reported, unless
/// none can be read.
///
/// Designs that restore corrupted data receive damaged pictures unchanged, with the holes of a mask
/// if one is given ([`Run::load_shown`]). Pictures are resized to the given size, which must be one
/// that [`Run::plan_for`] has a plan for, or else to that of the training.
///
/// # Errors
/// The error of the first file, if none can be read; [`DataError::Memory`] and
/// [`DataError::Cancelled`]; [`DataError::Setting`] if the network does not accept the size, or if
/// the pictures have different sizes.
pub fn show(
    run: &Run,
    paths: &[PathBuf],
    mask: Option<&Mask>,
    size: Option<ShownSize>,
    progress: &Progress,
) -> Result<Shown, DataError> {
    let (mut parts, mut doubts, mut failed) = (Vec::<Dataset>::new(), Vec::new(), Vec::new());
    let size = side(run, paths, size, progress)?;
    for path in paths {
        match read(run, path, mask, size, progress) {
            Ok((data, _)) if parts.first().is_some_and(|first| first.shape != data.shape) => {
                let shape = parts.first().map_or(run.shape, |first| first.shape);
                let message =
                    format!("{}: its samples are {}, but others are {shape}", data.name, data.shape);
                failed.push(DataError::Setting(message));
            }
            Ok((data, more)) => {
                parts.push(data);
                doubts.extend(more);
            }
            Err(error @ (DataError::Cancelled | DataError::Memory { .. })) => return Err(error),
            Err(error) => failed.push(error),
        }
    }
    let messages = failed.iter().map(|error| format!("left out: {error}"));
    doubts.extend(messages.map(|message| Doubt { message, remedies: Vec::new() }));
    match (joined(parts, progress)?, failed.into_iter().next()) {
        (Some(data), _) => Ok(Shown { data, doubts }),
        (None, Some(error)) => Err(error),
        (None, None) => Err(DataError::Setting("no file was chosen: choose at least one".to_owned())),
    }
}

/// Width and height that pictures are resized to, if they differ from those of the training.
fn side(
    run: &Run,
    paths: &[PathBuf],
    size: Option<ShownSize>,
    progress: &Progress,
) -> Result<Option<(usize, usize)>, DataError> {
    let Some(size) = size else { return Ok(None) };
    if let Some(why) = run.one_size_only() {
        let message = format!("run {} only takes pictures of {}: {why}", run.id, run.shape);
        return Err(DataError::Setting(message));
    }
    match size {
        ShownSize::Of(width, height) => Ok(Some((width, height))),
        ShownSize::Own => {
            // A file that cannot be read is reported when it is loaded.
            let like = |path: &PathBuf| source_like(path, &run.design.data.source, run.shape).ok();
            let sources: Vec<Source> = paths.iter().filter_map(like).collect();
            own_size(&sources, progress)
        }
    }
}

fn read(
    run: &Run,
    path: &Path,
    mask: Option<&Mask>,
    size: Option<(usize, usize)>,
    progress: &Progress,
) -> Result<(Dataset, Vec<Doubt>), DataError> {
    let known = &run.design.data;
    let mut source = source_like(path, &known.source, run.shape)?;
    if let (Source::ImageFolder { width, height, .. }, Some(size)) = (&mut source, size) {
        (*width, *height) = size;
    }
    if !matches!(known.source, Source::Csv { .. }) {
        lay_out(&mut source)?;
    }
    let asked = Data { source, ..known.clone() };
    let load = |data: &Data, known: Option<Known<'_>>| load_known(data, known, progress);
    let mut data = run.load_shown(&asked, true, mask, progress, load)?;
    if data.shape != run.shape && run.plan_for(data.shape).is_none() {
        return Err(run.wrong_shape(&data));
    }
    check_size(&data, &asked.source, size)?;
    run.check_memory(&data)?;
    let doubts = run.scale_shown(&asked, true, &mut data, || own_scaling(run, progress))?;
    Ok((data, doubts))
}

/// Checks that data that are not resized have the requested size.
fn check_size(data: &Dataset, source: &Source, size: Option<(usize, usize)>) -> Result<(), DataError> {
    let (Some((width, height)), Shape::Image { height: own_height, width: own_width, .. }) =
        (size, data.shape)
    else {
        return Ok(());
    };
    if matches!(source, Source::ImageFolder { .. }) || (width, height) == (own_width, own_height) {
        return Ok(());
    }
    Err(DataError::Setting(format!(
        "{}: its pictures are {own_width}×{own_height}, and arrays are not resized to {width}×{height}; show them as they are, or \
         save them in that size",
        data.name
    )))
}

/// The scaling of a run saved before scalings were stored: fitted to its data again.
fn own_scaling(run: &Run, progress: &Progress) -> Result<Scaler, DataError> {
    match load_known(&run.design.data, None, progress) {
        Ok(data) => Ok(data.scaler),
        Err(error @ DataError::Cancelled) => Err(error),
        Err(error) => Err(run.unknown_scaling(&error.to_string())),
    }
}

#[cfg(test)]
mod tests;
