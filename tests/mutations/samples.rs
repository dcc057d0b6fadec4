//! Valid files of every kind, to be damaged.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use flate2::Compression;
use flate2::write::GzEncoder;
use hourglass::project::Recipe;
use image::{DynamicImage, ImageFormat, RgbImage};

use crate::readers::{Reader, bmp, idx_images, project_entries, workspace_files, zipped};

/// Valid files of a reader. Each is read and used without a complaint.
pub fn samples(reader: Reader) -> Vec<Vec<u8>> {
    match reader {
        Reader::Csv => vec![
            table(",", "\n", "name,x,y,class\n"),
            table(";", "\r\n", ""),
            format!("x\ty\n{}", "1\t2\n3\t\n\"5\"\t6\n7\t8\n1e-3\t.5\n".repeat(3)).into_bytes(),
        ],
        Reader::Npy => vec![
            npy("<f4", false, "(12, 3)", &floats(36)),
            npy("<f8", true, "(12, 2, 2)", &doubles(48)),
            npy("|u1", false, "(12, 4)", &bytes(48)),
            npy(">i2", true, "(12, 3)", &bytes(72)),
        ],
        Reader::Npz => {
            let rows = npy("<f4", false, "(12, 3)", &floats(36));
            let labels = npy(
                "<i4",
                false,
                "(12,)",
                &(0..12_i32).flat_map(|row| (row % 3).to_le_bytes()).collect::<Vec<_>>(),
            );
            vec![zipped(&[("x.npy".to_owned(), rows), ("y.npy".to_owned(), labels)])]
        }
        Reader::Idx => {
            let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
            gzip.write_all(&idx_images()).expect("in memory");
            vec![idx_images(), gzip.finish().expect("in memory")]
        }
        Reader::IdxLabels => vec![[vec![0, 0, 8, 1, 0, 0, 0, 12], bytes(12)].concat()],
        Reader::Picture => {
            let picture = RgbImage::from_fn(5, 4, |x, y| image::Rgb([x as u8 * 50, y as u8 * 60, 7]));
            let formats = [
                ImageFormat::Png,
                ImageFormat::Jpeg,
                ImageFormat::Gif,
                ImageFormat::Bmp,
                ImageFormat::WebP,
                ImageFormat::Tiff,
            ];
            let mut files = vec![bmp([1, 2, 3])];
            for format in formats {
                let mut file = Cursor::new(Vec::new());
                DynamicImage::from(picture.clone()).write_to(&mut file, format).expect("encodes");
                files.push(file.into_inner());
            }
            files
        }
        Reader::Design => {
            let mut designs: Vec<Vec<u8>> = Vec::new();
            for recipe in Recipe::ALL {
                designs.push(recipe.project().to_ron().into_bytes());
            }
            designs
        }
        Reader::Project => vec![zipped(project_entries())],
        Reader::ProjectEntry => numbered(project_entries()),
        Reader::Weights => {
            let weights = project_entries().iter().find(|(name, _)| name == "runs/1/weights.safetensors");
            vec![weights.expect("an entry").1.clone()]
        }
        Reader::StoreFile => numbered(workspace_files()),
    }
}

/// How many bytes at the start of its samples are no part of the file.
pub fn skipped(reader: Reader) -> usize {
    usize::from(matches!(reader, Reader::ProjectEntry | Reader::StoreFile))
}

fn numbered(files: &[(String, Vec<u8>)]) -> Vec<Vec<u8>> {
    (0_u8..).zip(files).map(|(number, (_, content))| [&[number], &content[..]].concat()).collect()
}

fn table(delimiter: &str, end: &str, header: &str) -> Vec<u8> {
    let mut text = header.to_owned();
    for row in 0..14 {
        let fields = [
            format!("\"row {row}\""),
            (row * 7 % 5).to_string(),
            format!("{}.5", row * 3 % 11),
            format!("c{}", row % 3),
        ];
        let _ = write!(text, "{}{end}", fields.join(delimiter));
    }
    text.into_bytes()
}

fn npy(kind: &str, fortran: bool, shape: &str, values: &[u8]) -> Vec<u8> {
    let fortran = if fortran { "True" } else { "False" };
    let mut header = format!("{{'descr': '{kind}', 'fortran_order': {fortran}, 'shape': {shape}, }}");
    while !(header.len() + 11).is_multiple_of(64) {
        header.push(' ');
    }
    header.push('\n');
    let length = u16::try_from(header.len()).expect("short").to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), values].concat()
}

fn bytes(count: usize) -> Vec<u8> {
    (0..count).map(|index| (index * 37 % 251) as u8).collect()
}

fn floats(count: usize) -> Vec<u8> {
    bytes(count).into_iter().flat_map(|value| (f32::from(value) / 50.0).to_le_bytes()).collect()
}

fn doubles(count: usize) -> Vec<u8> {
    bytes(count).into_iter().flat_map(|value| (f64::from(value) / 50.0).to_le_bytes()).collect()
}
