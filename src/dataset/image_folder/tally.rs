use crate::dataset::picture::{Depth, Page};

/// What was met while the pictures of a folder were read; the same in whatever order they are.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    /// Pictures of each depth.
    pub depths: [usize; 3],
    /// Width and height of the smallest and the largest picture.
    pub sizes: Option<[(u32, u32); 2]>,
    /// Pictures with transparent parts.
    pub transparent: usize,
    /// Whether these were laid on white, where the ground was to be chosen.
    pub is_on_white: bool,
    /// Films, of which the first frame was read.
    pub animated: usize,
    /// Files of several pages.
    pub stacks: usize,
    /// Pages of these.
    pub pages: usize,
    /// Pages of these that were not read.
    pub hidden_pages: usize,
    /// Pictures with numbers that are infinite or none, and the first of their files.
    pub odd: usize,
    pub first_odd: Option<u32>,
}

impl Tally {
    /// Counts a file of so many pages, of which some are read.
    pub(super) fn add_file(&mut self, is_animated: bool, pages: usize, read: usize) {
        self.animated += usize::from(is_animated);
        if pages > 1 {
            self.stacks += 1;
            self.pages += pages;
            self.hidden_pages += pages.saturating_sub(read);
        }
    }

    /// Counts a picture.
    pub(super) fn add_page(&mut self, page: &Page, file: u32) {
        self.depths[Depth::of(&page.row) as usize] += 1;
        self.transparent += usize::from(page.is_transparent);
        self.add_sizes([page.size; 2]);
        if page.has_odd_numbers {
            self.odd += 1;
            self.first_odd = Some(self.first_odd.map_or(file, |first| first.min(file)));
        }
    }

    /// Adds what was counted apart.
    pub(super) fn add(&mut self, other: &Tally) {
        for (depth, more) in self.depths.iter_mut().zip(other.depths) {
            *depth += more;
        }
        if let Some(sizes) = other.sizes {
            self.add_sizes(sizes);
        }
        self.transparent += other.transparent;
        self.animated += other.animated;
        self.stacks += other.stacks;
        self.pages += other.pages;
        self.hidden_pages += other.hidden_pages;
        self.odd += other.odd;
        self.first_odd = self.first_odd.into_iter().chain(other.first_odd).min();
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
