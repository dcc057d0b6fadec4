//! Files of many small records: a header, then records of fixed width in little-endian numbers,
//! each with a checksum.
//!
//! Such files are appended to. A record truncated by a crash or a full disk is padded before more
//! are added, so that they stay aligned; then only the checksum of the truncated one fails.

const MAGIC: &[u8; 8] = b"HGLOG\x01\r\n";
/// Bytes of a record's checksum.
const CHECK: usize = 4;
/// Longest text of a header.
const MOST_TEXT: usize = 1 << 16;

/// The form of the records in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Form {
    header: Vec<u8>,
    width: usize,
}

impl Form {
    /// Records of `width` bytes, whose content `text` describes.
    pub(super) fn new(text: &str, width: usize) -> Form {
        let mut header = MAGIC.to_vec();
        header.extend((width as u32).to_le_bytes());
        header.extend((text.len() as u32).to_le_bytes());
        header.extend(text.as_bytes());
        Form { header, width }
    }

    /// The beginning of a file of such records.
    pub(super) fn header(&self) -> &[u8] {
        &self.header
    }

    /// The bytes to append to a file of `len` bytes that begins with `start`, of at most the
    /// header's length, so that `records` follow its existing ones.
    ///
    /// # Errors
    /// If the file contains something else.
    pub(super) fn continued(&self, start: &[u8], len: u64, records: &[u8]) -> Result<Vec<u8>, String> {
        if !self.header.starts_with(start) {
            return Err("its records have another format".to_owned());
        }
        let missing = self.header.get(start.len()..).unwrap_or_default();
        let stride = (self.width + CHECK) as u64;
        let torn = len.saturating_sub(self.header.len() as u64) % stride;
        let filler = if torn > 0 { (stride - torn) as usize } else { 0 };
        let mut bytes = Vec::with_capacity(missing.len() + filler + records.len());
        bytes.extend(missing);
        bytes.resize(missing.len() + filler, 0);
        bytes.extend(records);
        Ok(bytes)
    }
}

/// Ends the record that begins at `start` with its checksum.
pub(super) fn append_checksum(records: &mut Vec<u8>, start: usize) {
    let check = check_of(records.get(start..).unwrap_or_default());
    records.extend(check);
}

/// The text and the width from the header, and the complete records.
///
/// # Errors
/// If the file has no such header.
pub(super) fn read(bytes: &[u8]) -> Result<(&str, usize, CompleteRecords<'_>), String> {
    let damaged = || "its beginning is damaged".to_owned();
    let number = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?) as usize);
    let (width, len) = number(8).zip(number(12)).ok_or_else(damaged)?;
    if !bytes.starts_with(MAGIC) || width == 0 || width > MOST_TEXT || len > MOST_TEXT {
        return Err(damaged());
    }
    let (text, records) = bytes.get(16..).and_then(|rest| rest.split_at_checked(len)).ok_or_else(damaged)?;
    let text = str::from_utf8(text).map_err(|_| damaged())?;
    Ok((text, width, CompleteRecords { records: records.chunks_exact(width + CHECK) }))
}

/// Iterates over the complete records of a file.
pub(super) struct CompleteRecords<'a> {
    records: std::slice::ChunksExact<'a, u8>,
}

impl<'a> Iterator for CompleteRecords<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        self.records.by_ref().find_map(|record| {
            let (record, check) = record.split_at_checked(record.len() - CHECK)?;
            (check == check_of(record)).then_some(record)
        })
    }
}

/// Reads numbers from a record, one after another.
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl Fields<'_> {
    /// The next bytes; zeros after the end of the record, which its width excludes.
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let (field, rest) = self.0.split_first_chunk::<N>().unwrap_or((&[0; N], &[]));
        self.0 = rest;
        *field
    }

    pub(super) fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.take())
    }

    pub(super) fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.take())
    }

    pub(super) fn f32(&mut self) -> f32 {
        f32::from_le_bytes(self.take())
    }

    pub(super) fn f64(&mut self) -> f64 {
        f64::from_le_bytes(self.take())
    }
}

/// FNV-1a. The checksum of zeros, which a power failure may leave, is not zero.
fn check_of(record: &[u8]) -> [u8; CHECK] {
    let step = |hash: u32, byte: &u8| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
    record.iter().fold(0x811C_9DC5, step).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(values: &[u64]) -> Vec<u8> {
        let mut records = Vec::new();
        for value in values {
            let start = records.len();
            records.extend(value.to_le_bytes());
            append_checksum(&mut records, start);
        }
        records
    }

    fn values(bytes: &[u8]) -> Vec<u64> {
        let (text, width, whole) = read(bytes).expect("a header");
        assert_eq!((text, width), ("numbers", 8));
        whole.map(|record| Fields(record).u64()).collect()
    }

    #[test]
    fn what_is_added_after_a_cut_anywhere_is_read() {
        let form = Form::new("numbers", 8);
        let whole = form.continued(&[], 0, &sealed(&[7, 0, u64::MAX])).expect("new");
        assert_eq!(values(&whole), [7, 0, u64::MAX]);
        for cut in 0..=whole.len() {
            let start = &whole[..cut.min(form.header().len())];
            let more = form.continued(start, cut as u64, &sealed(&[5])).expect("the same form");
            let all = [&whole[..cut], &more].concat();
            let kept = cut.saturating_sub(form.header().len()) / 12;
            let expected: Vec<u64> = [7, 0, u64::MAX][..kept].iter().copied().chain([5]).collect();
            assert_eq!(values(&all), expected, "{cut}");
        }
        assert!(Form::new("others", 8).continued(form.header(), 99, &[]).is_err());
    }

    #[test]
    fn damage_costs_the_record_it_is_in() {
        let form = Form::new("numbers", 8);
        let whole = form.continued(&[], 0, &sealed(&[7, 8, 9])).expect("new");
        for at in form.header().len()..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            assert_eq!(values(&bytes).len(), 2, "{at}");
        }
        let zeros = [&whole[..], &[0; 24]].concat();
        assert_eq!(values(&zeros), [7, 8, 9]);
        for length in 0..form.header().len() {
            assert!(read(&whole[..length]).is_err());
        }
    }
}
