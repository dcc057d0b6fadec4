//! Remedies help: small designs that show a finding are trained before and after each change made
//! by its buttons. The long tests also train those that take longer.

#[path = "remedies/cases.rs"]
mod cases;
#[path = "remedies/trial.rs"]
mod trial;

/// Number of epochs from which a design is trained only in the long tests.
const LONG: u32 = 60;

#[test]
fn remedies_help() {
    let short = cases::CASES.iter().filter(|case| (case.design)().training.epochs < LONG);
    let broken: Vec<String> = short.flat_map(|case| case.check().1).collect();
    assert!(broken.is_empty(), "{broken:#?}");
}
