//! Holes in pictures, marked by masks.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::{Path, PathBuf};

use super::progress::CancelTimer;
use super::rows::Hash;
use super::{DataError, Dataset, Progress, Rows, image_folder, memory};
use crate::project::{Fit, HoleShade, Mask, Shape, Source};

/// A pixel is a hole if more than this part of it is. The rest of it contains the part that
/// remained.
const LEAST_HOLE: f32 = 0.125;

/// Makes the holes of a mask in pictures read from `source`: there, features get the value that
/// `hole` returns, unscaled. Masks are resized like the pictures.
///
/// # Errors
/// [`DataError::File`] and [`DataError::Setting`] if a mask is missing, cannot be read, has another
/// size than its picture, or only one shade; [`DataError::Memory`], [`DataError::Cancelled`].
pub fn masked(
    mut data: Dataset,
    source: &Source,
    mask: &Mask,
    hole: impl Fn(usize) -> f32,
    progress: &Progress,
) -> Result<Dataset, DataError> {
    let Shape::Image { height, width, channels } = data.shape else {
        return Err(DataError::Setting(format!(
            "{}: its samples are {}, but a mask is for pictures; omit it",
            data.name, data.shape
        )));
    };
    let fit = match source {
        Source::ImageFolder { fit, .. } => *fit,
        Source::Digits
        | Source::Synthetic(_)
        | Source::Idx { .. }
        | Source::Csv { .. }
        | Source::Npy { .. } => Fit::Stretch,
    };
    let pairs = Pairs::of(&data, mask, progress)?;
    let side = [width, height];
    let masks = image_folder::read_masks(&pairs.folder, &pairs.files, side, fit, mask.holes, progress)?;
    check_sizes(&data, side, &mask.path, masks.sizes)?;
    let holes = holes(&masks.rows, mask, progress)?;
    masks.release(progress);
    let pixels = height * width;
    let is_hole = |at: usize| {
        let (row, pixel) = (at / (pixels * channels), at / channels % pixels);
        holes[pairs.of_rows[row] as usize * pixels + pixel]
    };
    let value = |at: usize| hole(at % (pixels * channels));
    match &mut data.rows {
        Rows::U8(values) => {
            cut(values, is_hole, |at| value(at).round().clamp(0.0, 255.0) as u8, progress)?;
        }
        Rows::U16(values) => {
            cut(values, is_hole, |at| value(at).round().clamp(0.0, 65_535.0) as u16, progress)?;
        }
        Rows::F32(values) => cut(values, is_hole, value, progress)?,
    }
    data.fingerprint = fingerprint(data.fingerprint, &holes, &pairs.of_rows, progress)?;
    progress.budget().release(holes);
    progress.budget().release(pairs.of_rows);
    Ok(data)
}

/// The masks of pictures.
struct Pairs {
    folder: PathBuf,
    /// The required masks, below the folder.
    files: Vec<PathBuf>,
    /// For each row of the data, the index of its mask.
    of_rows: Vec<u32>,
}

impl Pairs {
    fn of(data: &Dataset, mask: &Mask, progress: &Progress) -> Result<Pairs, DataError> {
        let path = &mask.path;
        if let (true, Some(folder), Some(name)) = (path.is_file(), path.parent(), path.file_name()) {
            let of_rows = progress.filled(0, data.len())?;
            return Ok(Pairs { folder: folder.to_owned(), files: vec![PathBuf::from(name)], of_rows });
        }
        if data.row_names.is_empty() {
            return Err(DataError::file(
                path,
                format!("the pictures in {} have no names; give one mask picture for all of them", data.name),
            ));
        }
        let (found, _reservation) = image_folder::pictures_in(path, progress)?;
        // A name and a map entry for each, and its path again.
        let entry = |file: &PathBuf| {
            memory::bytes_of::<(String, usize)>(2) + 2 * memory::text_bytes(file.as_os_str().len())
        };
        let _names = progress.budget().charge_scoped(found.iter().map(entry).sum())?;
        let mut by_name: HashMap<String, usize> = HashMap::new();
        for (at, file) in found.iter().enumerate() {
            progress.check()?;
            match by_name.entry(stem(&image_folder::slashed(file)).to_owned()) {
                Entry::Vacant(entry) => {
                    entry.insert(at);
                }
                Entry::Occupied(entry) => {
                    let (one, other) = (found[*entry.get()].display(), file.display());
                    let message = format!("{one} and {other} are both masks of {}; remove one", entry.key());
                    return Err(DataError::file(path, message));
                }
            }
        }
        let (mut files, mut of_rows) = (Vec::new(), Vec::new());
        let mut missing: Option<(&str, usize)> = None;
        let mut numbers: HashMap<usize, u32> = HashMap::new();
        progress.budget().reserve_exact(&mut of_rows, data.len())?;
        for name in &data.row_names {
            progress.check()?;
            let Some(&at) = by_name.get(stem(name)) else {
                missing = Some(missing.map_or((name.as_str(), 0), |(first, others)| (first, others + 1)));
                continue;
            };
            let number = *numbers.entry(at).or_insert_with(|| {
                files.push(found[at].clone());
                files.len() as u32 - 1
            });
            of_rows.push(number);
        }
        if let Some((first, others)) = missing {
            let others = match others {
                0 => String::new(),
                more => format!(" and {more} others"),
            };
            let message = format!(
                "there is no mask for {first}{others}; add one of that name, or give one mask picture for all"
            );
            return Err(DataError::file(path, message));
        }
        Ok(Pairs { folder: path.clone(), files, of_rows })
    }
}

/// The name of a picture below its folder, without its page and extension.
fn stem(name: &str) -> &str {
    let file = match name.rsplit_once('#') {
        Some((file, page)) if !page.is_empty() && page.bytes().all(|digit| digit.is_ascii_digit()) => file,
        Some(_) | None => name,
    };
    let start = file.rfind('/').map_or(0, |slash| slash + 1);
    match file[start..].rfind('.') {
        Some(dot) if dot > 0 => &file[..start + dot],
        Some(_) | None => file,
    }
}

/// Checks that the smallest and the largest mask have the sizes of the smallest and the largest
/// picture. Pictures that are not files have the size of the network's input.
fn check_sizes(
    data: &Dataset,
    [width, height]: [usize; 2],
    path: &Path,
    masks: Option<[(u32, u32); 2]>,
) -> Result<(), DataError> {
    let own = [(width as u32, height as u32); 2];
    let (pictures, masks) = (data.source_sizes.unwrap_or(own), masks.unwrap_or(own));
    if pictures == masks {
        return Ok(());
    }
    let size_text = |[least, most]: [(u32, u32); 2]| {
        let size = |(width, height)| format!("{width}×{height}");
        if least == most { size(least) } else { format!("{} to {}", size(least), size(most)) }
    };
    let remedy = if pictures[0] != pictures[1] && path.is_file() {
        "give a folder with one mask per picture, each of its picture's size"
    } else {
        "give masks of the same sizes as the pictures"
    };
    let (of, masks) = (size_text(pictures), size_text(masks));
    let message = format!("it is {masks} pixels, but the pictures in {} are {of}; {remedy}", data.name);
    Err(DataError::file(path, message))
}

/// Whether each pixel of each mask is a hole. The darkest shade of all masks is black, the
/// brightest white: programs write white as 255 or as 1.
fn holes(rows: &Rows, mask: &Mask, progress: &Progress) -> Result<Vec<bool>, DataError> {
    let mut holes = progress.filled(false, rows.len())?;
    let (mut cancel_timer, mut black, mut white) =
        (CancelTimer::new(progress), f32::INFINITY, f32::NEG_INFINITY);
    for at in 0..rows.len() {
        cancel_timer.tick(1)?;
        (black, white) = (black.min(rows.value(at)), white.max(rows.value(at)));
    }
    if black >= white {
        let holes = mask.holes.name();
        let kept = mask.holes.other().name();
        return Err(DataError::file(
            &mask.path,
            format!(
                "it has a single shade; paint holes {holes} and everything else {kept}, or choose another \
                 mask"
            ),
        ));
    }
    for (at, is_hole) in holes.iter_mut().enumerate() {
        cancel_timer.tick(1)?;
        let share = (rows.value(at) - black) / (white - black);
        *is_hole = match mask.holes {
            HoleShade::White => share > LEAST_HOLE,
            HoleShade::Black => 1.0 - share > LEAST_HOLE,
        };
    }
    Ok(holes)
}

/// Writes other values into holes.
fn cut<T>(
    values: &mut [T],
    is_hole: impl Fn(usize) -> bool,
    value: impl Fn(usize) -> T,
    progress: &Progress,
) -> Result<(), DataError> {
    let mut cancel_timer = CancelTimer::new(progress);
    for (at, own) in values.iter_mut().enumerate() {
        cancel_timer.tick(1)?;
        if is_hole(at) {
            *own = value(at);
        }
    }
    Ok(())
}

/// Pictures with other holes are other data.
fn fingerprint(
    of_pictures: u64,
    holes: &[bool],
    of_rows: &[u32],
    progress: &Progress,
) -> Result<u64, DataError> {
    let (mut hash, mut cancel_timer) = (Hash::default(), CancelTimer::new(progress));
    hash.words([of_pictures, holes.len() as u64, of_rows.len() as u64, 0]);
    for bits in holes.chunks(256) {
        cancel_timer.tick(256)?;
        let mut words = [0; 4];
        for (at, is_hole) in bits.iter().enumerate() {
            words[at / 64] |= u64::from(*is_hole) << (at % 64);
        }
        hash.words(words);
    }
    for numbers in of_rows.chunks(4) {
        cancel_timer.tick(4)?;
        hash.words(std::array::from_fn(|at| numbers.get(at).map_or(0, |number| u64::from(*number))));
    }
    Ok(hash.finish())
}

#[cfg(test)]
mod tests {
    use image::{GrayImage, Luma, RgbImage};

    use super::*;
    use crate::dataset::{load, source_for};
    use crate::project::{Channels, Data};

    /// A 4×4 picture in which the pixels in `marked` (row by row) have one shade, the others
    /// another.
    fn picture(marked: &[u32], shade: u8, other: u8) -> GrayImage {
        GrayImage::from_fn(4, 4, |x, y| Luma([if marked.contains(&(4 * y + x)) { shade } else { other }]))
    }

    fn loaded(path: &Path, side: usize) -> (Dataset, Source) {
        let source = source_for(path, side, side, Channels::Grey).expect("pictures");
        let data = Data { source: source.clone(), ..Data::default() };
        (load(&data, &Progress::default()).expect("valid"), source)
    }

    fn with_holes(path: &Path, side: usize, mask: &Path, holes: HoleShade) -> Result<Dataset, String> {
        let (data, source) = loaded(path, side);
        let mask = Mask { path: mask.to_owned(), holes };
        let masked = masked(data, &source, &mask, |_| 9.0, &Progress::default());
        masked.map_err(|error| error.to_string())
    }

    /// The pixels of a row that are holes, row by row.
    fn of_row(data: &Dataset, row: usize) -> Vec<usize> {
        let pixels = data.shape.features();
        (0..pixels).filter(|pixel| data.rows.value(row * pixels + pixel) == 9.0).collect()
    }

    #[test]
    fn one_mask_is_of_all_pictures_and_a_folder_has_one_for_each() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        for name in ["photos/x", "masks/x"] {
            std::fs::create_dir_all(at(name)).expect("made");
        }
        for name in ["photos/a.png", "photos/b.png", "photos/x/a.png"] {
            picture(&[], 0, 200).save(at(name)).expect("written");
        }
        let save = |name: &str, picture: &GrayImage| picture.save(at(name)).expect("written");
        save("one.png", &picture(&[0, 5], 255, 0));
        let data = with_holes(&at("photos"), 4, &at("one.png"), HoleShade::White).expect("one for all");
        assert!((0..3).all(|row| of_row(&data, row) == [0, 5]));
        // With 0 and 1, as annotation programs write labels; and in another format.
        save("masks/a.png", &picture(&[1], 1, 0));
        save("masks/b.bmp", &picture(&[2, 3], 1, 0));
        save("masks/x/a.png", &picture(&[15], 1, 0));
        save("masks/of-another.png", &GrayImage::from_pixel(9, 9, Luma([1])));
        let data = with_holes(&at("photos"), 4, &at("masks"), HoleShade::White).expect("one for each");
        assert_eq!(data.row_names, ["a.png", "b.png", "x/a.png"]);
        assert_eq!([0, 1, 2].map(|row| of_row(&data, row)), [vec![1], vec![2, 3], vec![15]]);
        let dark = with_holes(&at("photos/a.png"), 4, &at("masks"), HoleShade::Black).expect("by its name");
        assert_eq!(of_row(&dark, 0), (0..16).filter(|at| *at != 1).collect::<Vec<_>>());
        let plain = loaded(&at("photos"), 4).0;
        assert_ne!(data.fingerprint, plain.fingerprint);
        let other = with_holes(&at("photos"), 4, &at("one.png"), HoleShade::White).expect("one for all");
        assert_ne!(data.fingerprint, other.fingerprint);
        std::fs::remove_file(at("masks/b.bmp")).expect("removed");
        let missing = with_holes(&at("photos"), 4, &at("masks"), HoleShade::White).expect_err("no mask");
        assert!(missing.contains("there is no mask for b.png; add one"), "{missing}");
        save("masks/b.bmp", &picture(&[2], 1, 0));
        save("masks/b.png", &picture(&[2], 1, 0));
        let twice = with_holes(&at("photos"), 4, &at("masks"), HoleShade::White).expect_err("two masks");
        assert!(twice.contains("b.bmp and b.png are both masks of b"), "{twice}");
    }

    #[test]
    fn a_mask_is_of_the_size_of_its_picture_and_is_brought_to_the_networks() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        let (photo, mask) = (at("photo.png"), at("mask.png"));
        RgbImage::from_pixel(8, 8, image::Rgb([200; 3])).save(&photo).expect("written");
        // The upper left quarter.
        let shade = |x: u32, y: u32| if x < 4 && y < 4 { 255 } else { 0 };
        GrayImage::from_fn(8, 8, |x, y| Luma([shade(x, y)])).save(&mask).expect("written");
        let data = with_holes(&photo, 4, &mask, HoleShade::White).expect("valid");
        let holes = of_row(&data, 0);
        assert!([0, 1, 4, 5].iter().all(|inner| holes.contains(inner)), "{holes:?}");
        assert!([3, 7, 12, 15].iter().all(|outer| !holes.contains(outer)), "{holes:?}");
        GrayImage::from_pixel(4, 4, Luma([255])).save(&mask).expect("written");
        let small = with_holes(&photo, 4, &mask, HoleShade::White).expect_err("of another size");
        assert!(small.contains("mask.png") && small.contains("4×4") && small.contains("8×8"), "{small}");
        GrayImage::from_pixel(8, 8, Luma([255])).save(&mask).expect("written");
        let plain = with_holes(&photo, 4, &mask, HoleShade::White).expect_err("a single shade");
        assert!(plain.contains("paint holes white and everything else black"), "{plain}");
        let none = with_holes(&photo, 4, &at("no.png"), HoleShade::White).expect_err("not there");
        assert!(none.contains("no.png"), "{none}");
        std::fs::write(&mask, "no picture").expect("written");
        let broken = with_holes(&photo, 4, &mask, HoleShade::White).expect_err("no picture");
        assert!(broken.contains("mask.png"), "{broken}");
    }

    #[test]
    fn names_lose_their_page_and_their_ending() {
        for (name, expected) in [
            ("a.png", "a"),
            ("x.y/a.b.png", "x.y/a.b"),
            ("x.y/a", "x.y/a"),
            ("scan.tif#12", "scan"),
            ("no #1.png", "no #1"),
            (".png", ".png"),
        ] {
            assert_eq!(stem(name), expected);
        }
    }
}
