//! Shows files to the network of a run, without changing the data of the design.

use std::path::PathBuf;
use std::sync::Arc;

use crate::check::Severity;
use crate::dataset::DataError;
use crate::project::{Mask, OtherData, Shape, ShownSize, Source, format_count, visible};
use crate::run::{Run, RunId};
use crate::session::{Request, Shown};
use crate::ui::state::{Dialog, Offer, PathDialog, Purpose, RECONSTRUCTIONS_VIEW, Set, ShowRequest, State};

/// Beginning of the notification that offers to load the other data of a project.
const OTHERS: &str = "This project has other data";

/// Part of the notification that files cannot be shown; it stays until others are requested.
const FAILED: &str = " cannot be shown to run ";

impl State {
    /// The run that other data can be shown to: the shown run, if it has weights.
    pub fn trained_run(&self) -> Option<&Run> {
        self.shown().filter(|run| run.checkpoint.is_some())
    }

    /// Asks for a file or folder to show to the network of the shown run.
    pub fn ask_other(&mut self) {
        let Some(run) = self.trained_run().map(|run| run.id) else { return };
        let near = self.project.data.source.path().and_then(|path| path.parent());
        let text =
            near.map_or_else(String::new, |near| format!("{}{}", near.display(), std::path::MAIN_SEPARATOR));
        self.dialog = Some(Dialog::Path(PathDialog::new(Purpose::Show(run), text)));
    }

    /// Shows files to the network of a run as one set, optionally with the holes of a mask and in a
    /// given size.
    pub fn show_to(&mut self, run: RunId, paths: Vec<PathBuf>, mask: Option<Mask>, size: Option<ShownSize>) {
        let absolute = |path: PathBuf| std::path::absolute(&path).unwrap_or(path);
        let paths: Vec<PathBuf> = paths.into_iter().map(absolute).collect();
        let mask = mask.map(|mask| Mask { path: absolute(mask.path), ..mask });
        let is_known = |other: &&OtherData| (&other.paths, &other.mask, other.size) == (&paths, &mask, size);
        let known = self.project.others.iter().find(is_known).cloned();
        let other = known.unwrap_or_else(|| {
            let name = self.free_other_name(&paths, mask.is_some());
            OtherData { name, paths, mask, size }
        });
        self.enqueue(run, other);
    }

    /// Loads the missing other data of the project for the shown run.
    pub fn reload_others(&mut self) {
        self.notices.remove_outdated(OTHERS);
        let Some(run) = self.trained_run().map(|run| run.id) else { return };
        for other in self.missing_others().cloned().collect::<Vec<_>>() {
            self.enqueue(run, other);
        }
    }

    /// The other data of the project that are not loaded for the shown run.
    fn missing_others(&self) -> impl Iterator<Item = &OtherData> {
        self.project.others.iter().filter(|other| !self.others.contains_key(&other.name))
    }

    /// Removes other data; those of the project can be restored by undo and loaded again.
    pub fn remove_other(&mut self, name: &str) {
        self.edit(|project, _| project.others.retain(|other| other.name != name));
        self.refresh(false);
    }

    /// Offers to load missing other data of the project.
    fn offer_others(&mut self) {
        let count = self.missing_others().count();
        if count == 0 || self.trained_run().is_none() {
            return;
        }
        let names: Vec<_> = self.missing_others().take(3).map(|other| visible(&other.name)).collect();
        let more = if count > names.len() { ", …" } else { "" };
        let text = format!("{OTHERS}, which are not loaded: {}{more}.", names.join(", "));
        self.notices.remove_outdated(OTHERS);
        self.notices.offer(Severity::Info, text, Offer::Others);
    }

    /// Updates the other data shown to the current run: those that are listed and were read for it.
    pub(super) fn follow_others(&mut self) {
        if self.showing.switch_to(self.shown().map(|run| (run.id, run.started_unix_secs))) {
            self.scored.clear_located();
        }
        let lacks = self.showing.retain(&self.project.others);
        self.others = self.showing.of(self.shown());
        if lacks {
            self.offer_others();
        }
        self.scored.located.retain(|name, _| self.others.contains_key(name));
    }

    /// Updates the progress of the current request.
    pub(super) fn show_progress(&mut self, request: u64, progress: (u64, u64)) {
        if self.showing.is_of(request) {
            self.showing.progress = Some(progress);
        }
    }

    /// Stores loaded files.
    pub(super) fn handle_shown(&mut self, request: u64, shown: Shown) {
        if !self.showing.is_of(request) {
            return;
        }
        let Some(ShowRequest { run: id, other }) = self.showing.end() else { return };
        let Shown { mut data, doubts } = shown;
        let name = visible(&other.name).into_owned();
        // The run determines how they are read, so there is no choice to offer.
        let doubted = std::mem::take(&mut data.doubts).into_iter().chain(doubts);
        data.warnings.extend(doubted.map(|doubt| visible(&doubt.message).into_owned()));
        data.overview = Vec::new();
        for warning in &data.warnings {
            self.notices.log(Severity::Warning, format!("{name}: {warning}"));
        }
        let doubted = match data.warnings.len() {
            0 => String::new(),
            1 => "; the log has a warning".to_owned(),
            warned => format!("; the log has {warned} warnings"),
        };
        self.notices.log(Severity::Info, format!("{name}: {}.", data.read_report.line));
        // The run may have been deleted in the meantime.
        if let Some(run) = self.runs.iter().find(|run| run.id == id) {
            let count = format_count(data.len());
            let samples = if data.len() == 1 { "sample" } else { "samples" };
            self.notices
                .say(Severity::Info, format!("{name}: {count} {samples} shown to run {id}{doubted}."));
            self.showing.keep(&other.name, run, Arc::new(data));
            self.view.set = Some(Set::Other(other.name.clone()));
            self.view.show = Some(RECONSTRUCTIONS_VIEW);
            if !self.project.others.contains(&other) {
                self.edit(|project, _| project.others.push(other));
            }
        }
        self.refresh(false);
        self.ask_next_shown();
    }

    /// Handles files that could not be shown.
    pub(super) fn not_shown(&mut self, request: u64, error: &DataError) {
        if !self.showing.is_of(request) {
            return;
        }
        let Some(ShowRequest { run, other }) = self.showing.end() else { return };
        if *error == DataError::Cancelled {
            self.showing.give_up();
            self.notices.log(Severity::Info, "Loading was cancelled.");
        } else {
            let name = visible(&other.name).into_owned();
            self.notices.say(Severity::Error, format!("{name}{FAILED}{run}. {error}"));
        }
        self.ask_next_shown();
    }

    fn enqueue(&mut self, run: RunId, other: OtherData) {
        self.notices.toasts.retain(|toast| !toast.text.contains(FAILED));
        self.showing.enqueue(ShowRequest { run, other });
        self.ask_next_shown();
    }

    /// Requests the next files in the queue unless a request is pending.
    fn ask_next_shown(&mut self) {
        while let Some(ShowRequest { run, other }) = self.showing.next() {
            let (paths, mask, size) = (other.paths.clone(), other.mask.clone(), other.size);
            let Some(run) = self.find_run(*run).cloned().map(Box::new) else {
                // The run was deleted in the meantime.
                self.showing.skip();
                continue;
            };
            let request = self.next_job;
            self.next_job += 1;
            self.showing.expect(request);
            self.send(Request::Show { request, run, paths, mask, size });
        }
    }

    /// An unused name for the set of these files.
    fn free_other_name(&self, paths: &[PathBuf], is_masked: bool) -> String {
        let name =
            |path: &PathBuf| path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        let first = paths.first().map_or_else(String::new, name);
        let name = match paths.len() {
            0 | 1 => first,
            several => format!("{first} and {} more", several - 1),
        };
        let name = if is_masked { format!("{name} with holes") } else { name };
        let waits = self.showing.names();
        let is_taken =
            |name: &str| self.project.others.iter().any(|other| other.name == name) || waits.contains(&name);
        let numbered = (2_usize..).map(|number| format!("{name} ({number})"));
        let mut names = std::iter::once(name.clone()).chain(numbered);
        names.find(|name| !is_taken(name)).unwrap_or_default()
    }
}

/// Whether a source resembles the training data of a run.
pub(super) fn is_alike(run: &Run, source: &Source) -> bool {
    match (source, run.shape) {
        (Source::ImageFolder { .. } | Source::Idx { .. }, Shape::Image { .. })
        | (Source::Csv { .. }, Shape::Vector(_))
        | (Source::Npy { .. }, _) => true,
        (Source::ImageFolder { .. } | Source::Idx { .. }, Shape::Vector(_))
        | (Source::Csv { .. }, Shape::Image { .. })
        | (Source::Digits | Source::Synthetic(_), _) => false,
    }
}

#[cfg(test)]
#[allow(clippy::wildcard_enum_match_arm, reason = "a test looks for one kind among many")]
mod tests {
    use super::*;
    use crate::dataset::{Dataset, Doubt};
    use crate::project::HoleShade;
    use crate::ui::files::DropKind;
    use crate::ui::state::Effect;
    use crate::ui::views::samples;

    /// A window with a trained run on pictures.
    fn state() -> State {
        let mut state = State::default();
        let mut run = samples::run(2, 3);
        run.checkpoint = Some(Arc::new(samples::checkpoint(run.shape, 3)));
        state.runs = vec![run];
        state
    }

    /// The newest request to show files: its number, and the files.
    fn asked(state: &State) -> Option<(u64, Vec<PathBuf>)> {
        state.effects.iter().rev().find_map(|effect| match effect {
            Effect::Session(Request::Show { request, paths, .. }) => Some((*request, paths.clone())),
            _ => None,
        })
    }

    fn shown(count: usize) -> Shown {
        let data = Dataset { fingerprint: 50, ..samples::pictures(count, [8, 8, 1], 2) };
        let doubts = vec![Doubt { message: "left out: b.png".to_owned(), remedies: Vec::new() }];
        Shown { data, doubts }
    }

    #[test]
    fn shown_files_become_a_set_and_the_design_keeps_its_data() {
        let mut state = state();
        let before = state.project.data.clone();
        state.show_to(RunId(2), vec!["/photos".into()], None, None);
        state.show_to(RunId(2), vec!["/a.png".into(), "/b.png".into()], None, None);
        state.show_to(RunId(2), vec!["/more/photos".into()], None, None);
        let (first, paths) = asked(&state).expect("a request");
        assert_eq!(paths, [PathBuf::from("/photos")], "one after the other");
        state.handle_shown(first, shown(3));
        let (second, paths) = asked(&state).expect("a request");
        assert_eq!((second != first, paths.len()), (true, 2));
        state.handle_shown(first, shown(9));
        state.handle_shown(second, shown(2));
        let (third, _) = asked(&state).expect("a request");
        state.handle_shown(third, shown(1));
        let sets: Vec<(&str, usize)> =
            state.others.iter().map(|(name, data)| (name.as_str(), data.len())).collect();
        assert_eq!(sets, [("a.png and 1 more", 2), ("photos", 3), ("photos (2)", 1)]);
        assert_eq!((&state.project.data, state.project.others.len()), (&before, 3));
        assert_eq!(state.view.set, Some(Set::Other("photos (2)".to_owned())));
        assert!(state.project.design().others.is_empty(), "they change no design");
        assert!(state.notices.log.iter().any(|line| line.text.contains("left out: b.png")));
        state.remove_other("photos");
        assert_eq!((state.others.len(), state.project.others.len()), (2, 2));
        state.undo();
        state.refresh(false);
        let offers = |state: &State| {
            let toasts = state.notices.toasts.iter().filter(|toast| toast.offer == Some(Offer::Others));
            toasts.map(|toast| toast.text.clone()).collect::<Vec<_>>()
        };
        assert_eq!(offers(&state), [format!("{OTHERS}, which are not loaded: photos.")]);
        state.reload_others();
        assert!(offers(&state).is_empty());
        assert_eq!(asked(&state).map(|(_, paths)| paths), Some(vec![PathBuf::from("/photos")]));
    }

    #[test]
    fn the_same_files_with_other_holes_are_another_set() {
        let mut state = state();
        let mask = |path: &str, holes| Some(Mask { path: path.into(), holes });
        for mask in [
            None,
            mask("/m.png", HoleShade::White),
            mask("/m.png", HoleShade::White),
            mask("/m.png", HoleShade::Black),
        ] {
            state.show_to(RunId(2), vec!["/photos".into()], mask, None);
            let (request, _) = asked(&state).expect("a request");
            state.handle_shown(request, shown(3));
        }
        let sets: Vec<_> = state.project.others.iter().map(|other| other.name.as_str()).collect();
        assert_eq!(sets, ["photos", "photos with holes", "photos with holes (2)"]);
        let asked = state.effects.iter().filter_map(|effect| match effect {
            Effect::Session(Request::Show { mask, .. }) => Some(mask.as_ref().map(|mask| mask.holes)),
            _ => None,
        });
        let white = Some(HoleShade::White);
        assert_eq!(asked.collect::<Vec<_>>(), [None, white, white, Some(HoleShade::Black)]);
    }

    #[test]
    fn data_shown_to_deleted_or_other_runs_are_ignored() {
        let mut state = state();
        state.show_to(RunId(2), vec!["/photos".into()], None, None);
        let (request, _) = asked(&state).expect("a request");
        state.handle_shown(request, shown(3));
        state.scored.located.insert("photos".to_owned(), (1, Arc::default()));
        state.refresh(false);
        assert_eq!(state.scored.located.len(), 1);
        state.runs.push(samples::run(3, 3));
        state.refresh(false);
        assert_eq!((state.others.len(), state.scored.located.len()), (1, 0), "run 3 has another code");
        state.show_to(RunId(2), vec!["/more".into()], None, None);
        let (request, _) = asked(&state).expect("a request");
        state.runs.clear();
        state.notices.toasts.clear();
        state.handle_shown(request, shown(2));
        assert!(state.notices.toasts.is_empty() && state.others.is_empty());
    }

    #[test]
    fn files_that_cannot_be_shown_are_reported_and_cancel_clears_the_queue() {
        let mut state = state();
        state.show_to(RunId(2), vec!["/a.csv".into()], None, None);
        state.show_to(RunId(2), vec!["/b.csv".into()], None, None);
        let (first, _) = asked(&state).expect("a request");
        state.not_shown(first, &DataError::Setting("/a.csv: there is no column b".to_owned()));
        let toast_text = state.notices.toasts.last().map(|toast| toast.text.clone());
        assert_eq!(
            toast_text.as_deref(),
            Some("a.csv cannot be shown to run 2. /a.csv: there is no column b")
        );
        state.show_to(RunId(2), vec!["/c.csv".into()], None, None);
        let (second, _) = asked(&state).expect("a request");
        state.not_shown(second, &DataError::Cancelled);
        assert_eq!((state.showing.next(), state.project.others.len()), (None, 0));
        assert!(
            state.notices.toasts.iter().all(|toast| !toast.text.contains(FAILED)),
            "others were to be shown"
        );
    }

    #[test]
    fn dropping_files_asks_if_there_is_a_trained_run() {
        let drop = |state: &mut State, source: Source| {
            state.dialog = None;
            state.use_dropped(vec![("/x".into(), DropKind::Data(source))]);
            match &state.dialog {
                Some(Dialog::Dropped(dropped)) => Some(dropped.is_alike),
                _ => None,
            }
        };
        let all = crate::ui::state::Sources::default().0;
        let (folder, table) = (all[2].clone(), all[4].clone());
        assert!(matches!(table, Source::Csv { .. }));
        let mut state = state();
        assert_eq!(
            (drop(&mut state, folder.clone()), drop(&mut state, table.clone())),
            (Some(true), Some(false))
        );
        state.runs[0].checkpoint = None;
        assert_eq!(drop(&mut state, folder.clone()), None);
        assert_eq!(state.project.data.source, folder, "without weights it is the data of the design");
    }

    #[test]
    fn other_data_of_a_project_are_offered_but_not_loaded() {
        let mut state = state();
        state.project.others = vec![OtherData {
            name: "photos".to_owned(),
            paths: vec!["/photos".into()],
            mask: Some(Mask { path: "/masks".into(), holes: HoleShade::Black }),
            size: None,
        }];
        state.refresh(false);
        let offer = state.notices.toasts.last().and_then(|toast| toast.offer.clone());
        assert_eq!((offer, asked(&state)), (Some(Offer::Others), None));
        state.reload_others();
        assert_eq!(asked(&state).map(|(_, paths)| paths), Some(vec![PathBuf::from("/photos")]));
        assert!(state.notices.toasts.is_empty());
        let text = state.project.to_ron();
        assert_eq!(crate::project::Project::from_ron(&text).expect("readable"), state.project);
    }
}
