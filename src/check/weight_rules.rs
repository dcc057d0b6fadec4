//! Rules for weights of features. Whether the features exist is checked with the data.

use std::collections::HashSet;

use super::{Fix, Problem};
use crate::project::{Bottleneck, FeatureWeight, Greedy, Place, Project, Strategy, format_number};

/// Most problems that are listed one by one.
const LISTED: usize = 20;

pub(super) fn check(project: &Project, problems: &mut Vec<Problem>) {
    check_single(project, problems);
    if !project.weighs_features() {
        return;
    }
    let without = || Fix::new("Remove the weights", project, |project| project.feature_weights.clear());
    if matches!(project.code.kind, Bottleneck::DescriptionLength { .. }) {
        let message = "A description length counts the bits of every value alike, but features have weights in the loss.";
        problems.push(Problem::error(Place::Output, message).with_fix(without()));
    }
    if let Strategy::LayerWise { by: Greedy::Machines, .. } = project.training.strategy {
        let message = "Boltzmann machines learn from all features alike: the weights of features take effect once the layers are trained together.";
        problems.push(Problem::info(Place::Output, message));
    }
}

fn check_single(project: &Project, problems: &mut Vec<Problem>) {
    let mut names = HashSet::new();
    let (mut reported, mut more) = (0, 0);
    for (at, own) in project.feature_weights.iter().enumerate() {
        let message = if !own.is_valid() {
            let (weight, most) =
                (format_number(f64::from(own.weight)), format_number(f64::from(FeatureWeight::MOST)));
            format!("The weight of “{}” is {weight}: it must lie between 0 and {most}.", own.name)
        } else if !names.insert(&own.name) {
            format!("“{}” has two weights in the loss: remove one.", own.name)
        } else {
            continue;
        };
        if reported == LISTED {
            more += 1;
            continue;
        }
        reported += 1;
        let fix = Fix::new("Remove the weight", project, |project| drop(project.feature_weights.remove(at)));
        problems.push(Problem::error(Place::Output, message).with_fix(fix));
    }
    if more > 0 {
        let message = format!("{more} more weights of features are out of range.");
        problems.push(Problem::error(Place::Output, message));
    }
}
