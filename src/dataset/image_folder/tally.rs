use crate::dataset::Rows;
use crate::dataset::picture::{Depth, Page, TargetFormat};
use crate::dataset::settled::white_of;
use crate::project::Fit;

/// Counts made while the pictures of a folder are read, in any order.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    /// Number of pictures of each depth, and file and page of the first of these.
    pub depths: [usize; 3],
    pub firsts: [Option<(u32, u32)>; 3],
    /// The largest value of the 16-bit pictures, as a fraction of their white.
    pub brightest: f32,
    /// The smallest and the largest float.
    pub numbers: Option<[f32; 2]>,
    /// Width and height of the smallest and the largest picture.
    pub sizes: Option<[(u32, u32); 2]>,
    /// Pictures with transparent parts.
    pub transparent: usize,
    /// Whether these are on white, if the background was to be chosen.
    pub is_on_white: bool,
    /// Animations, of which the first frame was read.
    pub animated: usize,
    /// Files of several pages.
    pub stacks: usize,
    /// Pages of these.
    pub pages: usize,
    /// Pages of these that were not read.
    pub hidden_pages: usize,
    /// Pictures with infinite or NaN values, and file and page of the first of them.
    pub odd: usize,
    pub first_odd: Option<(u32, u32)>,
    /// Pictures whose white is not the largest value of their type, and the smallest and the
    /// largest white of all pictures except floats.
    pub own_white: usize,
    whites: Option<[u16; 2]>,
    /// Pictures that were enlarged.
    pub enlarged: usize,
    /// Pictures whose aspect ratio differs from the target size.
    pub reshaped: usize,
}

impl Tally {
    /// Counts a file with this many pages, of which some are read.
    pub(super) fn add_file(&mut self, is_animated: bool, pages: usize, read: usize) {
        self.animated += usize::from(is_animated);
        if pages > 1 {
            self.stacks += 1;
            self.pages += pages;
            self.hidden_pages += pages.saturating_sub(read);
        }
    }

    /// Counts the picture of a file and a page, which was resized to the wanted size.
    pub(super) fn add_page(&mut self, page: &Page, place: (u32, u32), wanted: TargetFormat) {
        let depth = Depth::of(&page.row);
        self.depths[depth as usize] += 1;
        let first = &mut self.firsts[depth as usize];
        *first = (*first).into_iter().chain([place]).min();
        match &page.row {
            Rows::U8(_) => {}
            Rows::U16(values) => {
                let most = values.iter().max().copied().unwrap_or_default();
                self.brightest = self.brightest.max(f32::from(most) / white_of(depth, page.white));
            }
            Rows::F32(values) => values.iter().for_each(|value| self.add_numbers([*value; 2])),
        }
        self.own_white += usize::from(page.white.is_some());
        match (page.white, depth) {
            (Some(white), _) => self.add_whites([white; 2]),
            (None, Depth::Byte) => self.add_whites([u8::MAX.into(); 2]),
            (None, Depth::Word) => self.add_whites([u16::MAX; 2]),
            (None, Depth::Float) => {}
        }
        let (is_enlarged, is_reshaped) = change(page.size, wanted);
        self.enlarged += usize::from(is_enlarged);
        self.reshaped += usize::from(is_reshaped);
        self.transparent += usize::from(page.is_transparent);
        self.add_sizes([page.size; 2]);
        if page.has_odd_numbers {
            self.odd += 1;
            self.first_odd = Some(self.first_odd.map_or(place, |first| first.min(place)));
        }
    }

    /// Adds other counts.
    pub(super) fn add(&mut self, other: &Tally) {
        for (depth, more) in self.depths.iter_mut().zip(other.depths) {
            *depth += more;
        }
        for (first, other) in self.firsts.iter_mut().zip(other.firsts) {
            *first = (*first).into_iter().chain(other).min();
        }
        self.brightest = self.brightest.max(other.brightest);
        if let Some(numbers) = other.numbers {
            self.add_numbers(numbers);
        }
        if let Some(sizes) = other.sizes {
            self.add_sizes(sizes);
        }
        if let Some(whites) = other.whites {
            self.add_whites(whites);
        }
        self.own_white += other.own_white;
        self.enlarged += other.enlarged;
        self.reshaped += other.reshaped;
        self.transparent += other.transparent;
        self.animated += other.animated;
        self.stacks += other.stacks;
        self.pages += other.pages;
        self.hidden_pages += other.hidden_pages;
        self.odd += other.odd;
        self.first_odd = self.first_odd.into_iter().chain(other.first_odd).min();
    }

    /// The value of white of all pictures, if they share one that is not the largest of their type.
    pub(super) fn white(&self) -> Option<u16> {
        let depths = self.depths.iter().filter(|count| **count > 0).count();
        let [least, most] = self.whites?;
        (self.own_white > 0 && depths == 1 && least == most).then_some(most)
    }

    /// Whether pictures have different whites, so that each was scaled to that of the type.
    pub(super) fn has_several_whites(&self) -> bool {
        self.own_white > 0 && self.white().is_none()
    }

    /// The smallest and the largest value of white, of pictures that are not floats.
    pub(super) fn whites(&self) -> Option<[u16; 2]> {
        self.whites
    }

    fn add_numbers(&mut self, [least, most]: [f32; 2]) {
        let [low, high] = self.numbers.unwrap_or([least, most]);
        self.numbers = Some([low.min(least), high.max(most)]);
    }

    fn add_whites(&mut self, [least, most]: [u16; 2]) {
        let [low, high] = self.whites.unwrap_or([least, most]);
        self.whites = Some([low.min(least), high.max(most)]);
    }

    fn add_sizes(&mut self, [small, large]: [(u32, u32); 2]) {
        let area = |size: (u32, u32)| (u64::from(size.0) * u64::from(size.1), size);
        let [least, most] = self.sizes.unwrap_or([small, large]);
        self.sizes = Some([
            if area(small) < area(least) { small } else { least },
            if area(large) > area(most) { large } else { most },
        ]);
    }
}

/// Whether a picture of this size is enlarged, and whether its aspect ratio differs from the target
/// by more than a fraction of a pixel.
fn change((width, height): (u32, u32), wanted: TargetFormat) -> (bool, bool) {
    let scales = [wanted.width as f64 / f64::from(width), wanted.height as f64 / f64::from(height)];
    let [low, high] = [scales[0].min(scales[1]), scales[0].max(scales[1])];
    let scale = match wanted.fit {
        Fit::Crop => high,
        Fit::Fit | Fit::Stretch => low,
    };
    let is_beyond = |side: u32, wanted: usize| f64::from(side) * high > wanted as f64 + 0.5;
    (scale > 1.0, is_beyond(width, wanted.width) || is_beyond(height, wanted.height))
}
