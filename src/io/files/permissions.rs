//! Permissions of written files: on Unix by modes; elsewhere a user's folders are private anyway.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::Path;

#[cfg(unix)]
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};

/// Makes a new file readable by its owner only.
pub(super) fn set_mode(options: &mut OpenOptions, private: bool) {
    #[cfg(unix)]
    if private {
        options.mode(0o600);
    }
    #[cfg(not(unix))]
    let _ = (options, private);
}

/// Makes a folder with a new name readable by its owner only.
pub(super) fn set_folder_mode(builder: &mut tempfile::Builder<'_, '_>, private: bool) {
    #[cfg(unix)]
    if private {
        builder.permissions(fs::Permissions::from_mode(0o700));
    }
    #[cfg(not(unix))]
    let _ = (builder, private);
}

/// Gives a folder requested by the user the usual mode, according to the umask.
pub(super) fn set_new_folder_mode(builder: &mut tempfile::Builder<'_, '_>, private: bool) {
    #[cfg(unix)]
    builder.permissions(fs::Permissions::from_mode(if private { 0o700 } else { 0o777 }));
    #[cfg(not(unix))]
    let _ = (builder, private);
}

/// Creates a folder and its parents.
pub(super) fn create_folders(path: &Path, private: bool) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    if private {
        builder.mode(0o700);
    }
    #[cfg(not(unix))]
    let _ = private;
    builder.recursive(true).create(path)
}

/// Removes the permissions of others for a folder, if it contains only files that `is_ours`
/// accepts, and for these files.
pub(super) fn make_private(folder: &Path, is_ours: impl Fn(&str) -> bool) -> io::Result<()> {
    let mut holds_others = false;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_str().is_some_and(&is_ours) {
            restrict_all(&entry.path())?;
        } else {
            holds_others = true;
        }
    }
    if holds_others { Ok(()) } else { restrict(folder) }
}

/// A file, or a folder with everything in it. Links are skipped, and so are files that disappear
/// meanwhile.
fn restrict_all(path: &Path) -> io::Result<()> {
    let Ok(found) = fs::symlink_metadata(path) else { return Ok(()) };
    if found.is_symlink() {
        return Ok(());
    }
    restrict(path)?;
    if found.is_dir() {
        for entry in fs::read_dir(path).into_iter().flatten().flatten() {
            restrict_all(&entry.path())?;
        }
    }
    Ok(())
}

#[cfg(unix)]
fn restrict(path: &Path) -> io::Result<()> {
    let Ok(found) = fs::metadata(path) else { return Ok(()) };
    let mode = found.permissions().mode();
    // A folder with these bits is shared by its user.
    let is_shared = found.is_dir() && mode & 0o3000 != 0;
    let closed = mode & 0o7700;
    if closed == mode & 0o7777 || is_shared {
        return Ok(());
    }
    match fs::set_permissions(path, fs::Permissions::from_mode(closed)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[cfg(not(unix))]
fn restrict(_path: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::super::{Durability, Files};
    use super::*;
    use crate::io::{Settings, Store};
    use crate::project::Project;
    use crate::run::{Checkpoint, Run, RunId};
    use std::path::PathBuf;

    /// The tree below a folder with its modes, without links.
    fn modes(root: &Path) -> Vec<(PathBuf, u32)> {
        let found = fs::symlink_metadata(root).expect("there");
        let mut all = vec![(root.to_owned(), found.permissions().mode() & 0o777)];
        if found.is_dir() {
            let entries = fs::read_dir(root).expect("a folder").flatten();
            all.extend(entries.flat_map(|entry| modes(&entry.path())));
        }
        all
    }

    fn open_to_all(path: &Path) {
        let mode = if path.is_dir() { 0o755 } else { 0o644 };
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("set");
    }

    #[test]
    fn whatever_private_files_write_is_for_its_owner_alone() {
        let dir = tempfile::tempdir().expect("a folder");
        let root = dir.path().join("made/too");
        let files = Files::default().private();
        files.create_dir(&root).expect("made");
        files.write_bytes(&root.join("a"), Durability::Fast, b"text").expect("saved");
        open_to_all(&root.join("a"));
        files.write_bytes(&root.join("a"), Durability::Synced, b"text").expect("saved");
        files.append(&root.join("b"), b"text").expect("added");
        files.create_unique_dir(&root, "one-").expect("made");
        for (path, mode) in modes(&dir.path().join("made")) {
            let expected = if path.is_dir() { 0o700 } else { 0o600 };
            assert_eq!(mode, expected, "{}: {mode:o}", path.display());
        }
    }

    #[test]
    fn what_was_open_to_others_before_is_closed_but_never_what_is_not_ours() {
        let dir = tempfile::tempdir().expect("a folder");
        let (root, inner) = (dir.path(), dir.path().join("workspace-1/runs"));
        fs::create_dir_all(&inner).expect("made");
        let precious = dir.path().join("precious");
        fs::write(&precious, "").expect("written");
        fs::write(inner.join("run.ron"), "").expect("written");
        std::os::unix::fs::symlink(&precious, inner.join("link")).expect("linked");
        let all = [root, &precious, &inner, &inner.join("run.ron"), &root.join("workspace-1")];
        all.iter().for_each(|path| open_to_all(path));
        let is_ours = |name: &str| name.starts_with("workspace-");
        let files = Files::default();
        files.make_private(root, is_ours).expect("closed");
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!(all.map(&mode), [0o755, 0o644, 0o700, 0o600, 0o700]);
        fs::remove_file(inner.join("link")).expect("removed");
        fs::remove_file(&precious).expect("removed");
        files.make_private(root, is_ours).expect("closed");
        assert_eq!(mode(root), 0o700);
    }

    #[test]
    fn settings_and_workspaces_are_private_also_those_from_before() {
        let dir = tempfile::tempdir().expect("a folder");
        let (state, config) = (dir.path().join("state"), dir.path().join("config"));
        let old = ["state/workspace-old/project.ron", "state/lock", "config/settings.ron"];
        for path in old.map(|name| dir.path().join(name)) {
            let folder = path.parent().expect("a folder");
            fs::create_dir_all(folder).expect("made");
            fs::write(&path, "").expect("written");
            [folder, &path].iter().for_each(|path| open_to_all(path));
        }
        open_to_all(&state);
        let store = Store::create(&state).expect("created");
        store.save_design(&Project::default(), None).expect("stored");
        store.append_epochs(RunId(1), []).expect("stored");
        store.save_checkpoint(RunId(1), &Checkpoint::default()).expect("stored");
        Settings::default().save(&Files::default(), &config.join("settings.ron")).expect("saved");
        for (path, mode) in modes(&state).into_iter().chain(modes(&config)) {
            let expected = if path.is_dir() { 0o700 } else { 0o600 };
            assert_eq!(mode, expected, "{}: {mode:o}", path.display());
        }
    }

    #[test]
    fn a_project_is_as_open_as_the_user_has_it() {
        let dir = tempfile::tempdir().expect("a folder");
        let (path, plain) = (dir.path().join("a.hourglass"), dir.path().join("plain"));
        crate::io::save_project::<Run>(&Files::default(), &path, &Project::default(), &[]).expect("saved");
        fs::write(&plain, "").expect("written");
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode();
        assert_eq!(mode(&path), mode(&plain));
    }
}
