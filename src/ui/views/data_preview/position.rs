//! Where the list of samples is scrolled to: by the wheel, by keys, to a row. The sample at its top
//! stays there while the list is laid out otherwise.

use egui::{Id, Key, Modifiers, Ui};

/// A step that a key takes through the list.
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

    /// The step whose key was pressed in this frame; the key does nothing else.
    pub fn pressed(ui: &Ui) -> Option<Step> {
        let is_pressed = |step: &Step| ui.input_mut(|input| input.consume_key(Modifiers::NONE, step.key()));
        Step::ALL.into_iter().find(is_pressed)
    }
}

/// How samples are laid out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Lines {
    /// The scroll area they are in.
    pub area: Id,
    /// How many there are, and how many of them side by side.
    pub count: usize,
    pub across: usize,
    /// Height of a line, and of what is in sight, in points.
    pub each: f32,
    pub view: f32,
}

impl Lines {
    /// How many lines there are.
    pub fn len(&self) -> usize {
        self.count.div_ceil(self.across)
    }

    /// How far the list is scrolled where a line is at its top, or as far as it can be.
    fn offset(&self, line: usize) -> f32 {
        let each = f64::from(self.each);
        let most = (self.len() as f64 * each - f64::from(self.view)).max(0.0);
        (line as f64 * each).min(most) as f32
    }
}

/// Where the list is.
#[derive(Clone, Default)]
pub(super) struct Position {
    /// The place of the sample at the top left.
    first: usize,
    /// The layout in which it was: scroll area, samples side by side, height of a line.
    layout: Option<(Id, usize, u32)>,
    step: Option<Step>,
    row: Option<u32>,
    /// The line that the list was scrolled to in the last frame. It is scrolled there once more: an
    /// area that did not know its height yet takes the first time for a pull beyond its end, and
    /// springs back.
    again: Option<usize>,
    /// The row that was gone to last.
    pub marked: Option<u32>,
    /// Whether the list or one of its samples has the keyboard.
    pub has_focus: bool,
    /// Whether the list is to get it.
    pub wants_focus: bool,
}

impl Position {
    /// Takes a step. Where a sample has the keyboard the list gets it, as the sample may scroll out
    /// of sight.
    pub fn step(&mut self, step: Step) {
        (self.step, self.wants_focus) = (Some(step), self.has_focus);
    }

    /// Goes to a row of the data, or the next one that is shown, and marks it.
    pub fn go_to(&mut self, row: u32) {
        (self.row, self.wants_focus) = (Some(row), true);
    }

    /// How far the list is to be scrolled in this frame; `None` where it stays as it is. `find`
    /// gives the place of a row, or of the next one that is shown, and that row, once it is known.
    pub fn offset(&mut self, lines: &Lines, find: impl Fn(u32) -> Option<(usize, u32)>) -> Option<f32> {
        let top = self.first / lines.across;
        let page = ((lines.view / lines.each) as usize).max(1);
        let stepped = self.step.take().map(|step| match step {
            Step::Start => 0,
            Step::PageUp => top.saturating_sub(page),
            Step::PageDown => top + page,
            Step::End => lines.len(),
        });
        let found = self.row.and_then(find);
        if let Some((_, row)) = found {
            (self.row, self.marked) = (None, Some(row));
        }
        let is_kept = self.layout == Some(layout(lines));
        let gone_to = found.map(|(place, _)| place / lines.across);
        let line = gone_to.or(stepped).or((!is_kept).then_some(top));
        let again = self.again.take();
        self.again = line;
        line.or(again).map(|line| lines.offset(line))
    }

    /// Whether another frame is needed until the list stands where it was scrolled to.
    pub fn is_moving(&self) -> bool {
        self.again.is_some()
    }

    /// Takes in how far the list is scrolled.
    pub fn settle(&mut self, lines: &Lines, offset: f32) {
        let offset = self.again.map_or(offset, |line| lines.offset(line));
        // A hundredth of a line is for what 32 bits round off.
        let line = (offset / lines.each + 0.01).max(0.0) as usize;
        if line != self.first / lines.across {
            self.first = line * lines.across;
        }
        self.layout = Some(layout(lines));
    }
}

fn layout(lines: &Lines) -> (Id, usize, u32) {
    (lines.area, lines.across, lines.each.to_bits())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(across: usize) -> Lines {
        Lines { area: Id::NULL, count: 1_000_000, across, each: 16.0, view: 100.0 }
    }

    /// All rows pass.
    const FIND: fn(u32) -> Option<(usize, u32)> = |row| Some((row as usize, row));

    /// The list is where it was scrolled to once it was scrolled there twice, wherever the area was
    /// in between.
    fn stand(position: &mut Position, lines: &Lines, expected: f32) {
        position.settle(lines, 0.4 * expected);
        assert!(position.is_moving());
        assert_eq!(position.offset(lines, FIND), Some(expected));
        position.settle(lines, expected);
        assert!(!position.is_moving());
    }

    #[test]
    fn steps_and_rows_are_gone_to() {
        let mut position = Position::default();
        let lines = lines(1);
        position.settle(&lines, 0.0);
        // Six whole lines are in sight, and the list ends at 16,000,000 points.
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
            assert_eq!(position.offset(&lines, FIND), Some(expected), "{step:?}");
            stand(&mut position, &lines, expected);
            assert_eq!(position.offset(&lines, FIND), None, "it stays there");
        }
        for (row, expected) in [(70_000, 1_120_000.0), (999_999, 15_999_900.0), (0, 0.0)] {
            position.go_to(row);
            assert_eq!(position.offset(&lines, |_| None), None, "it is not known where it is yet");
            assert_eq!(position.offset(&lines, FIND), Some(expected));
            assert_eq!(position.marked, Some(row));
            stand(&mut position, &lines, expected);
        }
    }

    #[test]
    fn the_sample_at_the_top_stays_while_the_width_changes() {
        let mut position = Position::default();
        position.settle(&lines(10), 0.0);
        position.settle(&lines(10), 1600.0);
        for (across, expected) in [(7, 142.0), (30, 33.0), (1, 1000.0), (10, 100.0)] {
            // The sample of place 1,000 is at the top, or in the line that is.
            let offset = position.offset(&lines(across), FIND);
            assert_eq!(offset, Some(16.0 * expected), "{across} side by side");
            position.settle(&lines(across), 16.0 * expected);
        }
        stand(&mut position, &lines(10), 1600.0);
        let mut few = Lines { count: 3, ..lines(10) };
        assert_eq!(position.offset(&few, FIND), None, "the scroll area knows its end");
        few.across = 2;
        assert_eq!(position.offset(&few, FIND), Some(0.0));
    }
}
