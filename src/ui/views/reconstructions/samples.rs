//! The displayed samples: watched ones at an epoch, or those of a set with the newest weights.

use std::ops::Range;
use std::sync::Arc;

use egui::Ui;

use super::figure::ShownSamples;
use super::lines::{numbers_ui, profiles_ui};
use super::listing::{Drawn, Listing, Seen, clicked};
use super::pictures::pictures_ui;
use super::{ReconstructionsInput, ReconstructionsOutput, ReconstructionsView};
use crate::dataset::Dataset;
use crate::prepared::Given;
use crate::run::{Kept, Run};
use crate::session::Order;
use crate::ui::plots::{color, palette, stamp_of};
use crate::ui::state::{NeededSamples, ResolvedSet, Set};

/// Shows the watched samples at an epoch.
pub(super) fn watched_ui(
    ui: &mut Ui,
    input: &ReconstructionsInput<'_>,
    view: &mut ReconstructionsView,
    run: &Run,
    data: &Dataset,
    kept: &Arc<Kept>,
    output: &mut ReconstructionsOutput,
) {
    let features = data.shape.features().max(1);
    let count = run.kept.probe.picture_rows.len().min(kept.reconstructions.len() / features);
    let rows = &run.kept.probe.picture_rows[..count];
    let of = input.resolved.as_ref().map(ResolvedSet::values_stamp);
    let values = input.scored.values.as_ref().filter(|(own, _)| Some(*own) == of && view.has_linear);
    let linear = values.map(|(_, values)| values);
    let channels = view.channels(run);
    view.page.watched(ui, run, data, kept, linear, &channels);
    let stamp = stamp_of((view.page.stamp(), view.order));
    if view.watched_order.0 != stamp {
        let errors = view.page.made.errors_by_row(data);
        view.watched_order = (stamp, view.order.of(data, rows.to_vec(), &errors));
    }
    let ordered = view.watched_order.1.clone();
    samples_ui(ui, input, view, data, &Listing::Ordered(&ordered), stamp, output);
    view.samples = ShownSamples { fingerprint: data.fingerprint, are_watched: true, rows: ordered };
    let is_corrupted = view.is_corrupted;
    output.wanted =
        view.has_linear.then(|| NeededSamples { has_linear: true, is_corrupted, ..NeededSamples::default() });
}

/// Shows the samples of a set with the outputs of the network.
pub(super) fn set_ui(
    ui: &mut Ui,
    input: &ReconstructionsInput<'_>,
    view: &mut ReconstructionsView,
    resolved: &ResolvedSet<'_>,
    output: &mut ReconstructionsOutput,
) {
    let like = resolved.order_stamp(view.order);
    let ordered = input.scored.ordered.as_ref().filter(|ordered| ordered.like == like);
    let (listing, stamp) = match ordered {
        Some(ordered) if view.order != Order::Data => (Listing::Ordered(&ordered.rows), ordered.of),
        Some(_) | None => (Listing::Set(&resolved.rows), like),
    };
    let given = Given::of(resolved.run, matches!(view.set, Set::Other(_)));
    let like = resolved.subject.samples_stamp();
    match input.scored.pictures.as_ref().filter(|pictured| pictured.like == like) {
        Some(pictured) => view.page.of_set(ui, resolved.run, resolved.data, given, pictured),
        None => view.page.clear(),
    }
    let seen = samples_ui(ui, input, view, resolved.data, &listing, stamp, output);
    view.see(stamp, seen.places.clone(), listing.len());
    let rows = listing.part(seen.places);
    view.samples = ShownSamples { fingerprint: resolved.data.fingerprint, are_watched: false, rows };
    let (scored, all) = (input.scored, resolved.rows.len());
    if !scored.is_waiting(false) && !scored.failed(&resolved.subject) && resolved.scanned(scored) < all {
        // Keep searching for the next rows.
        ui.ctx().request_repaint();
    }
    output.wanted = Some(NeededSamples {
        set: view.set.clone(),
        order: view.order,
        is_corrupted: view.is_corrupted,
        rows: listing.part(view.window.1.clone()),
        has_linear: view.has_linear,
        channels: view.channels(resolved.run),
    });
}

/// Shows samples, and handles clicks on them.
fn samples_ui(
    ui: &mut Ui,
    input: &ReconstructionsInput<'_>,
    view: &mut ReconstructionsView,
    data: &Dataset,
    listing: &Listing<'_>,
    stamp: u64,
    output: &mut ReconstructionsOutput,
) -> Seen {
    ui.painter().rect_filled(ui.available_rect_before_wrap(), 0.0, color(palette(ui).plot));
    let brightest = view.page.brightest(data);
    let drawn = Drawn { data, listing, page: &view.page, selection: input.sets.selection };
    let seen = match (data.shown().is_some(), view.has_numbers) {
        (true, _) => pictures_ui(ui, &drawn, brightest),
        (false, true) => numbers_ui(ui, &drawn),
        (false, false) => profiles_ui(ui, &drawn),
    };
    if let Some(place) = seen.clicked {
        let anchor = view.anchor.filter(|anchor| anchor.0 == stamp).map(|anchor| anchor.1);
        let modifiers = ui.input(|input| input.modifiers);
        let is_selected = |row: u32| input.sets.selection.contains(data.fingerprint, row);
        let (rows, mode) = clicked(|places| listing.part(places), place, anchor, modifiers, is_selected);
        output.select = Some((data.fingerprint, rows, mode));
        if !modifiers.shift || anchor.is_none() {
            view.anchor = Some((stamp, place));
        }
    }
    seen
}

impl ReconstructionsView {
    /// The channels of the code to show; none for vector codes.
    fn channels(&mut self, run: &Run) -> Vec<usize> {
        if self.has_code { self.strongest.of(run) } else { Vec::new() }
    }

    /// Records the visible indices. Half as many on either side are also requested, so that
    /// scrolling rarely triggers new requests.
    fn see(&mut self, stamp: u64, places: Range<usize>, count: usize) {
        let (of, known) = &self.window;
        let is_known = *of == stamp && known.start <= places.start && places.end <= known.end;
        if !is_known {
            let more = places.len() / 2;
            let wide = places.start.saturating_sub(more)..(places.end + more).min(count);
            self.window = (stamp, wide);
        }
    }
}
