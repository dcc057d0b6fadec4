//! Saves the comparison of the selection with the other samples in the shown run.

use crate::run::{Checkpoint, Finding, Run, RunId};
use crate::session::{Measured, number_of};
use crate::ui::state::{Compared, Moment, State};

/// Number of rows listed in the name of an unnamed selection.
const LISTED: usize = 6;

impl State {
    /// The comparison to save in the shown run. `None` if it is not computed yet, if the data are
    /// neither the run's own nor shown to it, or if the run has no weights.
    pub fn comparison_finding(&self) -> Option<(RunId, Finding)> {
        let (run, checkpoint, compared) = self.known_comparison()?;
        let measured = Measured::of(checkpoint, compared.found.selected);
        // The errors may belong to the weights of the displayed epoch.
        let epoch = match self.known_errors(run).map(|errors| errors.subject.moment) {
            Some(Moment::Epoch(epoch)) => epoch,
            Some(Moment::Step(_)) | None => measured.epoch,
        };
        Some((run.id, Measured { epoch, ..measured }.selection(&self.selection_name(), &compared.found)))
    }

    /// Whether there is a comparison to save. Cheap, because views call it every frame.
    pub fn is_compared(&self) -> bool {
        self.known_comparison().is_some()
    }

    /// The shown run, its checkpoint and the comparison.
    fn known_comparison(&self) -> Option<(&Run, &Checkpoint, &Compared)> {
        let run = self.shown().filter(|_| self.is_selection_of_run())?;
        let checkpoint = run.checkpoint.as_deref()?;
        let (of, _) = self.comparison_stamps()?;
        let compared = self.scored.compared.as_ref().filter(|compared| compared.of == of)?;
        (!self.selected().is_empty()).then_some((run, checkpoint, compared))
    }

    /// Saves the comparison in the run; can be undone.
    pub fn keep_comparison(&mut self) {
        if let Some((id, finding)) = self.comparison_finding() {
            self.keep_finding(id, finding);
        }
    }

    /// The name of the selection if it was saved, else its first rows.
    fn selection_name(&self) -> String {
        let Some(data) = self.selectable() else { return String::new() };
        let rows = self.selection.rows(data.fingerprint);
        let is_this = |own: &mut dyn Iterator<Item = u32>| own.eq(rows.iter().copied());
        let mut named = self.project.selections.iter().filter(|named| named.fingerprint == data.fingerprint);
        if let Some(named) = named.find(|named| is_this(&mut named.rows.below(data.len()))) {
            return named.name.clone();
        }
        let listed: Vec<String> =
            rows.iter().take(LISTED).map(|row| number_of(data, *row).to_string()).collect();
        let more = if rows.len() > LISTED { ", …" } else { "" };
        let word = if rows.len() == 1 { "row" } else { "rows" };
        format!("{word} {}{more} of {}", listed.join(", "), data.name)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::run::FindingKind;
    use crate::session::{Comparison, Difference, Moments};
    use crate::ui::state::SelectionMode;
    use crate::ui::views::samples;

    #[test]
    fn a_comparison_is_saved_with_the_run_and_can_be_undone() {
        let data = samples::table(40, 3);
        let mut run = samples::run(3, 20);
        samples::keep(&mut run, &data, &[0, 20], 2, false);
        run.fingerprint = data.fingerprint;
        run.checkpoint = Some(Arc::new(samples::checkpoint(data.shape, 20)));
        let mut state = State { runs: vec![run], ..State::default() };
        let fingerprint = data.fingerprint;
        state.data.dataset = Some(Arc::new(data));
        state.selection.apply(fingerprint, vec![2, 5], SelectionMode::Replace);
        assert!(state.comparison_finding().is_none(), "it is not known yet");
        let (of, like) = state.comparison_stamps().expect("data");
        let moments = |mean| Moments { count: 2, mean, std: 1.0 };
        let height = Difference { name: "height".to_owned(), selected: moments(3.0), others: moments(1.0) };
        let found = Comparison { selected: 2, others: 38, columns: vec![height], ..Comparison::default() };
        state.scored.compared = Some(Compared { of, like, found: Arc::new(found) });
        state.keep_comparison();
        let kept = |state: &State| state.runs[0].results.iter().cloned().collect::<Vec<_>>();
        let findings = kept(&state);
        assert_eq!(findings.len(), 1);
        let (kind, values) = (findings[0].kind, &findings[0].values);
        assert_eq!((kind, findings[0].samples), (FindingKind::Selection, 2));
        assert!(findings[0].about.contains(", 2 selected, 38 others"), "{}", findings[0].about);
        let names: Vec<&str> = values.iter().map(|(name, _)| &**name).collect();
        assert_eq!(names, ["height, selected", "height, others", "height, difference in deviations"]);
        assert_eq!(values.iter().map(|(_, value)| *value).collect::<Vec<_>>(), [3.0, 1.0, 2.0]);
        state.undo();
        assert_eq!(kept(&state), []);
        state.redo();
        assert_eq!(kept(&state), findings);
        // The newest of equal selections is kept, under its name if it has one.
        state.keep_comparison();
        assert_eq!(kept(&state).len(), 1);
        state.undo();
        assert_eq!(kept(&state), findings, "what it replaced comes back");
        state.redo();
        assert_eq!(kept(&state).len(), 1);
        state.name_selection();
        state.keep_comparison();
        let abouts: Vec<String> = kept(&state).into_iter().map(|finding| finding.about).collect();
        assert!(abouts.len() == 2 && abouts[1].starts_with("selection"), "{abouts:?}");
    }
}
