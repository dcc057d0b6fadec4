//! Malicious or corrupted files: errors and warnings, never a panic, never unlimited memory or
//! time.

use std::fs;
use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::project::{Project, Recipe};

#[test]
fn nesting_without_end_is_refused() {
    for open in ["(", "[", "{", "Some(", "Project(data:("] {
        assert!(Project::from_ron(&open.repeat(200_000)).is_err(), "{open}");
    }
}

#[test]
fn a_list_of_too_many_runs_is_refused() {
    let dir = dir();
    let path = saved(dir.path());
    let ids: Vec<String> = (0..20_000).map(|id| format!("({id})")).collect();
    let manifest = format!("HourglassProject(version: 1, runs: [{}])", ids.join(","));
    rewrite(&path, |name, bytes| Some(if name == "manifest.ron" { manifest.clone().into() } else { bytes }));
    let message = open_project(&path).expect_err("too many").to_string();
    assert!(message.contains("manifest.ron: it lists 20000 runs"), "{message}");
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_refused_before_it_is_read() {
    for open in [|path: &Path| open_any(path).err(), |path: &Path| open_design(path).err()] {
        let message = open(Path::new("/dev/zero")).map(|error| error.to_string()).unwrap_or_default();
        assert!(message.contains("a device or a pipe"), "{message}");
    }
}

#[test]
fn a_bomb_is_refused_before_it_fills_the_memory() {
    let dir = dir();
    let path = saved(dir.path());
    // 80 MB of zeros deflate to 80 KB.
    rewrite(&path, |name, bytes| Some(if name == "project.ron" { vec![b' '; 80 << 20] } else { bytes }));
    let message = open_project(&path).expect_err("a bomb").to_string();
    assert!(message.contains("64 MB") && message.contains("project.ron"), "{message}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// A damaged entry with a valid checksum, as an attacker would write it.
    #[test]
    fn any_damage_inside_an_entry_never_panics(
        entry in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        bytes in proptest::collection::vec(any::<u8>(), 0..9),
        cut: bool,
    ) {
        let dir = dir();
        let path = saved(dir.path());
        let mut names = Vec::new();
        rewrite(&path, |name, bytes| { names.push(name.to_owned()); Some(bytes) });
        let damaged = names[entry.index(names.len())].clone();
        rewrite(&path, |name, mut old| {
            if name == damaged && !old.is_empty() {
                let at = at.index(old.len());
                let end = if cut { old.len() } else { old.len().min(at + bytes.len()) };
                old.splice(at..end, bytes.iter().copied());
            }
            Some(old)
        });
        if let Ok(opened) = open_project(&path) {
            // A project that opens can be saved again, and the result opens.
            let runs: Vec<&Run> = opened.runs.iter().collect();
            if save_project(&Files::default(), &path, &opened.project, &runs).is_ok() {
                prop_assert!(open_project(&path).is_ok());
            }
        }
    }

    /// This damage in the live store, whose files have no checksum.
    #[test]
    fn any_damage_in_a_workspace_never_panics(
        file in 0_usize..6,
        at in any::<prop::sample::Index>(),
        bytes in proptest::collection::vec(any::<u8>(), 0..9),
        cut: bool,
    ) {
        let root = dir();
        let store = Store::create(root.path()).expect("created");
        store.save_design(&Project::default(), None).expect("stored");
        store.import_run(&run(1)).expect("stored");
        let file = ["project.ron", "workspace.ron", "runs/1/run.ron", "runs/1/history.bin",
            "runs/1/checkpoint.safetensors", "runs/1/kept/000002.safetensors"][file];
        let path = store.path().join(file);
        let mut old = fs::read(&path).expect("there");
        let at = at.index(old.len());
        let end = if cut { old.len() } else { old.len().min(at + bytes.len()) };
        old.splice(at..end, bytes);
        fs::write(&path, old).expect("written");
        let _ = store.load();
        drop(store);
        prop_assert!(Store::recoverable(root.path()).len() <= 1);
    }

    #[test]
    fn any_damage_in_a_design_never_panics(
        at in any::<prop::sample::Index>(),
        text in "[\\[\\](){}:,\"0-9a-zA-Z.\\-]{0,9}",
        cut: bool,
    ) {
        let mut design = Recipe::Denoising.project().to_ron();
        let at = at.index(design.len());
        prop_assume!(design.is_char_boundary(at));
        if cut { design.truncate(at) } else { design.insert_str(at, &text) }
        if let Ok(project) = Project::from_ron(&design) {
            prop_assert_eq!(Project::from_ron(&project.to_ron()), Ok(project));
        }
    }

    #[test]
    fn any_bytes_are_refused_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let dir = dir();
        let path = dir.path().join("a.hourglass");
        fs::write(&path, [b"PK\x03\x04", &bytes[..]].concat()).expect("written");
        prop_assert!(open_any(&path).is_err());
    }
}
