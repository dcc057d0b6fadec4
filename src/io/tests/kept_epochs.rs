//! Kept epochs and their weights in files.

use super::damage::reopened;
use super::*;
use crate::run::LazyWeights;

#[test]
fn kept_epochs_on_disk_follow_those_in_memory() {
    let root = dir();
    let store = Store::create(root.path()).expect("created");
    store.save_kept(RunId(1), &kept(3)).expect("stored");
    store.save_kept(RunId(1), &kept(1)).expect("stored");
    let folder = store.path().join("runs/1/kept");
    assert_eq!(fs::read_dir(&folder).expect("there").count(), 2);
    // Weights are added and removed with their epoch.
    let mut epochs = kept(1);
    epochs.push_weights(1, Arc::new(Weights::default()));
    store.save_kept(RunId(1), &epochs).expect("stored");
    assert!(folder.join("000001-weights.safetensors").exists());
    epochs.rewind(0);
    store.save_kept(RunId(1), &epochs).expect("stored");
    assert_eq!(fs::read_dir(&folder).expect("there").count(), 1);
    // The newest, and those that will not be dropped; from 64 on these are even numbers.
    let mut epochs = kept(100);
    for epoch in [65, 66, 67, 99, 100] {
        epochs.push_weights(epoch, Arc::new(Weights::default()));
    }
    store.save_kept(RunId(1), &epochs).expect("stored");
    let has_weights = |epoch| folder.join(format!("{epoch:06}-weights.safetensors")).exists();
    assert_eq!([65, 66, 67, 99, 100].map(has_weights), [false, true, false, false, true]);
}

#[test]
fn weights_of_kept_epochs_are_restored_and_damage_costs_them_alone() {
    let weighted = |run: &mut Run| {
        for epoch in [0, 2, 3] {
            run.kept.push_weights(epoch, Arc::new(arrays(run, &[""], &special(epoch))));
        }
    };
    let bits = |run: &Run, epoch: u32| -> Option<Vec<u32>> {
        let weights = run.kept.weights(epoch)?.read().expect("valid");
        Some(weights.0.values().flat_map(|array| array.values.iter().map(|value| value.to_bits())).collect())
    };
    let all = |run: &Run| [0, 1, 2, 3].map(|epoch| bits(run, epoch));
    let mut expected = run(1);
    weighted(&mut expected);
    for (runs, warnings) in reopened(weighted) {
        assert_eq!((all(&runs[0]), &warnings[..]), (all(&expected), ""));
    }
    let damaged = |run: &mut Run| {
        weighted(run);
        run.kept.push_weights(2, Arc::new(Weights::default()));
    };
    for (runs, warnings) in reopened(damaged) {
        let weights = all(&runs[0]);
        assert_eq!((&weights[0], &weights[1..]), (&bits(&expected, 0), &[None, None, None][..]));
        assert_eq!((runs[0].kept.len(), runs[0].checkpoint.is_some()), (4, true));
        assert!(warnings.contains("runs/1/kept/000002-weights.safetensors"), "{warnings}");
        assert!(warnings.contains("the weights of this and later saved epochs are not loaded"), "{warnings}");
    }
}

/// Only requested weights are read: an open project needs little memory.
#[cfg(unix)]
#[test]
fn weights_stay_in_their_file_until_they_are_needed() {
    let weighted = |run: &mut Run| {
        for epoch in [0, 2, 3] {
            run.kept.push_weights(epoch, Arc::new(arrays(run, &[""], &special(epoch))));
        }
    };
    // The file and the store are gone by now.
    for (runs, warnings) in reopened(weighted) {
        let held = |epoch| runs[0].kept.weights(epoch).expect("kept");
        let are_read = || [0, 2, 3].map(|epoch| held(epoch).in_memory().is_some());
        assert_eq!((are_read(), &warnings[..]), ([false; 3], ""));
        let read = held(2).read().expect("valid");
        assert_eq!((read.len(), are_read()), (held(2).count(), [false, true, false]));
        assert!(Arc::ptr_eq(&read, &held(2).clone().read().expect("at hand")), "read once");
        assert_eq!(held(3).count(), arrays(&run(1), &[""], &[]).len());
    }
}

#[test]
fn weights_are_the_same_after_they_were_opened_and_saved_again() {
    let dir = dir();
    let path = merging::file(dir.path());
    let first = fs::read(&path).expect("there");
    let ours = merging::Program::open(&path);
    for _ in 0..2 {
        // From the file that the first save replaces.
        assert_eq!(ours.save(), Vec::<String>::new());
        assert!(fs::read(&path).expect("there") == first);
    }
    assert_eq!(merging::Program::open(&path).save(), Vec::<String>::new());
    assert!(fs::read(&path).expect("there") == first);
}

#[cfg(unix)]
#[test]
fn damaged_weights_are_reported_where_they_are_needed() {
    let dir = dir();
    let path = merging::file(dir.path());
    let name = "runs/1/kept/000003-weights.safetensors";
    let mut bytes = fs::read(&path).expect("there");
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes.clone())).expect("a zip");
    let entry = zip.by_name(name).expect("an entry");
    let last = entry.data_start().expect("known") + entry.size() - 1;
    drop(entry);
    bytes[last as usize] ^= 0x10;
    replace(&path, bytes);
    let ours = merging::Program::open(&path);
    let held = |at: usize| ours.runs[at].kept.weights(3).expect("kept").clone();
    for error in [held(0).read().map(drop), used(&ours.runs[0], held(0))] {
        let error = error.expect_err("damaged");
        assert!(error.contains(name) && error.contains("choose another epoch"), "{error}");
    }
    assert_eq!(used(&ours.runs[1], held(1)), Ok(()));
    let told = ours.save();
    assert!(told.len() == 1 && told[0].contains("weights of run 1 after epoch 3 are not saved"), "{told:?}");
    let saved = open_project(&path).expect("opens").runs;
    assert_eq!(saved.iter().map(|run| run.kept.weights(3).is_some()).collect::<Vec<_>>(), [false, true]);
}

/// Builds the network of a run with these weights.
fn used(run: &Run, weights: LazyWeights) -> Result<(), String> {
    let trained = crate::engine::Trained::again(run, weights, run.shape, (0.0, 1.0)).expect("valid");
    trained.network(1).map(drop).map_err(|error| error.to_string())
}
