//! Files that are shown to a trained network: read as it knows its own data, and put together as one set.

use std::path::{Path, PathBuf};

use crate::dataset::{
    DataError, Dataset, Doubt, Progress, Scaler, enlarged, holes_filled, joined, lay_out, load_known,
    small_shape, source_like,
};
use crate::project::{Alpha, Corruption, Data, Shape, Source};
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
/// Designs that restore what was corrupted are given damaged pictures as they are: small ones are the averages that the
/// network learnt to enlarge, and transparent parts are holes.
///
/// # Errors
/// The first file's, where none can be read; [`DataError::Memory`] and [`DataError::Cancelled`].
pub fn show(run: &Run, paths: &[PathBuf], progress: &Progress) -> Result<Shown, DataError> {
    let (mut parts, mut doubts, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    for path in paths {
        match read(run, path, progress) {
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

fn read(run: &Run, path: &Path, progress: &Progress) -> Result<(Dataset, Vec<Doubt>), DataError> {
    let known = &run.design.data;
    let mut source = source_like(path, &known.source, run.shape)?;
    if !matches!(known.source, Source::Csv { .. }) {
        lay_out(&mut source)?;
    }
    let asked = Data { source, ..known.clone() };
    let mut data = load_damaged(run, &asked, progress)?;
    let doubts = run.scale_shown(&asked, true, &mut data, || own_scaling(run, progress))?;
    Ok((data, doubts))
}

/// Loads data, in the form in which the corruption of the design would leave them.
fn load_damaged(run: &Run, asked: &Data, progress: &Progress) -> Result<Dataset, DataError> {
    let load = |asked: &Data| run.load_shown(asked, true, |data, known| load_known(data, known, progress));
    match run.design.corruption {
        Corruption::Pixelate { size } => {
            let data = load(asked)?;
            let Some(small) = small_shape(run.shape, size).filter(|small| *small != run.shape) else {
                return Ok(data);
            };
            if data.shape == small {
                return enlarged(data, size, run.shape, progress);
            }
            match small_source(&asked.source, small, &data) {
                Some(source) => {
                    drop(data);
                    enlarged(load(&Data { source, ..asked.clone() })?, size, run.shape, progress)
                }
                None => Ok(data),
            }
        }
        Corruption::Masking { .. } | Corruption::MissingRectangle { .. } => {
            let Some(source) = transparent_source(run, &asked.source) else { return load(asked) };
            let data = load(&Data { source, ..asked.clone() })?;
            // A masked value is 0 once it is scaled; the smallest value of pictures is black.
            let is_masking = matches!(run.design.corruption, Corruption::Masking { .. });
            let scaler = run.picture_scaler(&data).filter(|_| is_masking);
            let hole = |feature| scaler.as_ref().map_or(0.0, |scaler| scaler.unscale(feature, 0.0));
            holes_filled(data, hole, progress)
        }
        Corruption::None
        | Corruption::Gaussian { .. }
        | Corruption::SaltAndPepper { .. }
        | Corruption::Blur { .. } => load(asked),
    }
}

/// The source of pictures that are all small already, to be read as they are; `data` are those that were read enlarged.
fn small_source(source: &Source, small: Shape, data: &Dataset) -> Option<Source> {
    let Shape::Image { height: low, width: narrow, .. } = small else { return None };
    let own = (u32::try_from(narrow).ok()?, u32::try_from(low).ok()?);
    let mut source = source.clone();
    let Source::ImageFolder { width, height, .. } = &mut source else { return None };
    (*width, *height) = (narrow, low);
    (data.source_sizes == Some([own; 2])).then_some(source)
}

/// The source of pictures, to be read with their transparency; `None` where it is no hole, as a ground was chosen for it or
/// the training data had some, and of what is no picture.
fn transparent_source(run: &Run, source: &Source) -> Option<Source> {
    let mut source = source.clone();
    let Source::ImageFolder { reading, .. } = &mut source else { return None };
    let is_open = std::mem::replace(&mut reading.alpha, Alpha::Keep) == Alpha::Auto
        && run.known_pixels().1.ground.is_none();
    is_open.then_some(source)
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
