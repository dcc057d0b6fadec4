use std::path::{Path, PathBuf};

use super::applied::Applied;
use super::args::Reconstruct;
use super::encode::order;
use super::failure::Failure;
use super::output::{Output, beside, check_files};
use super::sheet::{Sheet, number_of};
use super::signal::{self, Stage};
use super::write::{line, note, refuse_to_mix};
use crate::dataset::{Dataset, Rows};
use crate::io::{Files, Numbers, Pixels, TableForm, save_array, save_pictures};
use crate::project::{Shape, Shown, Source, visible_list, visible_path};
use crate::session::Scores;

/// The longest name a written picture keeps of its original's path, in bytes; systems allow 255 with number and ending.
const NAME_BYTES: usize = 150;
/// Columns of an array that are named.
const NAMED: usize = 20;

/// `hourglass reconstruct`
pub(super) fn reconstruct(arguments: &Reconstruct) -> Result<(), Failure> {
    // Whatever is wrong with the place is said before the work.
    let (files, output) = (Files::default(), Output::of_reconstructions(&arguments.output)?);
    let wants_rows = arguments.beside.rows || arguments.beside.scores;
    let second = match &output {
        Output::Array(path) => {
            let second = wants_rows.then(|| beside(path, "-rows.csv"));
            let paths: Vec<&Path> =
                [Some(path), second.as_ref()].into_iter().flatten().map(PathBuf::as_path).collect();
            check_files(&files, &paths, arguments.force)?;
            second
        }
        Output::Table(path, _) => {
            check_files(&files, &[path], arguments.force)?;
            None
        }
        Output::Folder(folder) => {
            refuse_to_mix(folder, arguments.force)?;
            None
        }
    };
    let applied = Applied::open(&arguments.trained, "reconstruct")?;
    let rows = applied.all_rows();
    let mut network = applied.network(arguments.trained.threads)?;
    let mut values = Vec::new();
    applied.each_chunk("reconstructing", &rows, |scaled| values.extend(network.reconstruct(scaled)));
    let scores = (arguments.beside.scores)
        .then(|| applied.scores(&mut network, &rows, arguments.beside.draws.draws))
        .transpose()?;
    let (scores, wants_rows) = (scores.as_ref(), arguments.beside.rows);
    let made = Made { applied: &applied, rows: &rows, values: &values, scores, wants_rows };
    signal::enter(Stage::Writing);
    match &output {
        Output::Array(path) => made.save_array(&files, path, second.as_deref()),
        Output::Table(path, form) => {
            made.save_table(Sheet::of(&applied, &rows), &files, path, *form)?;
            line(visible_path(path));
            Ok(())
        }
        Output::Folder(folder) => made.save_folder(&files, folder),
    }
}

/// What a network made of rows.
struct Made<'a> {
    applied: &'a Applied,
    rows: &'a [u32],
    /// Scaled, row by row.
    values: &'a [f32],
    scores: Option<&'a Scores>,
    /// Whether it is asked which row is which.
    wants_rows: bool,
}

impl Made<'_> {
    fn features(&self) -> usize {
        self.applied.data.shape.features().max(1)
    }

    /// In the units of the source, and in its shape.
    fn save_array(&self, files: &Files, path: &Path, second: Option<&Path>) -> Result<(), Failure> {
        let (data, features) = (&self.applied.data, self.features());
        let mut shape = vec![self.rows.len()];
        match data.shape {
            Shape::Vector(features) => shape.push(features),
            Shape::Image { height, width, channels: 1 } => shape.extend([height, width]),
            Shape::Image { height, width, channels } => shape.extend([height, width, channels]),
        }
        let unscaled = |(at, value): (usize, &f32)| data.scaler.unscale(at % features, *value);
        let values = self.values.iter().enumerate().map(unscaled);
        if let Some(bases) = data.bases() {
            let whole: Vec<f64> =
                values.zip(bases.iter().cycle()).map(|(value, base)| f64::from(value) + base).collect();
            save_array(files, path, &shape, Numbers::F64(&whole))?;
        } else {
            save_array(files, path, &shape, Numbers::F32(&values.collect::<Vec<f32>>()))?;
        }
        if let Some(second) = second {
            let mut sheet = Sheet::of(self.applied, self.rows);
            if let Some(scores) = self.scores {
                sheet.scores(scores);
            }
            sheet.save(files, second, TableForm::Csv)?;
        }
        note(format_args!("note: {}", order(data, self.rows.len(), second.is_some())));
        if !data.feature_names.is_empty() {
            let names: Vec<String> =
                (0..features.min(NAMED)).map(|feature| data.feature_name(feature)).collect();
            let more = if features > NAMED { ", …" } else { "" };
            note(format_args!("note: its columns are {}{more}", visible_list(&names)));
        }
        [Some(path), second].into_iter().flatten().for_each(|path| line(visible_path(path)));
        Ok(())
    }

    /// As columns after those of `sheet`.
    fn save_table<'a>(
        &'a self,
        mut sheet: Sheet<'a>,
        files: &Files,
        path: &Path,
        form: TableForm,
    ) -> Result<(), Failure> {
        let (data, features) = (&self.applied.data, self.features());
        sheet.source(data.written_names(), move |at, fields| {
            data.written(&self.values[at * features..(at + 1) * features], fields);
        });
        if let Some(scores) = self.scores {
            sheet.scores(scores);
        }
        sheet.save(files, path, form)
    }

    fn save_folder(&self, files: &Files, folder: &Path) -> Result<(), Failure> {
        let (data, features) = (&self.applied.data, self.features());
        let Shape::Image { height, width, channels } = data.shape else {
            files.create_dir(folder)?;
            let path = folder.join("reconstructions.csv");
            let sheet = if self.wants_rows {
                Sheet::of(self.applied, self.rows)
            } else {
                Sheet::brief(data, self.rows)
            };
            self.save_table(sheet, files, &path, TableForm::Csv)?;
            line(visible_path(&path));
            return Ok(());
        };
        let shown = written_channels(&self.applied.run.design.data.source, data.shape);
        if shown.len() < channels {
            let numbers: Vec<String> = shown.iter().map(|channel| (channel + 1).to_string()).collect();
            note(format_args!(
                "note: of {channels} channels the pictures show {}; -o NAME.npy keeps all of them",
                numbers.join(", ")
            ));
        }
        let pixels = Pixel::of(data);
        let pictures = self.values.chunks_exact(features).zip(self.rows).map(|(values, &row)| {
            let place = |pixel: usize| shown.iter().map(move |channel| pixel * channels + channel);
            let places = (0..height * width).flat_map(place);
            (picture_name(data, row), pixels.all(places.map(|at| data.scaler.unscale(at, values[at]))))
        });
        let count = save_pictures(files, folder, (height, width, shown.len()), pictures)?;
        if self.wants_rows {
            Sheet::of(self.applied, self.rows).save(files, &folder.join("rows.csv"), TableForm::Csv)?;
        }
        if let Some(scores) = self.scores {
            let mut sheet = Sheet::of(self.applied, self.rows);
            sheet.scores(scores);
            sheet.save(files, &folder.join("scores.csv"), TableForm::Csv)?;
        }
        line(format!("{count} pictures: {}", visible_path(folder)));
        Ok(())
    }
}

/// How a value becomes a pixel.
enum Pixel {
    /// Of 8 bits, from black to white.
    Shades(f32, f32),
    /// Of 16 bits, the value itself.
    Deep,
}

impl Pixel {
    fn of(data: &Dataset) -> Pixel {
        match data.rows {
            Rows::U16(_) => Pixel::Deep,
            Rows::U8(_) | Rows::F32(_) => {
                let (low, high) = data.shades();
                Pixel::Shades(low, high)
            }
        }
    }

    fn all(&self, values: impl Iterator<Item = f32>) -> Pixels {
        match *self {
            Pixel::Deep => {
                Pixels::U16(values.map(|value| value.round().clamp(0.0, 65_535.0) as u16).collect())
            }
            Pixel::Shades(low, high) => Pixels::U8(
                values
                    .map(|value| ((value - low) / (high - low) * 255.0).round().clamp(0.0, 255.0) as u8)
                    .collect(),
            ),
        }
    }
}

/// The channels that a written picture has, counted from 0: all of a picture with transparency, of others those that are shown.
fn written_channels(source: &Source, shape: Shape) -> Vec<usize> {
    match (source, shape) {
        (Source::ImageFolder { .. }, Shape::Image { channels: channels @ 0..=4, .. }) => {
            (0..channels).collect()
        }
        _ => {
            Shown::of(shape, source.shown_channels()).map_or(vec![], |shown| shown.shown_channels().to_vec())
        }
    }
}

/// The row's number in the source, so that files sort as rows do, and its name where it has one, with the page of a file of
/// several (`scan.tif#2`). A row of several arrays (`x_test[2]`) has its array and its index there, as in tables.
fn picture_name(data: &Dataset, row: u32) -> String {
    let name = data.row_names.get(row as usize).map_or("", String::as_str);
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|letter| letter.is_ascii_digit());
    let in_array = name.strip_suffix(']').and_then(|name| name.rsplit_once('['));
    if let Some((array, index)) = in_array.filter(|(_, index)| is_number(index)) {
        return format!("{}_{index:0>6}", safe_name(array));
    }
    let (file, page) = match name.rsplit_once('#') {
        Some((file, page)) if is_number(page) => (file, format!("_{page}")),
        Some(_) | None => (name, String::new()),
    };
    let name = safe_name(&(Path::new(file).with_extension("").to_string_lossy().into_owned() + &page));
    let number = number_of(data, row);
    if name.is_empty() { format!("{number:06}") } else { format!("{number:06}-{name}") }
}

/// A name that any system takes for a file. Of a path of many folders the end is kept, which tells pictures apart.
fn safe_name(name: &str) -> String {
    let safe = |c: char| if c.is_alphanumeric() || c == '-' { c } else { '_' };
    let name: String = name.chars().map(safe).collect();
    let start = name.len().saturating_sub(NAME_BYTES);
    let start = (start..=name.len()).find(|&at| name.is_char_boundary(at)).unwrap_or_default();
    name[start..].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Progress, load};
    use crate::project::{ArrayReading, Data};

    #[test]
    fn names_of_pictures_are_safe_and_never_too_long() {
        let mut data = load(&Data::default(), &Progress::default()).expect("embedded");
        assert_eq!(picture_name(&data, 6), "000007");
        data.row_names =
            ["cats/my cat.v2.png", "scan.tif#1", "scan.tif#12", "no #1.png", "no #x", "x.test[12]"]
                .map(str::to_owned)
                .into_iter()
                .chain(["/ü".repeat(400) + "/last.png"])
                .collect();
        for (row, expected) in [
            (0, "000001-cats_my_cat_v2"),
            (1, "000002-scan_1"),
            (2, "000003-scan_12"),
            (3, "000004-no__1"),
            (4, "000005-no__x"),
            (5, "x_test_000012"),
        ] {
            assert_eq!(picture_name(&data, row), expected);
        }
        let long = picture_name(&data, 6);
        assert!(long.len() <= 160 && long.ends_with("_ü_last"), "{long}");
        // Rows that were left out leave their numbers.
        data.source_rows = vec![3];
        assert_eq!(picture_name(&data, 0), "000003-cats_my_cat_v2");
    }

    #[test]
    fn transparency_is_written_and_other_channels_as_they_are_shown() {
        let image = |channels| Shape::Image { height: 1, width: 1, channels };
        let array = |shown: &[usize]| {
            let reading = ArrayReading { shown_channels: shown.to_vec(), ..ArrayReading::default() };
            Source::Npy { path: "a.npy".into(), array: None, labels: None, reading }
        };
        assert_eq!(written_channels(&array(&[]), image(5)), [0, 1, 2]);
        assert_eq!(written_channels(&array(&[5, 3, 1]), image(5)), [4, 2, 0]);
        assert_eq!(written_channels(&array(&[]), image(2)), [0]);
        let pictures = Source::ImageFolder {
            path: "a".into(),
            width: 1,
            height: 1,
            channels: crate::project::Channels::default(),
            fit: crate::project::Fit::default(),
            reading: crate::project::PictureReading::default(),
        };
        assert_eq!(written_channels(&pictures, image(4)), [0, 1, 2, 3]);
    }

    #[test]
    fn deep_pixels_are_the_values_themselves() {
        let values = [-3.0, 0.4, 255.6, 4095.0, 70_000.0];
        assert_eq!(Pixel::Deep.all(values.into_iter()), Pixels::U16(vec![0, 0, 256, 4095, 65_535]));
        assert_eq!(Pixel::Shades(0.0, 16.0).all([8.0, 20.0].into_iter()), Pixels::U8(vec![128, 255]));
    }
}
