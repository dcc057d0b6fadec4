//! Tests that take minutes; run by `scripts/test.sh --long`.

#[path = "long/canvas.rs"]
mod canvas;
#[path = "long/claims.rs"]
mod claims;
#[path = "long/first_choices.rs"]
mod first_choices;
#[path = "long/pictures.rs"]
mod pictures;
#[path = "long/remedies.rs"]
mod remedies;

use std::path::Path;
use std::process::Command;

use hourglass::check::plan;
use hourglass::dataset::{Dataset, Progress, load};
use hourglass::engine::Network;
use hourglass::io::open_project;
use hourglass::project::Recipe;
use hourglass::run::{Run, Status, facts};

/// A recipe trained to its end.
struct Trained {
    recipe: Recipe,
    runs: Vec<Run>,
    data: Dataset,
}

impl Trained {
    /// Trains a recipe as a user would on the command line.
    fn new(recipe: Recipe, folder: &Path) -> Trained {
        let output = Command::new(env!("CARGO_BIN_EXE_hourglass"))
            .args(["train", &format!("recipe:{}", recipe.name()), "--force"])
            .current_dir(folder)
            .output()
            .expect("started");
        assert!(output.status.success(), "{recipe:?}: {}", String::from_utf8_lossy(&output.stderr));
        let path = folder.join(format!("{}.hourglass", recipe.name()));
        let runs = open_project(&path).expect("opens").runs;
        assert_eq!(runs.len(), recipe.project().trained_designs().len(), "{recipe:?}");
        assert!(runs.iter().all(|run| run.status == Status::Done), "{recipe:?}");
        let data = load(&runs[0].design.data, &Progress::default()).expect("embedded or generated");
        Trained { recipe, runs, data }
    }

    /// The first run.
    fn run(&self) -> &Run {
        &self.runs[0]
    }

    /// Its network.
    fn network(&self) -> Network {
        let run = self.run();
        let plan = plan(&run.design, &facts(&self.data)).expect("it was trained");
        let checkpoint = run.checkpoint.as_ref().expect("it was saved");
        Network::trained(&plan, checkpoint.inference_weights(), 2).expect("its own weights")
    }

    /// Scaled rows of the data.
    fn rows(&self, numbers: &[u32]) -> Vec<f32> {
        let mut values = vec![0.0; numbers.len() * self.data.shape.features()];
        self.data.gather(numbers, &mut values);
        values
    }
}

/// Every recipe shows what it claims, and matches its picture in the list of recipes. If
/// `UPDATE_PICTURES` is set, the pictures are redrawn.
#[test]
fn every_recipe_shows_what_it_claims() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut broken = Vec::new();
    for recipe in Recipe::ALL {
        let trained = Trained::new(recipe, folder.path());
        for claim in recipe.claims() {
            let found = claims::measure(&trained, claim.figure);
            eprintln!("{}: {} (found {found:.4})", recipe.name(), claim.text());
            if !claim.bound.is_met_by(found) {
                broken.push(format!("{}: {}, found {found}", recipe.name(), claim.text()));
            }
        }
        let picture = pictures::draw(&trained);
        broken.extend(pictures::compare(recipe, &picture));
    }
    assert!(broken.is_empty(), "{broken:#?}");
}
