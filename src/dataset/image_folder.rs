//! Folders of pictures, or one picture.
//!
//! `find` searches a folder once, `arrangement` determines the meaning of its subfolders (parts,
//! labels, masks), `mixed` reports pictures of different depths. `read` decodes in parallel; rows
//! are converted when a deeper picture is found. Pictures of any number of channels are shown by
//! [`Shown`](crate::project::Shown).

mod arrangement;
mod copies;
mod find;
mod kinds;
mod label_table;
mod labels;
mod masks;
mod mixed;
mod name_pattern;
mod range;
mod read;
mod statement;
mod tally;
mod transparent;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use self::arrangement::{Arrangement, Meaning, Part};
pub(super) use self::find::slashed;
use self::find::{Found, Skipped, find, only};
pub(super) use self::kinds::is_picture;
use self::labels::Labelled;
use self::masks::Masks;
use self::read::{Files, Pictures, read_all};
use super::load::split_rows;
use super::memory::Reservation;
use super::parallel::in_parallel;
use super::picture::{DecodeOptions, TargetFormat, count_pages};
use super::raw::Raw;
use super::{DataError, Known, Progress, Rows, Settled, memory};
use crate::project::{
    self, Alpha, Channels, Choice, Data, Fit, HoleShade, LabelFrom, Pages, Parts, PictureReading, PixelRange,
    Rules, Shape,
};

/// Longest side of resized pictures, in pixels.
const MAX_SIDE: usize = 4096;
/// Fix if pictures do not fit into memory.
pub(super) const REMEDY: &str = "choose a smaller width and height, or a folder with fewer pictures";

/// Files in the order of their rows: for training, validation and test, each in the order of their
/// paths.
struct Arranged {
    files: Vec<PathBuf>,
    arrangement: Arrangement,
    /// Where the files for validation and those for test begin; at the end if parts are not kept
    /// apart.
    starts: [usize; 2],
    /// Number of skipped masks, and the first of them.
    masks: usize,
    first_mask: Option<PathBuf>,
    /// Number of pictures with names of masks that are not certainly masks, and the first of them.
    doubted: Option<(usize, PathBuf)>,
    /// Number of pictures with names of copies of others, if a random split would separate them,
    /// and the first of them.
    copies: Option<(usize, PathBuf)>,
    /// Number of files outside the parts, and the first of them.
    outside: usize,
    first_outside: Option<PathBuf>,
}

/// Reads all pictures below a folder, or one picture, decoded in parallel, in the order of their
/// paths. `known` are the training data of a network.
pub(super) fn load(
    path: &Path,
    wanted: TargetFormat,
    reading: &PictureReading,
    data: &Data,
    known: Option<Known<'_>>,
    progress: &Progress,
) -> Result<Raw, DataError> {
    let rules = data.rules;
    for (name, side) in [("width", wanted.width), ("height", wanted.height)] {
        if !(1..=MAX_SIDE).contains(&side) {
            return Err(DataError::Setting(format!(
                "a {name} of {side} pixels is not possible; choose from 1 to {MAX_SIDE}"
            )));
        }
    }
    let known_ground = known.and_then(|known| known.settled.ground());
    let alpha = match reading.alpha {
        Alpha::Auto if rules == Rules::Current => known_ground.unwrap_or(Alpha::Auto),
        chosen @ (Alpha::Auto
        | Alpha::Black
        | Alpha::White
        | Alpha::Checker
        | Alpha::Keep
        | Alpha::Masked) => chosen,
    };
    let options = DecodeOptions { wanted, alpha, rules };
    let (folder, found) = match (path.is_file(), path.parent(), path.file_name()) {
        (true, Some(folder), Some(name)) => (folder, only(PathBuf::from(name), progress)?),
        _ => (path, find(path, rules, progress)?),
    };
    let Found { files, mut skipped, others, tables, reservation: _reservation } = found;
    let arranged = arrange(files, reading, rules, progress)?;
    let pages = pages(folder, &arranged.files, reading.pages, rules, progress)?;
    let shape = Shape::Image { height: wanted.height, width: wanted.width, channels: options.channels() };
    let count = pages.iter().map(|pages| *pages as usize).sum();
    memory::check_count(count, options.features(), REMEDY)
        .map_err(|message| DataError::file(path, message))?;
    let files = Files { folder, paths: &arranged.files, pages: &pages, options };
    let Pictures { rows, places, tally } = read_all(files, &mut skipped, progress)?;
    progress.check()?;
    if places.is_empty() {
        return Err(no_picture(path, &skipped));
    }
    let mut raw = Raw::new(name_of(path), shape, rows);
    raw.has_alpha = options.reads_alpha() && rules == Rules::Current;
    raw.warnings = skipped.warnings();
    let labelled = Labelled {
        folder,
        files: &arranged.files,
        places: &places,
        arrangement: &arranged.arrangement,
        tables: &tables,
        rules,
    };
    // With one picture there are no others to compare with.
    let nothing = LabelFrom::Nothing;
    let from = if path.is_file() && reading.label == LabelFrom::Auto { &nothing } else { &reading.label };
    let labels = labels::labels(labelled, from, progress)?;
    raw.labels = labels.columns;
    name_rows(&mut raw, files, &places, progress)?;
    let starts = arranged.starts.map(|start| places.partition_point(|place| (place.file as usize) < start));
    raw.own_validation = starts[1] - starts[0];
    raw.own_test = places.len() - starts[1];

    let is_of_training =
        reading.range == PixelRange::Percentiles && rules == Rules::Current && known.is_none();
    let split = is_of_training.then(|| split_rows(&raw, data, progress)).transpose()?;
    let train = split.as_ref().map(|split| &split.train[..]);
    let range = range::determine(&mut raw.rows, reading.range, options, (&tally, train), known, progress)?;
    if let Some(split) = split {
        split.release(progress);
    }
    let sameness = range::sameness(&raw.rows, options, progress)?;
    if alpha == Alpha::Masked {
        transparent::mask(&mut raw, progress)?;
    }
    raw.type_max = range.type_max;
    raw.source_sizes = tally.sizes;
    let is_chosen = tally.transparent > 0 && alpha == Alpha::Auto && rules == Rules::Current;
    let own_ground = is_chosen.then_some(if tally.is_on_white { Alpha::White } else { Alpha::Black });
    raw.settled = Settled {
        ground: own_ground.or(known_ground.filter(|_| reading.alpha == Alpha::Auto)),
        limits: range.limits,
        // If each picture has its own range, all of the type is used.
        white: tally.white().filter(|_| reading.range != PixelRange::EachPicture),
    };

    statement::describe(
        &mut raw,
        &statement::Read {
            options,
            reading,
            tally: &tally,
            arranged: &arranged,
            pages: &pages,
            others: &others,
            range,
            is_known: known.is_some(),
            sameness,
        },
    );
    raw.understood.extend(labels.understood);
    raw.notes.extend(labels.notes);
    raw.doubts.extend(labels.doubts);
    raw.warnings.extend(labels.warnings);
    progress.budget().release(places);
    progress.budget().release(pages);
    Ok(raw)
}

/// The paths of all pictures below a folder, and their memory.
pub(super) fn pictures_in<'a>(
    folder: &Path,
    progress: &'a Progress,
) -> Result<(Vec<PathBuf>, Reservation<'a>), DataError> {
    let Found { files, reservation, .. } = find(folder, Rules::Current, progress)?;
    Ok((files, reservation))
}

/// Width and height of the smallest and the largest picture at a path, a file or a folder; `None`
/// if none can be read.
pub(super) fn sizes(
    path: &Path,
    reading: &PictureReading,
    progress: &Progress,
) -> Result<Option<[(u32, u32); 2]>, DataError> {
    let (folder, files, _reservation) =
        if let (true, Some(folder), Some(name)) = (path.is_file(), path.parent(), path.file_name()) {
            (folder, vec![PathBuf::from(name)], None)
        } else {
            let Found { files, reservation, .. } = find(path, Rules::Current, progress)?;
            (path, arrange(files, reading, Rules::Current, progress)?.files, Some(reservation))
        };
    // With the smallest rows, only the headers of their files are read.
    let wanted = TargetFormat { width: 1, height: 1, channels: Channels::Grey, fit: Fit::Stretch };
    let options = DecodeOptions { wanted, alpha: Alpha::Black, rules: Rules::Current };
    let (pages, mut skipped) = (progress.filled(1, files.len())?, Skipped::default());
    let paths = Files { folder, paths: &files, pages: &pages, options };
    let Pictures { rows, places, tally } = read_all(paths, &mut skipped, progress)?;
    read::release_rows(rows, progress);
    progress.budget().release(places);
    progress.budget().release(pages);
    Ok(tally.sizes)
}

/// Pictures used as masks.
pub(super) struct MaskPictures {
    /// Their shades, one row per mask.
    pub rows: Rows,
    /// Width and height of the smallest and the largest in their files.
    pub sizes: Option<[(u32, u32); 2]>,
}

impl MaskPictures {
    /// Releases their memory.
    pub(super) fn release(self, progress: &Progress) {
        read::release_rows(self.rows, progress);
    }
}

/// Reads masks, files below a folder, in the given order: none may be skipped. They are resized to
/// `side`, width and height, like pictures; transparent parts are not holes.
pub(super) fn read_masks(
    folder: &Path,
    files: &[PathBuf],
    side: [usize; 2],
    fit: Fit,
    holes: HoleShade,
    progress: &Progress,
) -> Result<MaskPictures, DataError> {
    let [width, height] = side;
    let wanted = TargetFormat { width, height, channels: Channels::Grey, fit };
    let alpha = match holes {
        HoleShade::White => Alpha::Black,
        HoleShade::Black => Alpha::White,
    };
    let options = DecodeOptions { wanted, alpha, rules: Rules::Current };
    memory::check_count(files.len(), options.features(), REMEDY)
        .map_err(|message| DataError::file(folder, message))?;
    let (pages, mut skipped) = (progress.filled(1, files.len())?, Skipped::default());
    let paths = Files { folder, paths: files, pages: &pages, options };
    let Pictures { rows, places, tally } = read_all(paths, &mut skipped, progress)?;
    if let (_, [first, ..]) = skipped.first(1) {
        return Err(DataError::file(folder, format!("a mask cannot be read: {first}; save it again")));
    }
    progress.budget().release(places);
    progress.budget().release(pages);
    Ok(MaskPictures { rows, sizes: tally.sizes })
}

/// Joins the files of each part, and skips masks and files outside the parts.
fn arrange(
    files: Vec<PathBuf>,
    reading: &PictureReading,
    rules: Rules,
    progress: &Progress,
) -> Result<Arranged, DataError> {
    let takes_masks = reading.masks == project::Masks::Samples;
    let arrangement = Arrangement::of(files.iter().map(PathBuf::as_path), takes_masks, rules);
    let named = Masks::find(&files, &arrangement, progress)?;
    let leaves_named = match reading.masks {
        project::Masks::Auto => rules == Rules::Current && named.are_sure(),
        project::Masks::LeftOut => true,
        project::Masks::Samples => false,
    };
    let doubted = named.paired().filter(|_| reading.masks == project::Masks::Auto && !leaves_named);
    let doubted = doubted.map(|(count, first)| (count, files[first].clone()));
    let _reservation = progress.budget().charge_scoped(memory::bytes_of::<PathBuf>(files.len()))?;
    let (mut masks, mut first_mask, mut outside, mut first_outside) = (0, None, 0, None);
    let mut by_part: BTreeMap<Option<Part>, Vec<PathBuf>> = BTreeMap::new();
    for (at, file) in files.into_iter().enumerate() {
        progress.check()?;
        let meaning = match arrangement.meaning(&file) {
            Meaning::Sample { .. } if leaves_named && named.is_called_so(at) => Meaning::Mask,
            meaning @ (Meaning::Sample { .. } | Meaning::Mask | Meaning::Outside) => meaning,
        };
        match (meaning, reading.parts) {
            (Meaning::Sample { part, .. }, Parts::Kept) => by_part.entry(part).or_default().push(file),
            (Meaning::Sample { .. } | Meaning::Outside, Parts::Mixed) => {
                by_part.entry(None).or_default().push(file);
            }
            (Meaning::Mask, _) => {
                masks += 1;
                first_mask = first_mask.or(Some(file));
            }
            (Meaning::Outside, Parts::Kept) => {
                outside += 1;
                first_outside = first_outside.or(Some(file));
            }
        }
    }
    let copies = match by_part.first_key_value() {
        Some((None, files)) if by_part.len() == 1 && rules == Rules::Current => {
            copies::find(files, progress)?
        }
        Some(_) | None => None,
    };
    let mut starts = [0; 2];
    let mut files = Vec::new();
    for (part, of_part) in by_part {
        files.extend(of_part);
        match part {
            None | Some(Part::Train) => starts = [files.len(); 2],
            Some(Part::Validation) => starts[1] = files.len(),
            Some(Part::Test) => {}
        }
    }
    named.release(progress);
    if files.is_empty() && masks > 0 {
        let remedy = Choice::Masks(project::Masks::Samples).option();
        return Err(DataError::Setting(format!(
            "all {masks} pictures are named like masks, which are skipped; {remedy} reads them as samples"
        )));
    }
    Ok(Arranged { files, arrangement, starts, masks, first_mask, doubted, copies, outside, first_outside })
}

/// Number of pages of each file that are samples.
fn pages(
    folder: &Path,
    files: &[PathBuf],
    pages: Pages,
    rules: Rules,
    progress: &Progress,
) -> Result<Vec<u32>, DataError> {
    let mut counts = progress.filled(1, files.len())?;
    let may_have_several = |file: &Path| match file.extension() {
        Some(ending) => ["tif", "tiff", "btf", "stk"].iter().any(|known| ending.eq_ignore_ascii_case(known)),
        None => true,
    };
    if pages == Pages::Each && rules == Rules::Current && files.iter().any(|file| may_have_several(file)) {
        in_parallel(|| {
            counts.par_iter_mut().zip(files).filter(|(_, file)| may_have_several(file)).for_each(
                |(count, file)| {
                    if !progress.is_cancelled() {
                        *count = count_pages(&folder.join(file), progress) as u32;
                    }
                },
            );
        })?;
        progress.check()?;
    }
    Ok(counts)
}

/// The name of each row is the path of its picture, with the number of its page if there are
/// several.
fn name_rows(
    raw: &mut Raw,
    files: Files<'_>,
    places: &[read::Place],
    progress: &Progress,
) -> Result<(), DataError> {
    let name = |place: &read::Place| {
        let name = slashed(&files.paths[place.file as usize]);
        if files.pages[place.file as usize] > 1 { format!("{name}#{}", place.page + 1) } else { name }
    };
    progress.budget().reserve_exact(&mut raw.row_names, places.len())?;
    for place in places {
        progress.check()?;
        let name = name(place);
        // Without its entry in the list, which is already charged.
        progress.budget().take(memory::text_bytes(name.len()) - memory::bytes_of::<String>(1))?;
        raw.row_names.push(name);
    }
    Ok(())
}

fn no_picture(path: &Path, skipped: &Skipped) -> DataError {
    if let Err(error) = std::fs::metadata(path) {
        return DataError::file(
            path,
            format!(
                "became unavailable while it was read ({error}); reconnect the drive, or choose it again"
            ),
        );
    }
    let (count, first) = skipped.first(3);
    if path.is_file() {
        let reason = first.first().and_then(|text| text.split_once(": ")).map_or("", |(_, reason)| reason);
        return DataError::file(path, reason);
    }
    let more = match count.saturating_sub(3) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    DataError::file(
        path,
        format!(
            "none of its {count} pictures can be read: {}{more}. Choose a folder with readable pictures",
            first.join("; ")
        ),
    )
}

fn name_of(path: &Path) -> String {
    let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
    name(path)
        .or_else(|| path.canonicalize().ok().as_deref().and_then(name))
        .unwrap_or_else(|| "pictures".into())
}

#[cfg(test)]
mod tests;
