//! One small table as a spreadsheet of each kind.

use std::fmt::Write as _;

use crate::readers::zipped;

/// Number of rows below the header.
const ROWS: u16 = 14;
/// Column names, which are shared strings in the sheets.
const NAMES: [&str; 2] = ["x", "größe"];
const SECTOR: usize = 512;

/// The numbers of a row.
fn numbers(row: u16) -> [f64; 2] {
    [f64::from(row * 7 % 5), f64::from(row * 3 % 11) + 0.5]
}

/// A `.xlsx` table that claims the maximum size; `texts` are the attributes of its list of strings.
pub fn xlsx(texts: &str) -> Vec<u8> {
    let rels = |kind: &str, target: &str| {
        format!(
            "<Relationships><Relationship Id=\"r1\" Type=\"http://a/relationships/{kind}\" Target=\"{target}\"/>\
             </Relationships>"
        )
    };
    let mut sheet = "<worksheet><dimension ref=\"A1:XFD1048576\"/><sheetData>".to_owned();
    sheet += "<row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" t=\"s\"><v>1</v></c></row>";
    for row in 0..ROWS {
        let (at, [x, y]) = (row + 2, numbers(row));
        let _ = write!(
            sheet,
            "<row r=\"{at}\"><c r=\"A{at}\"><v>{x}</v></c><c r=\"B{at}\"><f>1+1</f><v>{y}</v></c></row>"
        );
    }
    sheet += "</sheetData></worksheet>";
    let shared = NAMES.map(|name| format!("<si><t>{name}</t></si>")).concat();
    let parts = [
        ("_rels/.rels", rels("officeDocument", "xl/workbook.xml")),
        (
            "xl/workbook.xml",
            "<workbook><sheets><sheet name=\"S\" r:id=\"r1\"/></sheets></workbook>".to_owned(),
        ),
        ("xl/_rels/workbook.xml.rels", rels("worksheet", "worksheets/sheet1.xml")),
        ("xl/sharedStrings.xml", format!("<sst {texts}>{shared}</sst>")),
        ("xl/worksheets/sheet1.xml", sheet),
    ];
    zipped(&parts.map(|(name, text)| (name.to_owned(), text.into_bytes())))
}

/// A `.ods` table with these rows and this end.
pub fn ods(more: &str, end: &str) -> Vec<u8> {
    let mut content =
        "<?xml version=\"1.0\"?><office:document-content><table:table table:name=\"S\">".to_owned();
    let row = |cells: [String; 2]| format!("<table:table-row>{}</table:table-row>", cells.concat());
    content += &row(NAMES.map(|name| {
        format!("<table:table-cell office:value-type=\"string\"><text:p>{name}</text:p></table:table-cell>")
    }));
    for number in 0..ROWS {
        content += &row(numbers(number).map(|value| {
            format!("<table:table-cell office:value-type=\"float\" office:value=\"{value}\"/>")
        }));
    }
    content += more;
    content += end;
    let parts = [
        ("mimetype", "application/vnd.oasis.opendocument.spreadsheet"),
        ("META-INF/manifest.xml", "<manifest:manifest/>"),
        ("content.xml", &content),
    ];
    zipped(&parts.map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec())))
}

/// The end of a `.ods` table.
pub const ODS_END: &str = "</table:table></office:document-content>";

/// A `.xls` table: a header, a list of sectors, a directory, and the records of the workbook from
/// [`XLS_STREAM`] on.
pub fn xls() -> Vec<u8> {
    let mut shared = [2_u32, 2].map(u32::to_le_bytes).concat();
    for name in NAMES {
        let wide: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        shared.extend((wide.len() as u16 / 2).to_le_bytes());
        shared.push(1);
        shared.extend(wide);
    }
    let begin = |kind: u8| record(0x0809, &[0, 6, kind, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0]);
    let end = record(0x000A, &[]);
    let mut sheet = begin(0x10);
    sheet.extend(record(0x0200, &[0, 0, 0, 0, 1 + ROWS as u8, 0, 0, 0, 0, 0, 2, 0, 0, 0]));
    for column in 0..2_u8 {
        sheet.extend(record(0x00FD, &[0, 0, column, 0, 0, 0, column, 0, 0, 0]));
    }
    for row in 0..ROWS {
        for (column, value) in numbers(row).into_iter().enumerate() {
            let place = [row as u8 + 1, 0, column as u8, 0, 0, 0];
            sheet.extend(record(0x0203, &[&place[..], &value.to_le_bytes()].concat()));
        }
    }
    sheet.extend(&end);
    let globals = [begin(5), record(0x00FC, &shared)].concat();
    let start = (globals.len() + 4 + 9 + end.len()) as u32;
    let bound = record(0x0085, &[&start.to_le_bytes()[..], &[0, 0, 1, 0, b'S']].concat());
    workbook(&[globals, bound, end, sheet].concat())
}

/// Offset of the records of a workbook.
pub const XLS_STREAM: usize = 3 * SECTOR;

/// An old spreadsheet file whose only stream contains these bytes.
pub fn workbook(stream: &[u8]) -> Vec<u8> {
    let sectors = stream.len().div_ceil(SECTOR).max(8) as u32;
    let mut bytes = vec![0; XLS_STREAM];
    let mut put = |at: usize, number: u32| bytes[at..at + 4].copy_from_slice(&number.to_le_bytes());
    let end = 0xFFFF_FFFE_u32;
    put(0, 0xE011_CFD0);
    put(4, 0xE11A_B1A1);
    // The version, the byte order, and sectors of 512 and 64 bytes.
    put(24, 0x0003_003E);
    put(28, 0x0009_FFFE);
    put(32, 6);
    // One list of sectors in sector 0; the directory in sector 1; no short sectors.
    put(44, 1);
    put(48, 1);
    put(56, 4096);
    put(60, end);
    put(68, end);
    for at in (80..SECTOR).step_by(4) {
        put(at, u32::MAX);
    }
    for at in 0..SECTOR as u32 / 4 {
        let next = match at {
            0 => 0xFFFF_FFFD,
            1 => end,
            _ if at < sectors + 1 => at + 1,
            _ if at == sectors + 1 => end,
            _ => u32::MAX,
        };
        put(SECTOR + 4 * at as usize, next);
    }
    let folder = 2 * SECTOR;
    for (number, (name, kind, start, length)) in
        [("Root Entry", 5, end, 0), ("Workbook", 2, 2, sectors * SECTOR as u32)].into_iter().enumerate()
    {
        let entry = folder + 128 * number;
        put(entry + 64, ((name.len() as u32 + 1) * 2) | (kind << 16) | (1 << 24));
        put(entry + 116, start);
        put(entry + 120, length);
        // Letters of 16 bits, two at a time.
        for (at, letters) in name.as_bytes().chunks(2).enumerate() {
            let second = letters.get(1).copied().unwrap_or(0);
            put(entry + 4 * at, u32::from(letters[0]) | u32::from(second) << 16);
        }
    }
    bytes.extend(stream);
    bytes.resize(XLS_STREAM + sectors as usize * SECTOR, 0);
    bytes
}

/// A record of a workbook.
pub fn record(kind: u16, data: &[u8]) -> Vec<u8> {
    [&kind.to_le_bytes()[..], &(data.len() as u16).to_le_bytes(), data].concat()
}
