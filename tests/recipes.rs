//! Every recipe trains, in shortened form. `scripts/test.sh --long` trains them to the end and
//! checks their results.

use std::process::Command;

use hourglass::io::{Files, open_project, save_design};
use hourglass::project::{Recipe, Strategy};
use hourglass::run::Status;

#[test]
fn every_recipe_trains_and_learns() {
    let folder = tempfile::tempdir().expect("a folder");
    for recipe in Recipe::ALL {
        let mut project = recipe.project();
        project.training.epochs = 3;
        if let Strategy::LayerWise { epochs, .. } = &mut project.training.strategy {
            *epochs = 2;
        }
        if let hourglass::project::Bottleneck::Concrete { tries, .. } = &mut project.code.kind {
            *tries = 1;
        }
        let design = folder.path().join(format!("{}.ron", recipe.name()));
        save_design(&Files::default(), &design, &project).expect("written");
        let output = Command::new(env!("CARGO_BIN_EXE_hourglass"))
            .arg("train")
            .arg(&design)
            .current_dir(folder.path())
            .output()
            .expect("started");
        assert!(output.status.success(), "{recipe:?}: {}", String::from_utf8_lossy(&output.stderr));
        let opened = open_project(&design.with_extension("hourglass")).expect("opens");
        assert_eq!(opened.runs.len(), project.trained_designs().len(), "{recipe:?}");
        for run in opened.runs {
            assert_eq!(run.status, Status::Done, "{recipe:?}");
            let totals: Vec<f64> = run.history.epochs.iter().map(|record| record.train.total()).collect();
            assert_eq!(totals.len(), 3, "{recipe:?}");
            // A growing divergence, a decreasing k and a temperature change the loss of later
            // epochs.
            let is_comparable = !matches!(
                recipe,
                Recipe::Variational | Recipe::BetaVariational | Recipe::KSparse | Recipe::Concrete
            );
            assert!(!is_comparable || totals[2] < totals[0], "{recipe:?}: {totals:?}");
            assert!(run.health.is_some() && run.checkpoint.is_some(), "{recipe:?}");
        }
    }
}

#[test]
fn recipe_names_contain_search_terms_and_every_recipe_has_a_claim() {
    for word in [
        "undercomplete",
        "linear",
        "sparse",
        "k-sparse",
        "denoising",
        "contractive",
        "convolutional",
        "vae",
        "beta-vae",
        "concrete",
        "mdl",
        "rbm",
        "joint-vs-layerwise",
        "hashing",
        "vq-vae",
        "super-resolution",
        "inpainting",
        "anomaly",
        "tabular",
    ] {
        assert!(Recipe::ALL.iter().any(|recipe| recipe.name() == word), "{word}");
    }
    for recipe in Recipe::ALL {
        assert_eq!(Recipe::from_name(recipe.name()), Some(recipe));
        assert!(!recipe.claims().is_empty(), "{recipe:?}");
        assert!(recipe.claims().iter().all(|claim| !claim.text().is_empty()));
        let sentences = recipe.summary().matches(". ").count() + 1;
        assert_eq!(sentences, 2, "{recipe:?}: {}", recipe.summary());
    }
}
