//! Pictures in a frame of zeros, so that windows need no bounds checks at the edges.

/// Pictures, possibly in a frame of zeros.
#[derive(Clone, Copy)]
pub(in crate::engine::kernels) struct Framed<'a> {
    pub(super) values: &'a [f32],
    /// The pictures without a frame.
    pub(super) pictures: &'a [f32],
    /// Values from one sample to the next.
    pub(super) stride: usize,
}

/// A picture and the zeros around it.
#[derive(Clone, Copy)]
pub(super) struct Frame {
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) channels: usize,
    /// Rows and columns of zeros before the picture.
    pub(super) before: usize,
    pub(super) left: usize,
    /// Sides including the frame; pixels of the picture beyond them are never read.
    pub(super) height: usize,
    pub(super) width: usize,
}

impl Frame {
    /// Whether there is no frame, so that the picture itself is used.
    pub(super) fn is_bare(&self) -> bool {
        self.before == 0 && self.left == 0 && self.height <= self.rows && self.width == self.columns
    }

    /// Values per sample, including the frame.
    pub(super) fn values(&self) -> usize {
        self.height * self.width * self.channels
    }

    /// Copies pictures into their frame; also returns the unused `scratch`.
    pub(super) fn around<'a>(
        &self,
        samples: usize,
        pictures: &'a [f32],
        scratch: &'a mut [f32],
    ) -> (Framed<'a>, &'a mut [f32]) {
        let picture = self.rows * self.columns * self.channels;
        if self.is_bare() {
            return (self.without(pictures), scratch);
        }
        let (framed, rest) = scratch.split_at_mut(samples * self.values());
        for (picture, frame) in pictures.chunks_exact(picture).zip(framed.chunks_exact_mut(self.values())) {
            self.fill(picture, frame);
        }
        (Framed { values: framed, pictures, stride: self.values() }, rest)
    }

    /// Pictures without their frame.
    pub(super) fn without<'a>(&self, pictures: &'a [f32]) -> Framed<'a> {
        Framed { values: pictures, pictures, stride: self.rows * self.columns * self.channels }
    }

    fn fill(&self, picture: &[f32], frame: &mut [f32]) {
        let (left, inside) = (self.left * self.channels, self.columns * self.channels);
        for (row, to) in frame.chunks_exact_mut(self.width * self.channels).enumerate() {
            let Some(from) = row.checked_sub(self.before).filter(|row| *row < self.rows) else {
                to.fill(0.0);
                continue;
            };
            let left = left.min(to.len());
            let end = (left + inside).min(to.len());
            to[..left].fill(0.0);
            to[left..end].copy_from_slice(&picture[from * inside..][..end - left]);
            to[end..].fill(0.0);
        }
    }
}
