//! Small files that claim to be huge, that expand to far more than their size, or that send a
//! reader into a loop.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::images::looped;
use crate::readers::Reader;
use crate::sheets::{ODS_END, ods, record, workbook, xls, xlsx};

/// Files with their descriptions. None of them can be used.
pub fn bombs() -> Vec<(&'static str, Reader, Vec<u8>)> {
    let mut all = Vec::new();
    all.extend(spreadsheets().map(|(what, bytes)| (what, Reader::Sheet, bytes)));
    all.extend(pictures().map(|(what, bytes)| (what, Reader::Picture, bytes)));
    for (what, byte) in
        [("a packed row without end", b'a'), ("packed zeros", 0), ("packed ends of lines", b'\n')]
    {
        all.push((what, Reader::Csv, packed(byte)));
    }
    let header = [&b"x".repeat(8 << 20)[..], b",label\n1,2\n"].concat();
    all.push(("labels under a name of 8 MB", Reader::LabelTable, header));
    all.push(("labels of a million columns", Reader::LabelTable, b",".repeat(1 << 20)));
    all.push(("packed labels without end", Reader::LabelTable, packed(b'"')));
    let images = [&[0, 0, 8, 3][..], &u32::MAX.to_be_bytes(), &[0, 0, 0, 3, 0, 0, 0, 2], &[7; 60]].concat();
    all.push(("more test images than bytes", Reader::IdxTest, images));
    all
}

/// 100 MB of one byte.
fn packed(byte: u8) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    let block = vec![byte; 1 << 20];
    (0..100).for_each(|_| gzip.write_all(&block).expect("in memory"));
    gzip.finish().expect("in memory")
}

fn spreadsheets() -> impl Iterator<Item = (&'static str, Vec<u8>)> {
    let cell = |attributes: &str, text: &str| {
        format!(
            "<table:table-row table:number-rows-repeated=\"1000000\"><table:table-cell {attributes} \
             office:value-type=\"string\"><text:p>{text}</text:p></table:table-cell></table:table-row>"
        )
    };
    let many = "table:number-columns-repeated=\"16000\"";
    let open = "<table:table-row><table:table-cell office:value-type=\"string\"><office:annotation>";
    let with = |at: usize, number: u32| {
        let mut file = xls();
        file[at..at + 4].copy_from_slice(&number.to_le_bytes());
        file
    };
    let sheet = |records: &[Vec<u8>]| {
        let begin = record(0x0809, &[0, 6, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0]);
        let (end, bound) = (record(0x000A, &[]), [37, 0, 0, 0, 0, 0, 1, 0, b'S']);
        workbook(&[begin.clone(), record(0x0085, &bound), end, begin, records.concat()].concat())
    };
    let number = |row: u16, column: u16| {
        let place = [row.to_le_bytes(), column.to_le_bytes(), [0, 0]].concat();
        record(0x0203, &[place, 1.5_f64.to_le_bytes().to_vec()].concat())
    };
    [
        ("as many texts as no memory holds", xlsx("uniqueCount=\"4000000000000\"")),
        ("the same after a sign in quotes", xlsx("a=\">\" uniqueCount=\"4000000000000\"")),
        ("the same after another number", xlsx("x-uniqueCount=\"1\" uniqueCount=\"4000000000000\"")),
        ("a table that does not end", ods("", "")),
        ("an annotation that does not end", ods(open, "")),
        ("an end of another table", ods("<table:table-row><table:table-cell><a></table:table>", ODS_END)),
        ("a cell repeated to the end of the sheet", ods(&cell(many, &"a".repeat(100_000)), ODS_END)),
        ("spaces that are counted", ods(&cell("", &"<text:s text:c=\"2147483647\"/>".repeat(1000)), ODS_END)),
        ("a folder that follows itself", with(512 + 4, 1)),
        ("a stream that follows itself", {
            let mut file = with(512 + 4 * 9, 2);
            let length = 2 * 512 + 128 + 120;
            file[length..length + 4].copy_from_slice(&u32::MAX.to_le_bytes());
            file
        }),
        ("cells at opposite corners", sheet(&[number(0, 0), number(u16::MAX, u16::MAX)])),
        ("a sheet of 800 thousand million cells", {
            let rows = u32::MAX.to_le_bytes();
            sheet(&[record(0x0200, &[&[0; 4][..], &rows, &[0, 0, 200, 0, 0, 0]].concat()), number(0, 0)])
        }),
    ]
    .into_iter()
}

fn pictures() -> impl Iterator<Item = (&'static str, Vec<u8>)> {
    let most = u32::MAX.to_be_bytes();
    let tga = [0, 0, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 24, 0, 0xFF, 1, 2, 3];
    let mut dds = b"DDS \x7c\0\0\0\x07\x10\0\0".to_vec();
    dds.extend([0xFF; 8]);
    dds.resize(76, 0);
    dds.extend(b"\x20\0\0\0\x04\0\0\0DXT1");
    dds.resize(140, 0);
    let text = |text: &str| text.as_bytes().to_vec();
    [
        ("more grey than any memory holds", text("P5 4000000000 4000000000 255\n12345")),
        ("a width of a million digits", text(&format!("P2 {} 1 255\n1\n", "9".repeat(1 << 20)))),
        ("a remark of a million letters", text(&format!("P2\n# {}", "x".repeat(1 << 20)))),
        ("as much in PAM", text("P7\nWIDTH 4000000000\nHEIGHT 9\nDEPTH 4000000000\nMAXVAL 255\nENDHDR\n1")),
        ("as much in farbfeld", [b"farbfeld", &most[..], &most, &[0; 8]].concat()),
        ("as much in QOI", [b"qoif", &most[..], &most, &[3, 0, 0xFE, 1, 2, 3]].concat()),
        ("as much in HDR", text("#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 4000000000 +X 4000000000\n12345")),
        ("as much in TGA", tga.to_vec()),
        ("as much in DDS", dds),
        (
            "as much in GIF",
            [b"GIF89a", &[0xFF; 4][..], &[0, 0, 0, 0x2C, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 0, 0x3B]].concat(),
        ),
        ("a tile of 4 thousand million columns", tiles(0xFFFF_FFF0, 16, 80)),
        ("a tile that is packed into 4 GB", tiles(16, 16, u32::MAX)),
        ("a page that follows itself", looped()),
        ("a line of 250 million pixels, 5 of which are shown", line()),
    ]
    .into_iter()
}

/// A TIFF picture of 5×4 numbers in tiles of this size, with this many bytes each.
fn tiles(width: u32, height: u32, bytes: u32) -> Vec<u8> {
    // Size, bits, compression, kind, samples, planes, predictor, tiles, and that samples are
    // floats.
    let fields: [[u32; 3]; 13] = [
        [256, 4, 5],
        [257, 4, 4],
        [258, 3, 32],
        [259, 3, 1],
        [262, 3, 1],
        [277, 3, 1],
        [284, 3, 1],
        [317, 3, 3],
        [322, 4, width],
        [323, 4, height],
        [324, 4, 170],
        [325, 4, bytes],
        [339, 3, 3],
    ];
    let mut file = b"II*\0\x08\0\0\0\x0d\0".to_vec();
    for [tag, kind, value] in fields {
        file.extend((tag | kind << 16).to_le_bytes());
        file.extend([1_u32, value].map(u32::to_le_bytes).concat());
    }
    file.extend([0; 84]);
    file
}

/// An `OpenEXR` picture whose single line is far longer than the displayed part.
fn line() -> Vec<u8> {
    let mut file = b"\x76\x2f\x31\x01\x02\0\0\0".to_vec();
    let mut add = |name: &str, kind: &str, value: &[u8]| {
        file.extend([name.as_bytes(), b"\0", kind.as_bytes(), b"\0"].concat());
        file.extend((value.len() as u32).to_le_bytes());
        file.extend(value);
    };
    let corners = |right: i32, bottom: i32| [0, 0, right, bottom].map(i32::to_le_bytes).concat();
    let channel = |name: u8| [name, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0];
    add("channels", "chlist", &[&[b'B', b'G', b'R'].map(channel).concat()[..], &[0]].concat());
    add("compression", "compression", &[3]);
    add("dataWindow", "box2i", &corners((1 << 28) - 1, 3));
    add("displayWindow", "box2i", &corners(4, 3));
    add("lineOrder", "lineOrder", &[0]);
    add("pixelAspectRatio", "float", &1_f32.to_le_bytes());
    add("screenWindowCenter", "v2f", &[0; 8]);
    add("screenWindowWidth", "float", &1_f32.to_le_bytes());
    file.push(0);
    // One block: its offset, its line, its length, and some zeros compressed by zlib.
    let zeros = b"\x78\x9c\x63\x60\x00\x02\x00\x00\x05\x00\x01";
    file.extend((file.len() as u64 + 8).to_le_bytes());
    file.extend([0_u32, zeros.len() as u32].map(u32::to_le_bytes).concat());
    file.extend(zeros);
    file
}
