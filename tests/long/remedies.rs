//! The advice is right: every remedy helps, and healthy networks have no findings. The tables are
//! in `docs/health.md`.

#[path = "../remedies/cases.rs"]
mod cases;
#[path = "../remedies/trial.rs"]
mod trial;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};

use hourglass::project::Recipe;
use hourglass::run::Fault;

use trial::Trial;

/// Seeds of each recipe.
const SEEDS: [u64; 5] = [1, 2, 3, 4, 5];

/// Runs of recipes that show a finding, with the expected findings and why.
const MEANT: [(Recipe, usize, &[Fault], &str); 1] = [(
    Recipe::JointVsLayerWise,
    1,
    &[Fault::WorseThanPca, Fault::SaturatedUnits],
    "the second run trains a deep sigmoid network from random weights, to show that it hardly learns",
)];

/// Writes a part of the page, if requested.
fn update(part: &str, text: &str) {
    static PAGE: Mutex<()> = Mutex::new(());
    if std::env::var_os("UPDATE_DOCS").is_none() {
        return;
    }
    let _alone = PAGE.lock().unwrap_or_else(PoisonError::into_inner);
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/health.md");
    let page = std::fs::read_to_string(path).expect("the page");
    let marks = [format!("<!-- {part} -->\n"), format!("<!-- /{part} -->")];
    let (before, rest) = page.split_once(&marks[0]).expect("its first mark");
    let (_, after) = rest.split_once(&marks[1]).expect("its last mark");
    std::fs::write(path, format!("{before}{}\n{text}\n{}{after}", marks[0], marks[1])).expect("written");
}

/// Every remedy of every finding, with its effect on the metric that the finding is about.
#[test]
fn every_remedy_helps() {
    let mut broken = Vec::new();
    let mut table =
        "| finding | design | remedy | figure | before | after |\n|---|---|---|---|---|---|\n".to_owned();
    for case in cases::CASES {
        let (outcomes, own) = case.check();
        broken.extend(own);
        for outcome in outcomes {
            let number =
                |value: f64| if value.is_finite() { format!("{value:.3}") } else { "–".to_owned() };
            let _ = writeln!(
                table,
                "| {} | {} | {} | {} | {} | {} |",
                case.fault.title(),
                case.name,
                outcome.remedy,
                outcome.of.name(),
                number(outcome.figure[0]),
                number(outcome.figure[1]),
            );
        }
    }
    update("remedies", &table);
    assert!(broken.is_empty(), "{broken:#?}");
}

/// Every finding has a tested remedy.
#[test]
fn every_finding_is_tried() {
    for fault in Fault::ALL {
        assert!(cases::CASES.iter().any(|case| case.fault == fault), "{fault:?}");
    }
}

/// Recipes train well, so any finding about them is a false alarm, except those that they
/// demonstrate.
#[test]
fn recipes_have_no_findings() {
    let (mut trained, mut alarms) = (0, Vec::new());
    let mut meant: BTreeMap<&str, usize> = BTreeMap::new();
    for recipe in Recipe::ALL {
        for seed in SEEDS {
            for (number, mut design) in recipe.project().trained_designs().into_iter().enumerate() {
                design.training.seed = seed;
                let trial = Trial::new(&design).expect("it can be trained");
                trained += 1;
                for finding in trial.run.diagnoses().iter() {
                    let own = MEANT.iter().find(|(own, at, faults, _)| {
                        (*own, *at) == (recipe, number) && faults.contains(&finding.fault)
                    });
                    if own.is_some() {
                        *meant.entry(recipe.name()).or_default() += 1;
                        continue;
                    }
                    let run = format!("{}, run {}, seed {seed}", recipe.name(), number + 1);
                    eprintln!("{run}: {}", finding.line());
                    alarms.push(format!("{run}: {} ({})", finding.title(), finding.evidence_text()));
                }
            }
        }
    }
    let mut text = format!(
        "{} recipes with {} seeds each: {trained} runs, {} false alarms.\n",
        Recipe::ALL.len(),
        SEEDS.len(),
        alarms.len()
    );
    for (recipe, _, faults, reason) in MEANT {
        let names: Vec<&str> = faults.iter().map(|fault| fault.title()).collect();
        let count = meant.get(recipe.name()).copied().unwrap_or(0);
        let _ = writeln!(text, "\n- `{}`: {count} × {};\n  {reason}", recipe.name(), names.join(" or "));
    }
    update("false alarms", &text);
    assert!(alarms.is_empty(), "{alarms:#?}");
}
