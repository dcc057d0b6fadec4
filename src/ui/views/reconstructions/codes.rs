//! Image-shaped codes of the displayed samples, as greyscale pictures of their channels.

use std::sync::Arc;

use egui::Color32;

use super::super::channels::strongest_channels;
pub(super) use crate::prepared::{CodePictures as Codes, MOST_CHANNELS};
use crate::project::Shape;
use crate::run::{Kept, Run};
use crate::ui::plots::color;

/// The channels that vary most in the newest kept codes of a run, updated only when the codes
/// change.
#[derive(Clone, Default)]
pub(super) struct Strongest {
    of: Option<(Shape, Arc<Kept>)>,
    channels: Vec<usize>,
}

impl Strongest {
    /// The channel indices, starting at 0; none for vector codes.
    pub fn of(&mut self, run: &Run) -> Vec<usize> {
        let (code, newest) = (run.code_shape(), run.kept.newest());
        let (Shape::Image { .. }, Some(newest)) = (code, newest) else { return Vec::new() };
        if !self.of.as_ref().is_some_and(|(shape, of)| *shape == code && Arc::ptr_eq(of, newest)) {
            self.of = Some((code, Arc::clone(newest)));
            self.channels = strongest_channels(&newest.codes, code, MOST_CHANNELS);
        }
        self.channels.clone()
    }
}

impl Codes {
    /// A pixel of a sample's code picture.
    pub fn pixel(&self, sample: usize, x: usize, y: usize) -> Color32 {
        self.shade(sample, x, y).map_or(Color32::TRANSPARENT, color)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::plots::DisplayRange;

    #[test]
    fn codes_are_found_by_row_and_reduced_to_their_channels() {
        // Two positions, one above the other, with 3 channels.
        let code = Shape::Image { height: 2, width: 1, channels: 3 };
        let codes = (0..12).map(|at| at as f32).collect();
        let kept = Kept { code_units: 6, codes, ..Kept::default() };
        let of = |rows: &[u32]| Codes::watched(code, &[0, 2], &[4, 9], &kept, rows).expect("a picture");
        let shown = of(&[9, 5, 4]);
        assert_eq!((shown.len(), &shown.name()[..]), (3, "code, 2 of 3 channels"));
        assert_eq!((shown.values(0), shown.values(2)), (vec![6.0, 9.0, 8.0, 11.0], vec![0.0, 3.0, 2.0, 5.0]));
        assert!(shown.values(1).iter().all(|value| value.is_nan()));
        assert_eq!(shown.range(), DisplayRange { low: 0.0, high: 11.0 });
        // Two channels side by side, one pixel apart; black is the minimum, and unknown codes are
        // not drawn.
        assert_eq!(shown.size(), [3, 2]);
        assert_eq!((shown.pixel(2, 0, 0), shown.pixel(0, 2, 1)), (Color32::BLACK, Color32::WHITE));
        assert_eq!(
            (shown.pixel(0, 1, 0), shown.pixel(1, 0, 0)),
            (Color32::TRANSPARENT, Color32::TRANSPARENT)
        );
        let other = of(&[4]).at(&[4, 9], &kept, &[9]).expect("a picture");
        assert_eq!((other.values(0), other.range().high), (vec![6.0, 9.0, 8.0, 11.0], 5.0));
        assert!(Codes::new(code, &[0], 2, vec![0.0; 3]).is_none(), "two samples have 4 numbers");
        assert!(Codes::new(code, &[], 2, Vec::new()).is_none());
        assert!(Codes::new(Shape::Vector(6), &[0], 1, vec![0.0]).is_none());
    }
}
