//! Samples in display order, and their selection by clicking.

use std::ops::Range;

use egui::{Modifiers, Response, Role, Ui, WidgetInfo};

use super::super::sample::row_name;
use super::page::Page;
use crate::dataset::Dataset;
use crate::ui::state::{Selection, SelectionMode, SetRows};

/// Rows of the data in display order.
pub(super) enum Listing<'a> {
    /// The order of the data.
    Set(&'a SetRows<'a>),
    /// Another order.
    Ordered(&'a [u32]),
}

/// The displayed samples and their context.
pub(super) struct Drawn<'a> {
    pub data: &'a Dataset,
    pub listing: &'a Listing<'a>,
    pub page: &'a Page,
    pub selection: &'a Selection,
}

/// The result of drawing samples.
#[derive(Default)]
pub(super) struct Seen {
    /// The indices of the visible samples.
    pub places: Range<usize>,
    /// The index of the clicked sample.
    pub clicked: Option<usize>,
}

impl Listing<'_> {
    /// Number of rows.
    pub fn len(&self) -> usize {
        match self {
            Listing::Set(rows) => rows.len(),
            Listing::Ordered(rows) => rows.len(),
        }
    }

    /// The rows at the given indices.
    pub fn part(&self, places: Range<usize>) -> Vec<u32> {
        match self {
            Listing::Set(rows) => rows.part(places.start, places.len()),
            Listing::Ordered(rows) => {
                let end = places.end.min(rows.len());
                rows.get(places.start.min(end)..end).unwrap_or_default().to_vec()
            }
        }
    }
}

impl Drawn<'_> {
    /// Sets the accessible name of a sample; returns whether it is selected.
    pub fn name(&self, ui: &Ui, response: &Response, row: u32) -> bool {
        let is_selected = self.selection.contains(self.data.fingerprint, row);
        let name = row_name(self.data, row);
        response.widget_info(|| {
            let mut info = WidgetInfo::labeled(Role::Image, ui.is_enabled(), &name);
            info.selected = Some(is_selected);
            info
        });
        is_selected
    }
}

/// The rows selected by a click in a list. A plain click selects one sample, Ctrl toggles it, and
/// Shift selects all from the one clicked before. `part` returns the rows at the given indices.
pub(in crate::ui::views) fn clicked(
    part: impl Fn(Range<usize>) -> Vec<u32>,
    place: usize,
    anchor: Option<usize>,
    modifiers: Modifiers,
    is_selected: impl Fn(u32) -> bool,
) -> (Vec<u32>, SelectionMode) {
    if let (true, Some(anchor)) = (modifiers.shift, anchor) {
        let (from, to) = (anchor.min(place), anchor.max(place));
        return (part(from..to + 1), SelectionMode::Replace);
    }
    let rows = part(place..place + 1);
    let mode = match rows.first() {
        Some(row) if modifiers.command && is_selected(*row) => SelectionMode::Subtract,
        Some(_) if modifiers.command => SelectionMode::Add,
        Some(_) | None => SelectionMode::Replace,
    };
    (rows, mode)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_click_selects_as_in_any_list() {
        let rows = [9, 4, 7, 1, 3];
        let listing = Listing::Ordered(&rows);
        let check = |place, anchor, modifiers, expected: &[u32], mode| {
            let found = clicked(|places| listing.part(places), place, anchor, modifiers, |row| row == 4);
            assert_eq!(found, (expected.to_vec(), mode));
        };
        check(2, Some(0), Modifiers::NONE, &[7], SelectionMode::Replace);
        check(1, None, Modifiers::COMMAND, &[4], SelectionMode::Subtract);
        check(0, None, Modifiers::COMMAND, &[9], SelectionMode::Add);
        check(3, Some(1), Modifiers::SHIFT, &[4, 7, 1], SelectionMode::Replace);
        check(1, Some(3), Modifiers::SHIFT, &[4, 7, 1], SelectionMode::Replace);
        check(4, None, Modifiers::SHIFT, &[3], SelectionMode::Replace);
        assert_eq!((listing.part(3..9), listing.part(7..9)), (vec![1, 3], vec![]));
    }
}
