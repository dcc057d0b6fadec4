//! Tests that take minutes: `scripts/test.sh --long` runs them.

use std::process::Command;

use hourglass::io::open_project;
use hourglass::project::Recipe;
use hourglass::run::Status;

#[test]
fn every_recipe_trains_to_its_end_and_learns() {
    let dir = tempfile::tempdir().expect("a folder");
    for recipe in Recipe::ALL {
        let output = Command::new(env!("CARGO_BIN_EXE_hourglass"))
            .args(["train", &format!("recipe:{}", recipe.name())])
            .current_dir(dir.path())
            .output()
            .expect("started");
        assert!(output.status.success(), "{recipe:?}: {}", String::from_utf8_lossy(&output.stderr));
        let path = dir.path().join(format!("{}.hourglass", recipe.name()));
        let run = open_project(&path).expect("opens").runs.remove(0);
        assert_eq!(run.status, Status::Done);
        let first = run.history.epochs.first().map_or(f64::NAN, |record| record.mse);
        let best = run.history.best().map_or(f64::NAN, |record| record.mse);
        assert!(best < 0.7 * first, "{recipe:?}: the error went from {first} to {best}");
    }
}
