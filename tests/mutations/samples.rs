//! Valid files of every kind, used as input for damage.

use std::fmt::Write as _;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use hourglass::project::Recipe;

use crate::images::images;
use crate::readers::{Reader, idx_images, project_entries, workspace_files, zipped};
use crate::sheets;

/// Valid files of a reader. Each is read and used without an error.
pub fn samples(reader: Reader) -> Vec<Vec<u8>> {
    match reader {
        Reader::Csv => {
            let german = "Größe;am;Anteil;ja\n".to_owned()
                + &"1.234,5;01.02.2021;12,5 %;wahr\n2,25;03.02.2021;50 %;falsch\n;07.02.2021;7 %;wahr\n"
                    .repeat(4);
            let utf16 = ['\u{FEFF}'].into_iter().chain(german.chars()).collect::<String>();
            let spaces = "# a b\nsep\n".to_owned() + &"  1.5   2\t 3\n 4 \"5\" -6e-3\n".repeat(6);
            vec![
                table(",", "\n", "name,x,y,class\n"),
                table(";", "\r\n", ""),
                format!("x\ty\n{}", "1\t2\n3\t\n\"5\"\t6\n7\t8\n1e-3\t.5\n".repeat(3)).into_bytes(),
                gzipped(&table("|", "\n", "name|x|y|class\n")),
                utf16.encode_utf16().flat_map(u16::to_le_bytes).collect(),
                utf16.encode_utf16().flat_map(u16::to_be_bytes).collect(),
                // All of its letters are in Latin-1.
                german.chars().map(|letter| letter as u8).collect(),
                spaces.replace("sep\n", "").into_bytes(),
            ]
        }
        Reader::Sheet => {
            vec![
                sheets::xlsx("count=\"2\" uniqueCount=\"2\""),
                sheets::xls(),
                sheets::ods("", sheets::ODS_END),
            ]
        }
        Reader::Npy => vec![
            npy("<f4", false, "(12, 3)", &floats(36)),
            npy("<f8", true, "(12, 2, 2)", &doubles(48)),
            npy("|u1", false, "(12, 4)", &bytes(48)),
            npy(">i2", true, "(12, 3)", &bytes(72)),
            npy("<u2", false, "(12, 2, 2, 4)", &bytes(384)),
            npy("|b1", false, "(12, 2)", &bytes(24).iter().map(|byte| byte & 1).collect::<Vec<_>>()),
        ],
        Reader::Npz => {
            let array = |kind: &str, shape: &str, values: &[u8]| npy(kind, false, shape, values);
            let numbers = |count: i32| (0..count).flat_map(|row| (row % 3).to_le_bytes()).collect::<Vec<_>>();
            let names: Vec<u8> =
                "abc".chars().cycle().take(12).flat_map(|c| u32::from(c).to_le_bytes()).collect();
            let test = [
                ("x_test.npy", array("<f4", "(4, 3)", &floats(12))),
                ("y_test.npy", array("<i4", "(4,)", &numbers(4))),
                ("other.npy", array("<i4", "()", &numbers(1))),
            ];
            let with = |rows: Vec<u8>, labels: Vec<u8>| {
                let train = [("x.npy", rows), ("y.npy", labels)];
                let all = train.into_iter().chain(test.clone());
                zipped(&all.map(|(name, array)| (name.to_owned(), array)).collect::<Vec<_>>())
            };
            let rows = array("<f4", "(12, 3)", &floats(36));
            vec![
                with(rows.clone(), array("<i4", "(12,)", &numbers(12))),
                with(rows, array("<U1", "(12,)", &names)),
            ]
        }
        Reader::Idx => {
            let typed = |kind: u8, sides: &[u32], values: Vec<u8>| {
                let lengths = sides.iter().flat_map(|side| side.to_be_bytes()).collect();
                [vec![0, 0, kind, sides.len() as u8], lengths, values].concat()
            };
            let reals = floats(36)
                .chunks(4)
                .flat_map(|four| four.iter().rev().copied().collect::<Vec<_>>())
                .collect();
            vec![
                idx_images(),
                gzipped(&idx_images()),
                typed(0x0B, &[12, 2, 2], bytes(96)),
                typed(0x0D, &[12, 3], reals),
                typed(8, &[12, 2, 2, 3], bytes(144)),
            ]
        }
        Reader::IdxLabels => {
            let labels = [vec![0, 0, 8, 1, 0, 0, 0, 12], bytes(12)].concat();
            // Several numbers per row, the first of which is the class.
            let several = (0..24_u32).flat_map(|at| (at % 5).to_be_bytes()).collect();
            vec![labels, [vec![0, 0, 12, 2, 0, 0, 0, 12, 0, 0, 0, 2], several].concat()]
        }
        Reader::IdxTest => vec![idx_images()],
        Reader::Picture => images(),
        Reader::LabelTable => {
            let text = "id,file,label\n1,a/good.bmp,\"one, two\"\n2,also,thrée\n3,a/none.bmp,\n";
            let utf16 = ['\u{FEFF}'].into_iter().chain(text.chars()).collect::<String>();
            vec![
                text.as_bytes().to_vec(),
                gzipped(text.as_bytes()),
                utf16.encode_utf16().flat_map(u16::to_le_bytes).collect(),
                text.chars().map(|letter| letter as u8).collect(),
                b"good\tx\nalso\ty\n".to_vec(),
            ]
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

/// The number of bytes at the start of its samples that do not belong to the file.
pub fn skipped(reader: Reader) -> usize {
    usize::from(matches!(reader, Reader::ProjectEntry | Reader::StoreFile))
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(bytes).expect("in memory");
    gzip.finish().expect("in memory")
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
