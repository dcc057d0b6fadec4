use super::header::Header;

/// Destinations of an array's values in file order, if that is not the order in memory: with
/// columns first (`Fortran`), with the channels of a picture first, or with the samples last. This
/// way they are never held twice.
pub(in crate::dataset) struct Places {
    /// Starting with the axis that changes fastest in the file.
    axes: Vec<Axis>,
    at: usize,
}

struct Axis {
    size: usize,
    /// Distance of neighbours in memory.
    stride: usize,
    index: usize,
}

impl Places {
    /// `None` if values keep their order. An array with channels first has four dimensions.
    pub(super) fn new(header: &Header, channels_first: bool) -> Option<Places> {
        let shape = &header.shape[..];
        let is_moved = header.fortran || header.samples_last;
        if !channels_first && (!is_moved || shape.iter().filter(|size| **size > 1).count() < 2) {
            return None;
        }
        let strides = match *shape {
            [_, channels, height, width] if channels_first => {
                vec![channels * height * width, 1, width * channels, channels]
            }
            _ => {
                let mut strides = vec![1; shape.len()];
                for axis in (1..shape.len()).rev() {
                    strides[axis - 1] = strides[axis] * shape[axis];
                }
                strides
            }
        };
        let axes = shape.iter().zip(strides).map(|(&size, stride)| Axis { size, stride, index: 0 });
        let mut axes: Vec<Axis> = axes.collect();
        if header.samples_last {
            axes.rotate_left(1);
        }
        if !header.fortran {
            axes.reverse();
        }
        Some(Places { axes, at: 0 })
    }

    /// The destination of the next value.
    pub(super) fn next(&mut self) -> usize {
        let place = self.at;
        // Counts up like an odometer.
        for axis in &mut self.axes {
            axis.index += 1;
            self.at += axis.stride;
            if axis.index < axis.size {
                break;
            }
            self.at -= axis.stride * axis.size;
            axis.index = 0;
        }
        place
    }
}

/// The index in the array of the value stored at `at`: `index [1, 0]`, counted from 0 as in
/// `NumPy`.
pub(in crate::dataset) fn index(header: &Header, channels_first: bool, at: usize) -> String {
    let kept = match header.shape[..] {
        [rows, channels, height, width] if channels_first => vec![rows, height, width, channels],
        _ => header.shape.clone(),
    };
    let (mut rest, mut index) = (at, vec![0; kept.len()]);
    for (place, &size) in index.iter_mut().zip(&kept).rev() {
        let size = size.max(1);
        (*place, rest) = (rest % size, rest / size);
    }
    if let (true, &[row, y, x, channel]) = (channels_first, &index[..]) {
        index = vec![row, channel, y, x];
    }
    if header.samples_last {
        index.rotate_left(1);
    }
    let numbers: Vec<String> = index.iter().map(ToString::to_string).collect();
    format!("index [{}]", numbers.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::npy::Kind;

    fn header(shape: &[usize], fortran: bool) -> Header {
        let shape = shape.to_vec();
        Header { kind: Kind::U8, item: 1, big_endian: false, fortran, shape, samples_last: false }
    }

    #[test]
    fn an_index_is_that_of_the_array_in_its_file() {
        for (shape, channels_first, at, expected) in [
            (&[3][..], false, 2, "index [2]"),
            (&[2, 3], false, 4, "index [1, 1]"),
            (&[2, 2, 3, 2], false, 17, "index [1, 0, 2, 1]"),
            // Stored as 2×3×2×2 with the channels last.
            (&[2, 2, 3, 2], true, 17, "index [1, 1, 1, 0]"),
            (&[0, 0], false, 0, "index [0, 0]"),
        ] {
            assert_eq!(index(&header(shape, false), channels_first, at), expected, "{shape:?}");
        }
        // 2 pictures of 2×3: index 7 is [0, 1] of the second picture.
        let mut turned = header(&[2, 3, 2], false);
        turned.put_samples_last();
        assert_eq!(index(&turned, false, 7), "index [0, 1, 1]");
    }

    #[test]
    fn every_order_is_brought_to_rows_of_pictures_with_channels_last() {
        // numpy.arange(24).reshape(2, 3, 2, 2), its channels moved last: a.transpose(0, 2, 3,
        // 1).ravel().
        let channels_last =
            [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11, 12, 16, 20, 13, 17, 21, 14, 18, 22, 15, 19, 23];
        let check = |shape: &[usize], channels_first: bool, expected: &[usize]| {
            for fortran in [false, true] {
                // The index of each value in row-major order, in file order.
                let mut places = Places::new(&header(shape, fortran), false);
                let came: Vec<usize> = (0..24)
                    .map(|at| if let Some(places) = &mut places { places.next() } else { at })
                    .collect();
                let mut places = Places::new(&header(shape, fortran), channels_first);
                let mut kept = vec![0; 24];
                for (at, value) in came.into_iter().enumerate() {
                    kept[places.as_mut().map_or(at, Places::next)] = value;
                }
                assert_eq!(kept, expected);
            }
        };
        let same: Vec<usize> = (0..24).collect();
        check(&[2, 3, 4], false, &same);
        check(&[2, 3, 2, 2], false, &same);
        check(&[2, 3, 2, 2], true, &channels_last);
        // numpy.arange(6).reshape(2, 3).T.ravel(): destinations of the values of each column.
        let mut columns = Places::new(&header(&[2, 3], true), false).unwrap();
        assert_eq!([(); 6].map(|()| columns.next()), [0, 3, 1, 4, 2, 5]);
        assert!(Places::new(&header(&[5, 1], true), false).is_none(), "a single column is in order");
    }
    #[test]
    fn samples_that_are_last_become_rows() {
        let check = |shape: &[usize], fortran: bool, channels_first: bool, expected: &[usize]| {
            let mut header = header(shape, fortran);
            header.put_samples_last();
            let mut places = Places::new(&header, channels_first).unwrap();
            let places: Vec<usize> = expected.iter().map(|_| places.next()).collect();
            assert_eq!(places, expected, "{shape:?} {fortran} {channels_first}");
        };
        // 2 samples of 3 values: those of both alternate; in column order one after another.
        check(&[3, 2], false, false, &[0, 3, 1, 4, 2, 5]);
        check(&[2, 1, 1, 3], false, false, &[0, 2, 4, 1, 3, 5]);
        // Height 1, width 2, 2 channels, 2 samples.
        check(&[1, 2, 2, 2], false, false, &[0, 4, 1, 5, 2, 6, 3, 7]);
        check(&[1, 2, 2, 2], true, false, &[0, 2, 1, 3, 4, 6, 5, 7]);
        // 2 channels, height 1, width 2, 2 samples.
        check(&[2, 1, 2, 2], false, true, &[0, 4, 2, 6, 1, 5, 3, 7]);
    }
}
