//! Kept epochs and their weights in files.

use super::damage::reopened;
use super::*;

#[test]
fn kept_epochs_on_disk_follow_those_in_memory() {
    let root = dir();
    let store = Store::create(root.path()).expect("created");
    store.save_kept(RunId(1), &kept(3)).expect("stored");
    store.save_kept(RunId(1), &kept(1)).expect("stored");
    let folder = store.path().join("runs/1/kept");
    assert_eq!(fs::read_dir(&folder).expect("there").count(), 2);
    // Weights come with their epoch and go with it.
    let mut epochs = kept(1);
    epochs.push_weights(1, Arc::new(Weights::default()));
    store.save_kept(RunId(1), &epochs).expect("stored");
    assert!(folder.join("000001-weights.safetensors").exists());
    epochs.rewind(0);
    store.save_kept(RunId(1), &epochs).expect("stored");
    assert_eq!(fs::read_dir(&folder).expect("there").count(), 1);
    // The newest, and those that are not going to be let go of; from 64 on these are even numbers.
    let mut epochs = kept(100);
    for epoch in [65, 66, 67, 99, 100] {
        epochs.push_weights(epoch, Arc::new(Weights::default()));
    }
    store.save_kept(RunId(1), &epochs).expect("stored");
    let has_weights = |epoch| folder.join(format!("{epoch:06}-weights.safetensors")).exists();
    assert_eq!([65, 66, 67, 99, 100].map(has_weights), [false, true, false, false, true]);
}

#[test]
fn weights_of_kept_epochs_come_back_and_damage_costs_them_alone() {
    let weighted = |run: &mut Run| {
        for epoch in [0, 2, 3] {
            run.kept.push_weights(epoch, Arc::new(arrays(run, &[""], &special(epoch))));
        }
    };
    let bits = |run: &Run, epoch: u32| -> Option<Vec<u32>> {
        let arrays = run.kept.weights(epoch)?.0.values();
        Some(arrays.flat_map(|array| array.values.iter().map(|value| value.to_bits())).collect())
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
        assert!(warnings.contains("the weights of this and later kept epochs are left out"), "{warnings}");
    }
}
