//! Other data shown to trained networks, loaded or loading.

use std::cell::Cell;
use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;

use super::path_dialog::SizeField;
use crate::dataset::{Binariser, Dataset};
use crate::project::{Corruption, OtherData, Shape, Source};
use crate::run::{Normaliser, Run, RunId};

/// A run, its start time, and a shape of samples.
type AcceptanceKey = (RunId, u64, Shape);

/// Other data shown to trained networks.
#[derive(Clone, Debug, Default)]
pub struct Showing {
    /// Loading progress: units done and total, 0 if unknown.
    pub progress: Option<(u64, u64)>,
    loaded: Vec<Loaded>,
    /// The names of the listed sets.
    listed: Vec<String>,
    /// The shown run and its start time.
    of: Option<(RunId, u64)>,
    /// The files being loaded, followed by the queue.
    waiting: VecDeque<ShowRequest>,
    /// The number of the current request.
    request: Option<u64>,
    /// The last request checked, and whether the network accepts such samples.
    taken: Cell<Option<(AcceptanceKey, bool)>>,
}

/// Files to show to the network of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShowRequest {
    /// The run.
    pub run: RunId,
    /// The files.
    pub other: OtherData,
}

/// Files dropped on the window, and the run that they can be shown to.
#[derive(Clone, Debug, PartialEq)]
pub struct Dropped {
    /// The files and folders.
    pub paths: Vec<PathBuf>,
    /// The first of them as a data source of the design.
    pub source: Source,
    /// The run.
    pub run: RunId,
    /// Whether they resemble its own data.
    pub is_alike: bool,
    /// The size of pictures.
    pub size: SizeField,
}

/// Data of a set, as seen by networks of one kind.
#[derive(Clone, Debug)]
struct Loaded {
    name: String,
    reader: Reader,
    data: Arc<Dataset>,
}

/// Everything in a run that determines how other data are read.
#[derive(Clone, Debug, PartialEq)]
struct Reader {
    shape: Shape,
    normaliser: Option<Normaliser>,
    binariser: Binariser,
    corruption: Corruption,
}

impl Reader {
    fn of(run: &Run) -> Reader {
        Reader {
            shape: run.shape,
            normaliser: run.normaliser.clone(),
            binariser: Binariser::of(&run.design.data),
            corruption: run.design.corruption,
        }
    }

    /// Whether a run reads other data identically.
    fn is_of(&self, run: &Run) -> bool {
        self.shape == run.shape
            && self.corruption == run.design.corruption
            && self.binariser == Binariser::of(&run.design.data)
            && self.normaliser == run.normaliser
    }
}

impl Showing {
    /// Appends files to the queue.
    pub fn enqueue(&mut self, request: ShowRequest) {
        if !self.waiting.contains(&request) {
            self.waiting.push_back(request);
        }
    }

    /// The next files to load, unless a load is in progress.
    pub fn next(&self) -> Option<&ShowRequest> {
        self.waiting.front().filter(|_| self.request.is_none())
    }

    /// Records that the next files were requested with this number.
    pub fn expect(&mut self, request: u64) {
        (self.request, self.progress) = (Some(request), Some((0, 0)));
    }

    /// Whether this is the current request.
    pub fn is_of(&self, request: u64) -> bool {
        self.request == Some(request)
    }

    /// Ends the current request; returns its files.
    pub fn end(&mut self) -> Option<ShowRequest> {
        (self.request, self.progress) = (None, None);
        self.waiting.pop_front()
    }

    /// Removes the first files from the queue, because they cannot be requested.
    pub fn skip(&mut self) {
        self.waiting.pop_front();
    }

    /// Clears the queue.
    pub fn give_up(&mut self) {
        self.waiting.truncate(usize::from(self.request.is_some()));
    }

    /// The names of everything loaded or queued.
    pub fn names(&self) -> Vec<&str> {
        self.waiting.iter().map(|request| request.other.name.as_str()).collect()
    }

    /// The name of the files being loaded.
    pub fn name(&self) -> Option<&str> {
        self.progress.and(self.waiting.front()).map(|request| request.other.name.as_str())
    }

    /// Stores data of a set as seen by a run.
    pub fn keep(&mut self, name: &str, run: &Run, data: Arc<Dataset>) {
        self.loaded.retain(|loaded| loaded.name != name || !loaded.reader.is_of(run));
        self.loaded.push(Loaded { name: name.to_owned(), reader: Reader::of(run), data });
    }

    /// Removes the data of sets that are no longer listed. Returns whether a listed set has no
    /// data, for example after undo.
    pub fn retain(&mut self, listed: &[OtherData]) -> bool {
        self.loaded.retain(|loaded| listed.iter().any(|other| other.name == loaded.name));
        let lacks = |name: &String| {
            !self.listed.contains(name)
                && !self.loaded.iter().any(|loaded| loaded.name == *name)
                && !self.names().contains(&name.as_str())
        };
        let lacks = listed.iter().any(|other| lacks(&other.name));
        if !listed.iter().map(|other| &other.name).eq(&self.listed) {
            self.listed = listed.iter().map(|other| other.name.clone()).collect();
        }
        lacks
    }

    /// Whether the network of a run accepts samples of a shape. The result is cached, because views
    /// ask every frame.
    pub fn is_taken(&self, run: &Run, shape: Shape) -> bool {
        let of = (run.id, run.started_unix_secs, shape);
        if let Some((_, is_taken)) = self.taken.get().filter(|(known, _)| *known == of) {
            return is_taken;
        }
        let is_taken = run.plan_for(shape).is_some();
        self.taken.set(Some((of, is_taken)));
        is_taken
    }

    /// Switches to a run, identified by its start time. Returns whether it is a different one.
    pub fn switch_to(&mut self, of: Option<(RunId, u64)>) -> bool {
        std::mem::replace(&mut self.of, of) != of
    }

    /// The data of all sets as seen by a run, by name.
    pub fn of(&self, run: Option<&Run>) -> BTreeMap<String, Arc<Dataset>> {
        let Some(run) = run else { return BTreeMap::new() };
        let own = self.loaded.iter().filter(|loaded| loaded.reader.is_of(run));
        own.map(|loaded| (loaded.name.clone(), Arc::clone(&loaded.data))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::views::samples;

    fn other(name: &str) -> OtherData {
        OtherData { name: name.to_owned(), paths: vec![PathBuf::from(name)], mask: None, size: None }
    }

    #[test]
    fn one_set_is_loaded_after_the_other() {
        let mut showing = Showing::default();
        let request = |name| ShowRequest { run: RunId(1), other: other(name) };
        for name in ["a", "b", "a"] {
            showing.enqueue(request(name));
        }
        assert_eq!(showing.next(), Some(&request("a")));
        showing.expect(7);
        assert_eq!((showing.next(), showing.is_of(7), showing.is_of(6)), (None, true, false));
        assert_eq!(showing.name(), Some("a"));
        assert_eq!(showing.end(), Some(request("a")));
        assert_eq!((showing.next(), showing.name()), (Some(&request("b")), None));
        showing.expect(8);
        showing.enqueue(request("c"));
        showing.give_up();
        assert_eq!((showing.end(), showing.next()), (Some(request("b")), None));
    }

    #[test]
    fn a_set_is_shared_by_runs_that_read_it_identically() {
        let (run, mut other_run) = (samples::run(1, 3), samples::run(2, 3));
        let mut showing = Showing::default();
        showing.keep("a", &run, Arc::new(samples::pictures(3, [8, 8, 1], 2)));
        let names = |showing: &Showing, run: &Run| showing.of(Some(run)).into_keys().collect::<Vec<_>>();
        assert_eq!(
            (names(&showing, &run), names(&showing, &other_run)),
            (vec!["a".to_owned()], vec!["a".to_owned()])
        );
        other_run.design.corruption = Corruption::Pixelate { size: 2 };
        assert!(names(&showing, &other_run).is_empty(), "it is shown small pictures otherwise");
        showing.keep("a", &other_run, Arc::new(samples::pictures(4, [8, 8, 1], 2)));
        assert_eq!((showing.of(Some(&run))["a"].len(), showing.of(Some(&other_run))["a"].len()), (3, 4));
        showing.retain(&[other("b")]);
        assert!(names(&showing, &run).is_empty() && showing.of(None).is_empty());
    }
}
