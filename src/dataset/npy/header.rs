use std::io::Read;

/// The header of an array (`NumPy` format versions 1 to 3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::dataset) struct Header {
    pub kind: Kind,
    /// Bytes of one value in the file.
    pub item: usize,
    pub big_endian: bool,
    pub fortran: bool,
    /// Its dimensions, the samples first.
    pub shape: Vec<usize>,
    /// Whether the samples are its last dimension in the file.
    pub samples_last: bool,
}

/// Type of a value in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::dataset) enum Kind {
    Bool,
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    U64,
    I64,
    F16,
    F32,
    F64,
    /// Bytes padded with zeros.
    Bytes,
    /// 32-bit characters padded with zeros.
    Unicode,
}

impl Kind {
    /// Bytes of a number; 1 for text, which has its own length.
    pub fn bytes(self) -> usize {
        match self {
            Kind::Bool | Kind::U8 | Kind::I8 | Kind::Bytes => 1,
            Kind::U16 | Kind::I16 | Kind::F16 => 2,
            Kind::U32 | Kind::I32 | Kind::F32 | Kind::Unicode => 4,
            Kind::U64 | Kind::I64 | Kind::F64 => 8,
        }
    }
}

impl Header {
    /// Whether it contains text.
    pub fn is_text(&self) -> bool {
        matches!(self.kind, Kind::Bytes | Kind::Unicode)
    }

    /// Makes its last dimension that of the samples.
    pub fn put_samples_last(&mut self) {
        if !self.samples_last && !self.shape.is_empty() {
            self.shape.rotate_right(1);
            self.samples_last = true;
        }
    }

    /// Number of values; `None` if it does not fit a `usize`.
    pub fn count(&self) -> Option<usize> {
        self.shape.iter().try_fold(1_usize, |product, &size| product.checked_mul(size))
    }

    /// The shape as `3×8×8`.
    pub fn shape_text(&self) -> String {
        let sizes: Vec<String> = self.shape.iter().map(ToString::to_string).collect();
        sizes.join("×")
    }
}

const MAGIC: &[u8; 6] = b"\x93NUMPY";
/// The limit of `NumPy` itself.
const MAX_DIMENSIONS: usize = 64;
/// Longer headers belong to record arrays with many fields, which are not supported.
const MAX_HEADER: u64 = 1 << 20;

/// Reads a header and returns it with its length in bytes; `most` is the length of the file.
///
/// # Errors
/// The problem and its fix, in a sentence.
pub(super) fn read(reader: &mut dyn Read, most: u64) -> Result<(Header, u64), String> {
    let short = |_| "ends within its header; it is incomplete, write it again".to_string();
    let mut start = [0; 8];
    reader.read_exact(&mut start).map_err(short)?;
    if start[..6] != MAGIC[..] {
        return Err(
            "does not begin like a NumPy array (bytes 0 to 5 should be \\x93NUMPY); choose a .npy or .npz file".into(),
        );
    }
    let (before, length) = match start[6] {
        1 => {
            let mut size = [0; 2];
            reader.read_exact(&mut size).map_err(short)?;
            (10, u64::from(u16::from_le_bytes(size)))
        }
        2 | 3 => {
            let mut size = [0; 4];
            reader.read_exact(&mut size).map_err(short)?;
            (12, u64::from(u32::from_le_bytes(size)))
        }
        version => {
            return Err(format!(
                "has format version {version} (byte 6); versions 1 to 3 are supported, write it again with \
                 numpy.save"
            ));
        }
    };
    if length > MAX_HEADER || length > most {
        return Err(format!(
            "its header claims {length} bytes (byte 8); it is damaged, write it again with numpy.save"
        ));
    }
    let mut text = vec![0; length as usize];
    reader.read_exact(&mut text).map_err(short)?;
    let header = parse(&String::from_utf8_lossy(&text))?;
    Ok((header, before + length))
}

/// Parses `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`.
fn parse(text: &str) -> Result<Header, String> {
    let damaged = || "its header is not a NumPy header; write it again with numpy.save".to_string();
    let after = |key: &str| {
        let at = text.find(&format!("'{key}'")).ok_or_else(damaged)?;
        let rest = text[at + key.len() + 2..].trim_start();
        rest.strip_prefix(':').map(str::trim_start).ok_or_else(damaged)
    };
    let descr = after("descr")?;
    if descr.starts_with('[') {
        return Err("is a record array; save its columns as one plain array".into());
    }
    let descr = descr.strip_prefix('\'').and_then(|rest| rest.split_once('\'')).ok_or_else(damaged)?.0;
    let (kind, item, big_endian) = data_type(descr)?;
    let order = after("fortran_order")?;
    let fortran = order.starts_with("True");
    if !fortran && !order.starts_with("False") {
        return Err(damaged());
    }
    let shape = after("shape")?;
    let shape = shape.strip_prefix('(').and_then(|rest| rest.split_once(')')).ok_or_else(damaged)?.0;
    let sizes = shape.split(',').map(str::trim).filter(|size| !size.is_empty());
    let sizes = sizes.take(MAX_DIMENSIONS + 1);
    let shape: Result<Vec<usize>, _> = sizes.map(|size| size.trim_end_matches('L').parse()).collect();
    let shape = shape.map_err(|_| damaged())?;
    if shape.len() > MAX_DIMENSIONS {
        return Err(format!(
            "has more than {MAX_DIMENSIONS} dimensions, the most NumPy allows; reshape it to rows (N×d)"
        ));
    }
    Ok(Header { kind, item, big_endian, fortran, shape, samples_last: false })
}

fn data_type(descr: &str) -> Result<(Kind, usize, bool), String> {
    let unknown = || {
        let code = descr.trim_start_matches(['<', '>', '|', '=']);
        let advice = match code.chars().next() {
            Some('O') => "it contains Python objects; create it from numbers of one type",
            Some('M' | 'm') => "they are times; convert them to whole numbers with a.astype('int64')",
            Some('c') => "split both parts into numbers with numpy.c_[a.real, a.imag]",
            Some(_) | None => "convert it with a.astype('float64')",
        };
        let shown: String = descr.chars().take(40).collect();
        format!("values of type '{shown}' are not supported; {advice}")
    };
    let big_endian = descr.starts_with('>');
    let code = descr.trim_start_matches(['<', '>', '|', '=']);
    let kind = match code {
        "b1" | "?" => Kind::Bool,
        "u1" => Kind::U8,
        "i1" => Kind::I8,
        "u2" => Kind::U16,
        "i2" => Kind::I16,
        "u4" => Kind::U32,
        "i4" => Kind::I32,
        "u8" => Kind::U64,
        "i8" => Kind::I64,
        "f2" => Kind::F16,
        "f4" => Kind::F32,
        "f8" => Kind::F64,
        _ => {
            let characters =
                |code: &str| code.parse::<usize>().ok().filter(|&count| (1..=4096).contains(&count));
            return match (
                code.strip_prefix('S').and_then(characters),
                code.strip_prefix('U').and_then(characters),
            ) {
                (Some(count), _) => Ok((Kind::Bytes, count, big_endian)),
                (_, Some(count)) => Ok((Kind::Unicode, count * 4, big_endian)),
                _ => Err(unknown()),
            };
        }
    };
    Ok((kind, kind.bytes(), big_endian))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_understood_or_refused() {
        let check = |text: &str, expected: Result<(Kind, usize, bool, bool, &[usize]), &str>| match (
            parse(text),
            expected,
        ) {
            (Ok(header), Ok((kind, item, big_endian, fortran, shape))) => {
                let (shape, samples_last) = (shape.to_vec(), false);
                assert_eq!(header, Header { kind, item, big_endian, fortran, shape, samples_last });
            }
            (Err(message), Err(part)) => assert!(message.contains(part), "{message}"),
            (result, _) => panic!("{text}: {result:?}"),
        };
        let good = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }  \n";
        check(good, Ok((Kind::F32, 4, false, false, &[3, 4])));
        check(&good.replace("<f4", ">i8").replace("False", "True"), Ok((Kind::I64, 8, true, true, &[3, 4])));
        check(&good.replace("(3, 4)", "(3L,)"), Ok((Kind::F32, 4, false, false, &[3])));
        check(&good.replace("(3, 4)", "()"), Ok((Kind::F32, 4, false, false, &[])));
        check(&good.replace("<f4", "<U5"), Ok((Kind::Unicode, 20, false, false, &[3, 4])));
        check(&good.replace("<f4", "<c8"), Err("'<c8' are not supported; split both parts"));
        check(&good.replace("<f4", "<M8[s]"), Err("'<M8[s]' are not supported; they are times"));
        check(&good.replace("<f4", "<f16"), Err("convert it with a.astype('float64')"));
        check(&good.replace("<f4", "|O"), Err("Python objects"));
        check(&good.replace("'<f4'", "[('a', '<f4')]"), Err("record array"));
        check(&good.replace("False", "Maybe"), Err("write it again with numpy.save"));
        check(&good.replace("(3, 4)", "(3, -4)"), Err("write it again"));
        let dimensions = |count: usize| good.replace("(3, 4)", &format!("({})", "1, ".repeat(count)));
        check(&dimensions(64), Ok((Kind::F32, 4, false, false, &[1; 64])));
        check(&dimensions(65), Err("more than 64 dimensions"));
        check(&dimensions(300_000), Err("more than 64 dimensions"));
        check(&good.replace("(3, 4)", "(99999999999999999999, 4)"), Err("write it again"));
        check(&good.replace("'shape'", "'form'"), Err("write it again"));
        check("", Err("write it again"));
    }
}
