//! Scroll position of the list of samples: set by the wheel, by keys, or by going to a row. The
//! sample at the top stays there when the layout changes.

use std::collections::HashMap;

use egui::containers::scroll_area::ScrollAreaOutput;
use egui::{Id, Key, Modifiers, ScrollArea, Ui};

use super::filter::Filter;

/// A keyboard step through the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Start,
    PageUp,
    PageDown,
    End,
}

impl Step {
    const ALL: [Step; 4] = [Step::Start, Step::PageUp, Step::PageDown, Step::End];

    fn key(self) -> Key {
        match self {
            Step::Start => Key::Home,
            Step::PageUp => Key::PageUp,
            Step::PageDown => Key::PageDown,
            Step::End => Key::End,
        }
    }

    /// The step of a key pressed in this frame; the key is consumed.
    pub fn pressed(ui: &Ui) -> Option<Step> {
        let is_pressed = |step: &Step| ui.input_mut(|input| input.consume_key(Modifiers::NONE, step.key()));
        Step::ALL.into_iter().find(is_pressed)
    }
}

/// The layout of samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Lines {
    /// The scroll area they are in.
    pub area: Id,
    /// Number of samples, and samples per line.
    pub count: usize,
    pub across: usize,
    /// Height of a line, and of the visible part, in points.
    pub each: f32,
    pub view: f32,
}

impl Lines {
    /// Number of lines.
    pub fn len(&self) -> usize {
        self.count.div_ceil(self.across)
    }

    /// The scroll offset at which a line, or a fraction of one, is at the top.
    fn offset(&self, line: f64) -> f32 {
        (line * f64::from(self.each)) as f32
    }

    /// The maximum scroll offset, estimated before drawing.
    fn end(&self) -> f32 {
        ((self.len() as f64 * f64::from(self.each)) as f32 - self.view).max(0.0)
    }

    /// The line at the top, and the hidden fraction of it.
    fn top(&self, offset: f32) -> (usize, f64) {
        let lines = f64::from(offset) / f64::from(self.each);
        // Adding a hundredth of a line compensates for 32-bit rounding.
        let line = (lines + 0.01).max(0.0) as usize;
        (line, (lines - line as f64).max(0.0))
    }

    /// Converts a scroll offset of another layout: the sample at the top stays there.
    fn translated(&self, other: &Lines, offset: f32) -> f32 {
        if (other.across, other.each.to_bits()) == (self.across, self.each.to_bits()) {
            return offset;
        }
        let (line, hidden) = other.top(offset);
        self.offset((line * other.across / self.across) as f64 + hidden)
    }
}

/// The scroll state at the end of a frame: offset and maximum offset.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct ScrollState {
    pub offset: f32,
    pub end: f32,
}

impl ScrollState {
    pub fn of<R>(shown: &ScrollAreaOutput<R>) -> ScrollState {
        let end = (shown.content_size.y - shown.inner_rect.height()).max(0.0);
        ScrollState { offset: shown.state.clamped_offset().y, end }
    }
}

/// Scrolls an area to `offset` in this frame, if given. The area only knows the scroll range of the
/// last frame: an offset beyond it would bounce back and keep moving in later frames.
pub(super) fn scrolled(ui: &mut Ui, area: ScrollArea, offset: Option<f32>) -> ScrollArea {
    let Some(offset) = offset else { return area };
    let kinetic = &mut ui.spacing_mut().scroll.kinetic;
    (kinetic.decay_time, kinetic.rubber_band) = (0.0, false);
    area.vertical_scroll_offset(offset)
}

/// The scroll position of the list.
#[derive(Clone, Default)]
pub(super) struct Position {
    filter: Filter,
    /// The layout and offset of the user's last scrolling; `None` at the start. Positions in any
    /// other layout are derived from it, so that returning to the layout restores the position.
    left: Option<(Lines, f32)>,
    /// The positions in the lists of other filters.
    others: HashMap<Filter, (Lines, f32)>,
    /// The layout and scroll state of the last frame.
    last: Option<(Lines, ScrollState)>,
    /// The offset to scroll to in this frame.
    wanted: f32,
    step: Option<Step>,
    row: Option<u32>,
    /// The last row that the user went to.
    pub marked: Option<u32>,
    /// Whether the list or one of its samples has keyboard focus.
    pub has_focus: bool,
    /// Whether the list should get focus.
    pub wants_focus: bool,
}

impl Position {
    /// Switches to the list of a filter: to its start, or to its last position.
    pub fn switch_to(&mut self, filter: Filter) {
        if filter == self.filter {
            return;
        }
        let mut others = std::mem::take(&mut self.others);
        if let Some(left) = self.left {
            others.insert(self.filter, left);
        }
        *self = Position { filter, left: others.remove(&filter), others, ..Position::default() };
    }

    /// Takes a step. If a sample has focus, the list takes it, because the sample may scroll out of
    /// view.
    pub fn step(&mut self, step: Step) {
        (self.step, self.wants_focus) = (Some(step), self.has_focus);
    }

    /// Goes to a row of the data, or to the next one shown, and marks it.
    pub fn go_to(&mut self, row: u32) {
        (self.row, self.wants_focus) = (Some(row), true);
    }

    /// The offset to scroll to in this frame; `None` if unchanged. `find` returns the index and
    /// number of a row, or of the next one shown, once known.
    pub fn offset(&mut self, lines: &Lines, find: impl Fn(u32) -> Option<(usize, u32)>) -> Option<f32> {
        let end = match &self.last {
            Some((last, scroll_state)) if last == lines => scroll_state.end,
            Some(_) | None => lines.end(),
        };
        let stepped = self.step.take().map(|step| {
            let (top, _) = lines.top(self.wanted(lines, end));
            let page = ((lines.view / lines.each) as usize).max(1);
            match step {
                Step::Start => 0,
                Step::PageUp => top.saturating_sub(page),
                Step::PageDown => top + page,
                Step::End => lines.len(),
            }
        });
        let found = self.row.and_then(find);
        if let Some((_, row)) = found {
            (self.row, self.marked) = (None, Some(row));
        }
        if let Some(line) = found.map(|(place, _)| place / lines.across).or(stepped) {
            self.left = Some((*lines, lines.offset(line as f64).min(end)));
        }
        self.wanted = self.wanted(lines, end);
        let stood = self
            .last
            .filter(|(last, _)| last.area == lines.area)
            .map(|(_, scroll_state)| scroll_state.offset);
        (!stood.is_some_and(|stood| are_same(stood, self.wanted))).then_some(self.wanted)
    }

    /// Records the scroll state. A difference from the requested one means that the user has
    /// scrolled.
    pub fn record_scroll(&mut self, lines: &Lines, scroll_state: ScrollState) {
        if !are_same(scroll_state.offset, self.wanted.min(scroll_state.end)) {
            self.left = Some((*lines, scroll_state.offset));
        }
        self.last = Some((*lines, scroll_state));
    }

    /// Whether the requested offset needs another frame, because the scroll range was not known
    /// yet.
    pub fn is_moving(&self) -> bool {
        self.last.is_some_and(|(lines, scroll_state)| {
            !are_same(self.wanted(&lines, scroll_state.end), scroll_state.offset)
        })
    }

    /// The requested offset for this layout and maximum offset.
    fn wanted(&self, lines: &Lines, end: f32) -> f32 {
        self.left.map_or(0.0, |(left, offset)| lines.translated(&left, offset)).min(end)
    }
}

/// Whether two offsets are equal up to 32-bit rounding.
fn are_same(a: f32, b: f32) -> bool {
    (a - b).abs() <= 4.0 * f32::EPSILON * a.abs().max(b.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(across: usize) -> Lines {
        Lines { area: Id::NULL, count: 1_000_000, across, each: 16.0, view: 100.0 }
    }

    /// All rows pass.
    const FIND: fn(u32) -> Option<(usize, u32)> = |row| Some((row as usize, row));

    /// Simulates a scroll area with maximum offset `end`.
    fn scroll(position: &mut Position, lines: &Lines, end: f32) -> f32 {
        let before = position.last.map_or(0.0, |(_, scroll_state)| scroll_state.offset);
        let offset = position.offset(lines, FIND).unwrap_or(before).min(end);
        position.record_scroll(lines, ScrollState { offset, end });
        offset
    }

    /// Simulates scrolling with the wheel or the scroll bar.
    fn pull(position: &mut Position, lines: &Lines, offset: f32) {
        scroll(position, lines, lines.end());
        position.record_scroll(lines, ScrollState { offset, end: lines.end() });
    }

    #[test]
    fn keys_and_row_numbers_scroll_the_list() {
        let mut position = Position::default();
        let lines = lines(1);
        assert_eq!(scroll(&mut position, &lines, lines.end()), 0.0);
        // Six whole lines are visible, and the list ends at 16,000,000 points.
        for (step, expected) in [
            (Step::PageDown, 96.0),
            (Step::PageDown, 192.0),
            (Step::PageUp, 96.0),
            (Step::End, 15_999_900.0),
            (Step::PageDown, 15_999_900.0),
            (Step::PageUp, 15_999_792.0),
            (Step::Start, 0.0),
            (Step::PageUp, 0.0),
        ] {
            position.step(step);
            assert_eq!(scroll(&mut position, &lines, lines.end()), expected, "{step:?}");
            assert_eq!(position.offset(&lines, FIND), None, "it stays there");
        }
        for (row, expected) in [(70_000, 1_120_000.0), (999_999, 15_999_900.0), (0, 0.0)] {
            position.go_to(row);
            assert_eq!(position.offset(&lines, |_| None), None, "it is not known where it is yet");
            assert_eq!(scroll(&mut position, &lines, lines.end()), expected);
            assert_eq!(position.marked, Some(row));
            assert_eq!(position.offset(&lines, FIND), None, "it stays there");
        }
    }

    #[test]
    fn the_sample_at_the_top_stays_while_the_layout_changes() {
        let mut position = Position::default();
        let wide = lines(10);
        pull(&mut position, &wide, 1604.0);
        for (other, expected) in [
            // Sample 1,000 is in the top line, and a quarter of that line is hidden.
            (lines(7), 2276.0),
            (lines(30), 532.0),
            (Lines { each: 20.0, ..wide }, 2005.0),
            (lines(1), 16_004.0),
            // The end of a list with more height, with fewer lines, or without scrolling.
            (Lines { view: 1_599_900.0, ..wide }, 100.0),
            (Lines { count: 1_000, ..wide }, 1_500.0),
            (Lines { count: 30, ..wide }, 0.0),
            (Lines { area: Id::unique("other"), ..wide }, 1604.0),
            (wide, 1604.0),
        ] {
            assert_eq!(scroll(&mut position, &other, other.end()), expected, "{other:?}");
            assert!(!position.is_moving());
        }
    }

    #[test]
    fn a_late_scroll_range_does_not_move_the_list() {
        let mut position = Position::default();
        let wide = lines(10);
        position.step(Step::End);
        assert_eq!(scroll(&mut position, &wide, wide.end()), 1_599_900.0);
        // The scroll bar of a new area takes up space from the second frame on.
        let other = Lines { area: Id::unique("other"), ..wide };
        assert_eq!(scroll(&mut position, &other, 1_599_890.0), 1_599_890.0);
        assert!(!position.is_moving(), "it is at its end");
        assert_eq!(scroll(&mut position, &other, 1_599_900.0), 1_599_890.0);
        assert!(position.is_moving());
        assert_eq!(scroll(&mut position, &other, 1_599_900.0), 1_599_900.0);
        assert!(!position.is_moving());
    }

    #[test]
    fn the_list_keeps_the_users_scroll_position() {
        let mut position = Position::default();
        let wide = lines(10);
        pull(&mut position, &wide, 1600.0);
        // The user scrolls in the frame in which the layout changes.
        pull(&mut position, &lines(5), 3240.0);
        assert_eq!(position.offset(&lines(5), FIND), None);
        // Sample 1,010 is the first of line 202, and of line 101 in the other layout.
        assert_eq!(scroll(&mut position, &lines(5), lines(5).end()), 3240.0);
        assert_eq!(scroll(&mut position, &wide, wide.end()), 1624.0);
    }

    #[test]
    fn each_filter_has_its_own_position() {
        let mut position = Position::default();
        let (all, some) = (Filter::default(), Filter { class: Some(3), subset: None });
        let wide = lines(10);
        pull(&mut position, &wide, 1600.0);
        for (filter, expected) in [(some, 0.0), (all, 1600.0), (all, 1600.0)] {
            position.switch_to(filter);
            assert_eq!(scroll(&mut position, &wide, wide.end()), expected, "{filter:?}");
        }
    }
}
