use std::ffi::OsStr;

use super::args::{Check, New, RecipeName};
use super::data::{self, DataPathHint};
use super::failure::Failure;
use super::signal::{self, Stage};
use super::subject::Subject;
use super::write::{line, refuse_to_overwrite};
use crate::check::{Severity, plan, problems};
use crate::io::{save_design, save_project};
use crate::project::{Recipe, Shape, visible_path};
use crate::run::{Run, weight_problem};

/// `hourglass recipes`
pub(super) fn recipes() {
    let width = Recipe::ALL.iter().map(|recipe| recipe.name().len()).max().unwrap_or(0);
    for recipe in Recipe::ALL {
        let claims: Vec<String> = recipe.claims().iter().map(|claim| claim.text()).collect();
        line(format!("{:width$}  {} (trained: {})", recipe.name(), recipe.summary(), claims.join(", ")));
    }
}

/// `hourglass new`
pub(super) fn new(arguments: &New) -> Result<(), Failure> {
    let RecipeName(recipe) = arguments.recipe;
    let path = &arguments.output;
    refuse_to_overwrite(path, arguments.force)?;
    let mut project = recipe.project();
    arguments.weights.apply(&mut project);
    signal::enter(Stage::Writing);
    match path.extension().and_then(OsStr::to_str) {
        Some("ron") => save_design(&signal::files(), path, &project)?,
        Some("hourglass") => save_project::<Run>(&signal::files(), path, &project, &[])?,
        Some(_) | None => {
            let message = "use the extension .ron (the design alone) or .hourglass (with its runs)";
            return Err(Failure::Usage(format!("{}: {message}", visible_path(path))));
        }
    }
    line(visible_path(path));
    Ok(())
}

/// `hourglass check`
pub(super) fn check(arguments: &Check) -> Result<(), Failure> {
    let mut subject = Subject::open(&arguments.subject, "hourglass check DESIGN --data")?;
    data::replace(&mut subject.project, &arguments.data)?;
    // A design can also be checked without its data, with fewer rules.
    let loaded = data::load(&subject.project.data, data::OF_DESIGN, DataPathHint::Option);
    if let Err(Failure::Interrupted) = loaded {
        return Err(Failure::Interrupted);
    }
    let facts = loaded.as_ref().ok().map(data::facts);
    let mut found = problems(&subject.project, facts.as_ref());
    found.extend(loaded.as_ref().ok().and_then(|data| weight_problem(&subject.project, data)));
    let mut errors = 0;
    if let Err(Failure::Problem(message)) = &loaded {
        errors += 1;
        line(format!("error: input: {message}"));
    }
    for problem in &found {
        errors += usize::from(problem.severity == Severity::Error);
        let fix = problem.fix.as_ref().map(|fix| format!(" [{}]", fix.label)).unwrap_or_default();
        line(format!("{}: {}: {}{fix}", problem.severity, problem.place, problem.message));
    }
    if errors > 0 {
        let s = if errors == 1 { "" } else { "s" };
        return Err(Failure::Problem(format!("{errors} error{s}: this design cannot be trained")));
    }
    if let Some(facts) = facts
        && let Ok(plan) = plan(&subject.project, &facts)
    {
        line(summary(plan.shape(), plan.code_units(), (plan.parameters(), plan.macs())));
    }
    Ok(())
}

/// The line about a design that can be trained.
fn summary(input: Shape, units: usize, (parameters, macs): (u64, u64)) -> String {
    let s = |count: usize| if count == 1 { "" } else { "s" };
    let input = match input {
        Shape::Vector(features) => format!("{features} input{}", s(features)),
        Shape::Image { .. } => format!("{input} pictures"),
    };
    let code = format!("code of {units} number{}", s(units));
    format!("ok: {input}, {code}, {parameters} parameters, {macs} multiply-adds per sample")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_a_sound_design_has_words_for_its_numbers() {
        let check = |input, units, expected: &str| assert_eq!(summary(input, units, (9, 7)), expected);
        let rest = "9 parameters, 7 multiply-adds per sample";
        check(Shape::Vector(5), 4, &format!("ok: 5 inputs, code of 4 numbers, {rest}"));
        check(Shape::Vector(1), 1, &format!("ok: 1 input, code of 1 number, {rest}"));
        let digits = Shape::Image { height: 8, width: 8, channels: 1 };
        check(digits, 32, &format!("ok: 8×8 grey pictures, code of 32 numbers, {rest}"));
    }
}
