//! Every remedy of every finding helps: small designs that show a finding are trained before and after each
//! change that its buttons make.

#[path = "remedies/cases.rs"]
mod cases;
#[path = "remedies/trial.rs"]
mod trial;

#[test]
fn every_remedy_helps() {
    let wanted = std::env::var("HOURGLASS_CASE").unwrap_or_default();
    let all = cases::CASES.iter().filter(|case| case.name.contains(&wanted));
    let broken: Vec<String> = all.flat_map(|case| case.check().1).collect();
    assert!(broken.is_empty(), "{broken:#?}");
}
