use super::header::{Header, Kind};
use super::places::Places;
use crate::dataset::{DataError, Progress, Rows};

/// How values are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::dataset) enum Storage {
    U8,
    U16,
    F32,
}

impl Storage {
    /// The smallest type that represents all values of one array exactly, as far as 32-bit numbers
    /// do.
    pub fn of(kind: Kind) -> Storage {
        match kind {
            Kind::Bool | Kind::U8 => Storage::U8,
            Kind::U16 => Storage::U16,
            Kind::I8
            | Kind::I16
            | Kind::U32
            | Kind::I32
            | Kind::U64
            | Kind::I64
            | Kind::F16
            | Kind::F32
            | Kind::F64
            | Kind::Bytes
            | Kind::Unicode => Storage::F32,
        }
    }
}

/// Empty rows with capacity for `count` values, charged.
pub(in crate::dataset) fn with_capacity(
    storage: Storage,
    count: usize,
    progress: &Progress,
) -> Result<Rows, DataError> {
    fn list<T>(count: usize, progress: &Progress) -> Result<Vec<T>, DataError> {
        let mut values = Vec::new();
        progress.budget().reserve_exact(&mut values, count)?;
        Ok(values)
    }
    Ok(match storage {
        Storage::U8 => Rows::U8(list(count, progress)?),
        Storage::U16 => Rows::U16(list(count, progress)?),
        Storage::F32 => Rows::F32(list(count, progress)?),
    })
}

/// Destination of the values of one array: at the end of the rows in order, or at individual
/// positions from `start` on.
pub(in crate::dataset) struct Target<'a> {
    rows: &'a mut Rows,
    places: Option<Places>,
    start: usize,
    /// Number subtracted from each feature before its values become `f32`; empty for none.
    bases: &'a [f64],
}

impl<'a> Target<'a> {
    /// For `count` further values, whose capacity was reserved before; if they are reordered, their
    /// positions are filled with zeros.
    pub fn new(
        rows: &'a mut Rows,
        count: usize,
        places: Option<Places>,
        bases: &'a [f64],
        progress: &Progress,
    ) -> Result<Target<'a>, DataError> {
        fn fill<T: Clone + Default>(
            values: &mut Vec<T>,
            count: usize,
            progress: &Progress,
        ) -> Result<(), DataError> {
            let all = values.len() + count;
            while values.len() < all {
                progress.check()?;
                values.resize(all.min(values.len() + (1 << 24)), T::default());
            }
            Ok(())
        }
        let start = rows.len();
        if places.is_some() {
            match rows {
                Rows::U8(values) => fill(values, count, progress)?,
                Rows::U16(values) => fill(values, count, progress)?,
                Rows::F32(values) => fill(values, count, progress)?,
            }
        }
        Ok(Target { rows, places, start, bases })
    }

    /// [`Target::new`] for the values of an array.
    pub fn of(
        rows: &'a mut Rows,
        header: &Header,
        channels_first: bool,
        count: usize,
        bases: &'a [f64],
        progress: &Progress,
    ) -> Result<Target<'a>, DataError> {
        Target::new(rows, count, Places::new(header, channels_first), bases, progress)
    }

    /// Adds values from the bytes of the file, a whole number of them.
    pub fn push(&mut self, header: &Header, bytes: &[u8]) {
        each_number(header, bytes, self);
    }
}

impl Sink for Target<'_> {
    fn take<N: Number>(&mut self, numbers: impl Iterator<Item = N>) {
        let start = self.start;
        match self.rows {
            Rows::U8(out) => put(out, numbers.map(Number::u8), start, self.places.as_mut()),
            Rows::U16(out) => put(out, numbers.map(Number::u16), start, self.places.as_mut()),
            Rows::F32(out) if self.bases.is_empty() => {
                put(out, numbers.map(Number::f32), start, self.places.as_mut());
            }
            Rows::F32(out) => {
                for number in numbers {
                    let place = self.places.as_mut().map(|places| start + places.next());
                    let base = self.bases[place.unwrap_or(out.len()) % self.bases.len()];
                    let value = (number.f64() - base) as f32;
                    match place {
                        Some(place) => out[place] = value,
                        None => out.push(value),
                    }
                }
            }
        }
    }
}

/// Appends values, or writes each to its position.
fn put<T>(out: &mut Vec<T>, values: impl Iterator<Item = T>, start: usize, places: Option<&mut Places>) {
    match places {
        None => out.extend(values),
        Some(places) => values.for_each(|value| out[start + places.next()] = value),
    }
}

/// A number in a file.
pub(in crate::dataset) trait Number: Copy {
    fn u8(self) -> u8;
    fn u16(self) -> u16;
    fn f32(self) -> f32;
    fn f64(self) -> f64;
    /// All its digits.
    fn text(self) -> String;
}

macro_rules! number {
    ($($type:ty),*) => {$(
        impl Number for $type {
            fn u8(self) -> u8 {
                self as u8
            }

            fn u16(self) -> u16 {
                self as u16
            }

            fn f32(self) -> f32 {
                self as f32
            }

            fn f64(self) -> f64 {
                self as f64
            }

            fn text(self) -> String {
                self.to_string()
            }
        }
    )*};
}

number!(u8, i8, u16, i16, u32, i32, u64, i64, f32, f64);

/// Receives numbers of any type.
pub(in crate::dataset) trait Sink {
    fn take<N: Number>(&mut self, numbers: impl Iterator<Item = N>);
}

/// Passes on the numbers in the bytes of a file, a whole number of them; none for text.
pub(in crate::dataset) fn each_number(header: &Header, bytes: &[u8], sink: &mut impl Sink) {
    // One arm per type, each a loop over arrays of known length.
    macro_rules! numbers {
        ($type:ty, $number:expr) => {{
            let items = bytes.as_chunks::<{ size_of::<$type>() }>().0;
            if header.big_endian {
                sink.take(items.iter().map(|&item| $number(<$type>::from_be_bytes(item))));
            } else {
                sink.take(items.iter().map(|&item| $number(<$type>::from_le_bytes(item))));
            }
        }};
    }
    match header.kind {
        Kind::Bool => sink.take(bytes.iter().map(|&byte| u8::from(byte != 0))),
        Kind::U8 => sink.take(bytes.iter().copied()),
        Kind::I8 => numbers!(i8, |value: i8| value),
        Kind::U16 => numbers!(u16, |value: u16| value),
        Kind::I16 => numbers!(i16, |value: i16| value),
        Kind::U32 => numbers!(u32, |value: u32| value),
        Kind::I32 => numbers!(i32, |value: i32| value),
        Kind::U64 => numbers!(u64, |value: u64| value),
        Kind::I64 => numbers!(i64, |value: i64| value),
        Kind::F16 => numbers!(u16, half),
        Kind::F32 => numbers!(f32, |value: f32| value),
        Kind::F64 => numbers!(f64, |value: f64| value),
        Kind::Bytes | Kind::Unicode => {}
    }
}

/// A 16-bit float (IEEE 754 binary16) as 32-bit.
fn half(bits: u16) -> f32 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f32::from(bits & 1023));
    sign * match exponent {
        0 => fraction * 2_f32.powi(-24),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        _ => (1.0 + fraction / 1024.0) * 2_f32.powi(exponent - 15),
    }
}

/// A text of the file, without its padding.
pub(super) fn text(header: &Header, item: &[u8]) -> String {
    if header.kind == Kind::Bytes {
        return String::from_utf8_lossy(item).trim_end_matches('\0').to_string();
    }
    let characters = item.as_chunks::<4>().0.iter().map(|&bytes| {
        let code = if header.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) };
        char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
    });
    let text: String = characters.collect();
    text.trim_end_matches('\0').to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_floats_are_exact() {
        // numpy.float16(x).view('uint16') of each value.
        for (bits, value) in
            [(0x3C00, 1.0), (0xC000, -2.0), (0x3555, 0.333_251_95), (0x7BFF, 65504.0), (1, 5.960_464_5e-8)]
        {
            assert_eq!(half(bits), value);
        }
        assert!(half(0x7C00).is_infinite() && half(0x7E00).is_nan());
    }
}
