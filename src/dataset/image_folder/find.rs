use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ffi::OsStr;
use std::fs::{DirEntry, Metadata};
use std::io::{Error as IoError, Result as IoResult};
use std::path::{Path, PathBuf};

use super::kinds::{Kind, advice, ending, kind_of};
use crate::dataset::error::io_message;
use crate::dataset::memory::Reservation;
use crate::dataset::open_file::special;
use crate::dataset::sort::sorted;
use crate::dataset::{DataError, Progress, memory};
use crate::project::Rules;

/// The environment variable that raises the limit on files and folders.
const LIMIT_NAME: &str = "HOURGLASS_MAX_FILES";
/// Default limit on files and folders: choosing a whole disk should fail soon.
const LIMIT: usize = 4_000_000;
/// Most skipped files that are listed one by one.
const LISTED: usize = 20;
/// Most tables that are examined for labels.
const TABLES: usize = 8;
/// Most tables that are kept for this choice.
const MOST_TABLES: usize = 1024;

/// Paths below a folder, sorted, and the skipped files.
pub(super) struct Found<'a> {
    pub files: Vec<PathBuf>,
    pub skipped: Skipped,
    /// Other files by extension in lower case, with their number.
    pub others: BTreeMap<String, usize>,
    /// Tables of text among them, as far as they are examined.
    pub tables: Vec<PathBuf>,
    /// Memory of the paths.
    pub reservation: Reservation<'a>,
}

/// Skipped files: the first few with the reason, the others counted.
#[derive(Debug, Default)]
pub(super) struct Skipped {
    messages: Vec<String>,
    count: usize,
}

/// All pictures below a folder; progress counts them as they are found. No folder is searched
/// twice, for any number of links to it, and a folder inside the tree is not searched through a
/// link.
pub(super) fn find<'a>(folder: &Path, rules: Rules, progress: &'a Progress) -> Result<Found<'a>, DataError> {
    let most = std::env::var(LIMIT_NAME).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(LIMIT);
    find_within(folder, most, rules, progress)
}

/// A single picture given by name.
pub(super) fn only(file: PathBuf, progress: &Progress) -> Result<Found<'_>, DataError> {
    let reservation = progress.budget().charge_scoped(memory::text_bytes(file.as_os_str().len()))?;
    Ok(Found {
        files: vec![file],
        skipped: Skipped::default(),
        others: BTreeMap::new(),
        tables: Vec::new(),
        reservation,
    })
}

fn find_within<'a>(
    folder: &Path,
    most: usize,
    rules: Rules,
    progress: &'a Progress,
) -> Result<Found<'a>, DataError> {
    let io = |error: IoError| DataError::io(folder, &error);
    // Checked first, because a problem with the folder itself is not a warning.
    drop(std::fs::read_dir(folder).map_err(io)?);
    if let Some(what) = special(folder, &std::fs::metadata(folder).map_err(io)?) {
        return Err(DataError::file(folder, format!("is {what}; choose a folder of pictures")));
    }
    progress.restart(0);
    let mut search = Search::new(folder, most, rules, progress)?;
    search.run()?;
    let Found { mut files, skipped, others, mut tables, mut reservation } = search.found;
    if files.is_empty() && skipped.count == 0 {
        return Err(DataError::file(folder, advice(&others)));
    }
    progress.budget().trim(&mut files);
    let files = sorted(files, progress, Ord::cmp)?;
    reservation.take_over(&files);
    keep_first(&mut tables);
    Ok(Found { files, skipped, others, tables, reservation })
}

/// A search in progress. All paths are below `folder`.
struct Search<'f, 'a> {
    folder: &'f Path,
    most: usize,
    rules: Rules,
    progress: &'a Progress,
    visited: usize,
    seen: HashSet<FolderId>,
    /// Folders still to be searched.
    folders: Vec<PathBuf>,
    /// Links to folders, which are followed after all folders inside the tree.
    links: BTreeSet<PathBuf>,
    /// Memory of the folders and links.
    reservation: Reservation<'a>,
    found: Found<'a>,
}

impl<'f, 'a> Search<'f, 'a> {
    fn new(
        folder: &'f Path,
        most: usize,
        rules: Rules,
        progress: &'a Progress,
    ) -> Result<Search<'f, 'a>, DataError> {
        let budget = progress.budget();
        Ok(Search {
            folder,
            most,
            rules,
            progress,
            visited: 0,
            seen: HashSet::new(),
            folders: vec![PathBuf::new()],
            links: BTreeSet::new(),
            reservation: budget.charge_scoped(0)?,
            found: Found {
                files: Vec::new(),
                skipped: Skipped::default(),
                others: BTreeMap::new(),
                tables: Vec::new(),
                reservation: budget.charge_scoped(0)?,
            },
        })
    }

    fn run(&mut self) -> Result<(), DataError> {
        loop {
            while let Some(below) = self.folders.pop() {
                self.search(&below, false)?;
            }
            match self.links.pop_first() {
                Some(below) => self.search(&below, true)?,
                None => return Ok(()),
            }
        }
    }

    fn search(&mut self, below: &Path, is_link: bool) -> Result<(), DataError> {
        let path = self.folder.join(below);
        let entries = match self.enter(&path, below, is_link) {
            Ok(Some(entries)) => entries,
            Ok(None) => return Ok(()),
            Err(error) => {
                self.found.skipped.add_error(below, &error);
                return Ok(());
            }
        };
        for entry in entries {
            self.progress.check()?;
            if entry.as_ref().is_ok_and(|entry| is_hidden(&entry.file_name())) {
                continue;
            }
            self.count()?;
            match entry {
                Ok(entry) => self.visit(&entry, below)?,
                Err(error) => self.found.skipped.add_error(below, &error),
            }
        }
        Ok(())
    }

    /// Opens a folder; `None` if there is a reason not to.
    fn enter(&mut self, path: &Path, below: &Path, is_link: bool) -> IoResult<Option<std::fs::ReadDir>> {
        let metadata = std::fs::metadata(path)?;
        if let Some(what) = special(path, &metadata) {
            self.found.skipped.add(below, &format!("is {what}"));
            return Ok(None);
        }
        if !self.seen.insert(FolderId::of(path, &metadata)?) {
            let is_circle = || path.parent().is_some_and(|parent| leads_around(path, parent));
            let reason = if !is_link {
                "is a folder that was already read under another name"
            } else if is_circle() {
                "is a circular link"
            } else {
                "is a link to a folder that was already read"
            };
            self.found.skipped.add(below, reason);
            return Ok(None);
        }
        std::fs::read_dir(path).map(Some)
    }

    fn visit(&mut self, entry: &DirEntry, below: &Path) -> Result<(), DataError> {
        let below = below.join(entry.file_name());
        let kind = match entry.file_type() {
            Ok(kind) if kind.is_symlink() => {
                std::fs::metadata(entry.path()).map(|target| (target.file_type(), true))
            }
            kind => kind.map(|kind| (kind, false)),
        };
        let (kind, is_link) = match kind {
            Ok(found) => found,
            Err(error) => {
                self.found.skipped.add_error(&below, &error);
                return Ok(());
            }
        };
        let bytes = memory::text_bytes(below.as_os_str().len());
        if kind.is_dir() {
            self.reservation.take(bytes)?;
            if is_link {
                self.links.insert(below);
            } else {
                self.folders.push(below);
            }
            return Ok(());
        }
        let what = kind_of(&self.folder.join(&below), || kind.is_file(), self.rules);
        match what {
            Kind::Picture if kind.is_file() => {
                self.found.reservation.take(bytes)?;
                self.progress.budget().reserve(&mut self.found.files, 1)?;
                self.found.files.push(below);
                self.progress.advance(1);
            }
            Kind::Picture => self.found.skipped.add(&below, "is a device or a pipe"),
            Kind::Table | Kind::Other => {
                *self.found.others.entry(ending(&below)).or_insert(0) += 1;
                if what == Kind::Table {
                    self.found.tables.push(below);
                    // The choice does not depend on the order of the file system.
                    if self.found.tables.len() >= MOST_TABLES {
                        keep_first(&mut self.found.tables);
                    }
                }
            }
        }
        Ok(())
    }

    fn count(&mut self) -> Result<(), DataError> {
        self.visited += 1;
        if self.visited <= self.most {
            return Ok(());
        }
        let message = format!(
            "contains more than {} files and folders ({} pictures found so far); choose a smaller folder, or \
             set {LIMIT_NAME} to a higher number",
            self.most,
            self.found.files.len()
        );
        Err(DataError::file(self.folder, message))
    }
}

impl Skipped {
    pub(super) fn add(&mut self, below: &Path, reason: &str) {
        self.count += 1;
        if self.messages.len() < LISTED {
            self.messages.push(format!("{}: {reason}", slashed(below)));
        }
    }

    fn add_error(&mut self, below: &Path, error: &IoError) {
        self.add(below, &io_message(error.kind(), &error.to_string()));
    }

    /// Their number, and the first `most` of them.
    pub(super) fn first(&self, most: usize) -> (usize, &[String]) {
        (self.count, &self.messages[..most.min(self.messages.len())])
    }

    /// One warning per file, up to a limit.
    pub(super) fn warnings(self) -> Vec<String> {
        let mut warnings: Vec<String> = self.messages.iter().map(|text| format!("left out {text}")).collect();
        if self.count > LISTED {
            warnings.push(format!("left out {} more pictures that cannot be read", self.count - LISTED));
        }
        warnings
    }
}

/// The tables of text next to a folder, as far as they are examined; none if there are too many
/// files.
pub(super) fn tables_next_to(folder: &Path, rules: Rules) -> Vec<PathBuf> {
    let parent = folder.parent().filter(|_| folder.is_absolute());
    let Some(entries) = parent.and_then(|parent| std::fs::read_dir(parent).ok()) else { return Vec::new() };
    let entries: Vec<DirEntry> = entries.take(MOST_TABLES).flatten().collect();
    if entries.len() == MOST_TABLES {
        return Vec::new();
    }
    let seen = entries.iter().filter(|entry| !is_hidden(&entry.file_name())).map(DirEntry::path);
    let mut tables: Vec<PathBuf> =
        seen.filter(|path| kind_of(path, || path.is_file(), rules) == Kind::Table).collect();
    keep_first(&mut tables);
    tables
}

/// Keeps the tables to examine: those intended for labels first, then by name.
fn keep_first(tables: &mut Vec<PathBuf>) {
    let is_other = |table: &Path| !matches!(ending(table).trim_start_matches('.'), "csv" | "tsv");
    tables.sort_unstable_by(|a, b| (is_other(a), a).cmp(&(is_other(b), b)));
    tables.truncate(TABLES);
}

/// A path with slashes on every system.
pub(in crate::dataset) fn slashed(path: &Path) -> String {
    let parts: Vec<_> = path.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

/// Whether a link in `parent` leads to a folder that contains it.
fn leads_around(link: &Path, parent: &Path) -> bool {
    match (link.canonicalize(), parent.canonicalize()) {
        (Ok(target), Ok(parent)) => parent.starts_with(target),
        _ => false,
    }
}

/// Identity of a folder.
#[derive(Debug, PartialEq, Eq, Hash)]
enum FolderId {
    #[cfg(unix)]
    Number { device: u64, inode: u64 },
    /// Its real path.
    Path(PathBuf),
}

impl FolderId {
    #[cfg(unix)]
    fn of(path: &Path, metadata: &Metadata) -> IoResult<FolderId> {
        use std::os::unix::fs::MetadataExt;
        FolderId::numbered(path, metadata.dev(), metadata.ino())
    }

    #[cfg(not(unix))]
    fn of(path: &Path, _metadata: &Metadata) -> IoResult<FolderId> {
        path.canonicalize().map(FolderId::Path)
    }

    /// Some user-space file systems number all their folders 0.
    #[cfg(unix)]
    fn numbered(path: &Path, device: u64, inode: u64) -> IoResult<FolderId> {
        if inode == 0 {
            path.canonicalize().map(FolderId::Path)
        } else {
            Ok(FolderId::Number { device, inode })
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn names(found: &Found<'_>) -> Vec<String> {
        found.files.iter().map(|file| slashed(file)).collect()
    }

    #[test]
    fn a_search_stops_at_its_limit_and_says_how_to_raise_it() {
        let dir = tempfile::tempdir().unwrap();
        for at in 0..30 {
            fs::write(dir.path().join(format!("{at}.png")), b"x").unwrap();
        }
        let progress = Progress::default();
        assert_eq!(
            find_within(dir.path(), 30, Rules::Current, &progress).map(|found| found.files.len()).ok(),
            Some(30)
        );
        assert_eq!(progress.state(), (30, 0), "they are counted as they are found");
        let error = find_within(dir.path(), 29, Rules::Current, &progress).err().unwrap().to_string();
        for part in ["more than 29 files", "29 pictures", "set HOURGLASS_MAX_FILES to a higher number"] {
            assert!(error.contains(part), "{error} lacks {part}");
        }
    }

    #[test]
    fn paths_of_any_depth_are_searched_as_far_as_the_system_allows() {
        let dir = tempfile::tempdir().unwrap();
        let mut deep = dir.path().to_path_buf();
        for _ in 0..300 {
            deep.push("deeper");
        }
        fs::create_dir_all(&deep).unwrap();
        fs::write(deep.join("a.png"), b"x").unwrap();
        assert_eq!(
            find_within(dir.path(), LIMIT, Rules::Current, &Progress::default()).unwrap().files.len(),
            1
        );
    }

    #[cfg(unix)]
    #[test]
    fn no_folder_is_searched_twice_and_special_files_are_counted() {
        use std::os::unix::fs::symlink;
        let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let at = |name: &str| dir.path().join(name);
        fs::create_dir_all(at("cat")).unwrap();
        fs::write(at("cat/a.png"), b"x").unwrap();
        fs::write(other.path().join("b.png"), b"x").unwrap();
        // Sorts before the folder it leads to, which is still searched under its own name.
        symlink(at("cat"), at("all")).unwrap();
        symlink(other.path(), at("first")).unwrap();
        symlink(other.path(), at("second")).unwrap();
        symlink(at("gone"), at("broken.png")).unwrap();
        symlink("/proc/self", at("system")).unwrap();
        let _listener = std::os::unix::net::UnixListener::bind(at("socket.png")).unwrap();
        let progress = Progress::default();
        let found = find_within(dir.path(), LIMIT, Rules::Current, &progress).unwrap();
        assert_eq!(names(&found), ["cat/a.png", "first/b.png"]);
        let mut warnings = found.skipped.warnings();
        warnings.sort_unstable();
        let expected = [
            "left out all: is a link to a folder that was already read",
            "left out broken.png: does not exist",
            "left out second: is a link to a folder that was already read",
            "left out socket.png: is a device or a pipe",
            "left out system: is generated by the system as it is read",
        ];
        let is_as_expected = |(warning, expected): (&String, &str)| warning.starts_with(expected);
        let count = if Path::new("/proc/self").exists() { 5 } else { 4 };
        assert_eq!(warnings.len(), count, "{warnings:?}");
        assert!(warnings.iter().zip(expected).take(4).all(is_as_expected), "{warnings:?}");
    }

    #[test]
    fn a_folder_that_is_met_twice_is_identified_by_its_name() {
        let dir = tempfile::tempdir().unwrap();
        let progress = Progress::default();
        let mut search = Search::new(dir.path(), LIMIT, Rules::Current, &progress).unwrap();
        // As if a folder were mounted at two places in the tree.
        assert!(search.enter(dir.path(), Path::new("here"), false).unwrap().is_some());
        assert!(search.enter(dir.path(), Path::new("there"), false).unwrap().is_none());
        assert_eq!(
            search.found.skipped.warnings(),
            ["left out there: is a folder that was already read under another name"]
        );
    }

    #[cfg(unix)]
    #[test]
    fn folders_without_numbers_are_distinguished_by_their_paths() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        for name in ["a", "b"] {
            fs::create_dir(at(name)).unwrap();
        }
        std::os::unix::fs::symlink(at("a"), at("link")).unwrap();
        let id = |name: &str, inode: u64| FolderId::numbered(&at(name), 1, inode).unwrap();
        assert_ne!(id("a", 0), id("b", 0));
        assert_eq!(id("a", 0), id("link", 0));
        assert_eq!(id("a", 7), id("b", 7));
        assert_ne!(id("a", 7), id("a", 8));
    }

    #[test]
    fn paths_are_charged_as_long_as_they_are_kept() {
        const LIMIT_BYTES: u64 = 1_000_000;
        let dir = tempfile::tempdir().unwrap();
        for folder in ["a", "b", "c"] {
            fs::create_dir(dir.path().join(folder)).unwrap();
            fs::write(dir.path().join(folder).join("a.png"), b"x").unwrap();
        }
        let progress = Progress::with_budget(LIMIT_BYTES);
        let found = find_within(dir.path(), LIMIT, Rules::Current, &progress).unwrap();
        let paths = 3 * (memory::text_bytes("a/a.png".len()) + memory::bytes_of::<PathBuf>(1));
        assert_eq!(progress.budget().free(), LIMIT_BYTES - paths);
        drop(found);
        assert_eq!(progress.budget().free(), LIMIT_BYTES);
    }

    #[test]
    fn the_first_tables_are_kept_those_with_commas_before_others() {
        let names = (0..9).map(|at| format!("{}.txt", 9 - at)).chain(["z/t.tsv".into(), "y.CSV".into()]);
        let mut tables: Vec<PathBuf> = names.map(PathBuf::from).collect();
        keep_first(&mut tables);
        let kept: Vec<String> = tables.iter().map(|table| slashed(table)).collect();
        assert_eq!(kept, ["y.CSV", "z/t.tsv", "1.txt", "2.txt", "3.txt", "4.txt", "5.txt", "6.txt"]);
    }

    #[test]
    fn those_that_were_left_out_are_counted_and_the_first_are_reported() {
        let mut skipped = Skipped::default();
        for at in 0..30 {
            skipped.add(Path::new(&format!("{at}.png")), "bad");
        }
        let warnings = skipped.warnings();
        assert_eq!(
            (warnings.len(), warnings[20].as_str()),
            (21, "left out 10 more pictures that cannot be read")
        );
    }
}
