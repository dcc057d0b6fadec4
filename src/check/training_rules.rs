//! Rules for training settings.

use super::{DataFacts, Fix, Problem};
use crate::project::{EarlyStopping, Optimizer, Place, Project, Schedule, Training};

pub(super) fn check(project: &Project, data: Option<&DataFacts>, problems: &mut Vec<Problem>) {
    for (is_valid, message, label, fix) in settings(&project.training) {
        if !is_valid {
            let fix = Fix::new(label, project, |project| fix(&mut project.training));
            problems.push(Problem::error(Place::Training, message).with_fix(fix));
        }
    }
    check_split(project, problems);
    check_lengths(project, problems);
    if let Some(facts) = data {
        check_rows(project, facts, problems);
    }
}

/// Settings that are valid one by one but not together.
fn check_lengths(project: &Project, problems: &mut Vec<Problem>) {
    let training = &project.training;
    if let Some(stop) = training.early_stopping
        && stop.patience >= training.epochs
        && training.epochs > 0
    {
        let message = format!(
            "With a patience of {} epochs, a run of {} epochs can never stop early.",
            stop.patience, training.epochs
        );
        let patience = (training.epochs / 10).max(1);
        let fix = Fix::new(format!("Use a patience of {patience}"), project, |project| {
            project.training.early_stopping = Some(EarlyStopping { patience, ..stop });
        });
        let problem = Problem::warning(Place::Training, message);
        problems.push(if patience < training.epochs { problem.with_fix(fix) } else { problem });
    }
    if let Schedule::Step { epochs, .. } = training.schedule
        && epochs >= training.epochs
        && training.epochs > 1
    {
        let message = format!(
            "The learning rate decays every {epochs} epochs, but the run has only {}: it never decays.",
            training.epochs
        );
        let every = (training.epochs / 3).max(1);
        let fix = Fix::new(format!("Decay every {every} epochs"), project, |project| {
            if let Schedule::Step { epochs, .. } = &mut project.training.schedule {
                *epochs = every;
            }
        });
        problems.push(Problem::warning(Place::Training, message).with_fix(fix));
    }
    if matches!(training.schedule, Schedule::OneCycle { .. }) && training.warmup_epochs > 0 {
        let message = "One cycle warms up by itself. After a warm-up, the learning rate would rise twice.";
        let fix = Fix::new("Remove the warm-up", project, |project| project.training.warmup_epochs = 0);
        problems.push(Problem::warning(Place::Training, message).with_fix(fix));
    }
    let shrinking = training.learning_rate * training.weight_decay;
    if matches!(training.optimizer, Optimizer::AdamW { .. }) && shrinking >= 1.0 {
        let message = format!(
            "AdamW subtracts the fraction learning rate × weight decay = {shrinking} of every weight in every step: it must be below 1."
        );
        let fix = Fix::new("Use a weight decay of 0.01", project, |project| {
            project.training.weight_decay = 0.01;
            project.training.learning_rate = project.training.learning_rate.min(1.0);
        });
        problems.push(Problem::error(Place::Training, message).with_fix(fix));
    }
}

type Rule = (bool, String, &'static str, fn(&mut Training));

/// Every setting: whether it is valid, the message if not, and its fix.
fn settings(training: &Training) -> Vec<Rule> {
    let rate = training.learning_rate;
    let mut rules: Vec<Rule> = vec![
        (
            rate.is_finite() && rate > 0.0,
            format!("The learning rate is {rate}: it must be above 0."),
            "Use 0.001",
            |training| training.learning_rate = 1e-3,
        ),
        (
            training.batch_size > 0,
            "The batch size is 0: it must be at least 1.".to_owned(),
            "Use a batch of 64",
            |training| training.batch_size = 64,
        ),
        (
            training.epochs > 0,
            "The number of epochs is 0: it must be at least 1.".to_owned(),
            "Use 100 epochs",
            |training| {
                training.epochs = 100;
            },
        ),
        (
            training.weight_decay.is_finite() && training.weight_decay >= 0.0,
            format!("The weight decay is {}: it must be 0 or more.", training.weight_decay),
            "Use no weight decay",
            |training| training.weight_decay = 0.0,
        ),
        (
            training.gradient_clip.is_none_or(|norm| norm.is_finite() && norm > 0.0),
            format!(
                "Gradients cannot be clipped to a norm of {}: it must be above 0.",
                training.gradient_clip.unwrap_or_default()
            ),
            "Turn off clipping",
            |training| training.gradient_clip = None,
        ),
        (
            training
                .early_stopping
                .is_none_or(|stop| stop.patience > 0 && stop.min_delta.is_finite() && stop.min_delta >= 0.0),
            "Early stopping needs a patience of at least 1 epoch, and an improvement of 0 or more."
                .to_owned(),
            "Use a patience of 10",
            |training| training.early_stopping = Some(EarlyStopping::default()),
        ),
    ];
    rules.push(optimizer_rule(training.optimizer));
    rules.push(schedule_rule(training.schedule));
    rules
}

fn optimizer_rule(optimizer: Optimizer) -> Rule {
    let decay = |value: f32| (0.0..1.0).contains(&value);
    let (is_valid, message) = match optimizer {
        Optimizer::Sgd { momentum, nesterov } => (
            decay(momentum) && (!nesterov || momentum > 0.0),
            format!(
                "The momentum of SGD is {momentum}: it must lie in [0, 1), and be above 0 for Nesterov momentum."
            ),
        ),
        Optimizer::RmsProp { alpha, eps } => (
            decay(alpha) && eps > 0.0 && eps.is_finite(),
            format!("RMSprop needs alpha in [0, 1) and eps above 0, not {alpha} and {eps}."),
        ),
        Optimizer::Adam { beta1, beta2, eps } | Optimizer::AdamW { beta1, beta2, eps } => (
            decay(beta1) && decay(beta2) && eps > 0.0 && eps.is_finite(),
            format!("Adam needs betas in [0, 1) and eps above 0, not {beta1}, {beta2} and {eps}."),
        ),
    };
    (is_valid, message, "Use the defaults", |training| {
        let same = |default: &Optimizer| default.name() == training.optimizer.name();
        training.optimizer = Optimizer::ALL.into_iter().find(same).unwrap_or_default();
    })
}

fn schedule_rule(schedule: Schedule) -> Rule {
    let (is_valid, message) = match schedule {
        Schedule::Constant => (true, String::new()),
        Schedule::Step { epochs, factor } => (
            epochs > 0 && factor > 0.0 && factor.is_finite(),
            format!(
                "The step schedule needs at least 1 epoch and a factor above 0, not {epochs} and {factor}."
            ),
        ),
        Schedule::Cosine { floor } => (
            (0.0..=1.0).contains(&floor),
            format!(
                "A cosine schedule ends at a fraction of the learning rate: {floor} does not lie in [0, 1]."
            ),
        ),
        Schedule::OneCycle { rise, start, floor } => (
            [rise, start, floor].iter().all(|share| (0.0..=1.0).contains(share)),
            format!(
                "The rise, start and end of one cycle must be fractions in [0, 1], not {rise}, {start} and {floor}."
            ),
        ),
    };
    (is_valid, message, "Keep the rate constant", |training| training.schedule = Schedule::Constant)
}

fn check_split(project: &Project, problems: &mut Vec<Problem>) {
    let split = project.data.split;
    let fraction = |value: f32| (0.0..1.0).contains(&value);
    let is_valid = fraction(split.validation) && fraction(split.test) && split.validation + split.test < 1.0;
    if !is_valid {
        let message = format!(
            "Validation and test fractions of {} and {} leave nothing to train on: both must lie in [0, 1) and together below 1.",
            split.validation, split.test
        );
        let fix = Fix::new("Use a tenth each", project, |project| {
            (project.data.split.validation, project.data.split.test) = (0.1, 0.1);
        });
        problems.push(Problem::error(Place::Data, message).with_fix(fix));
    }
}

fn check_rows(project: &Project, facts: &DataFacts, problems: &mut Vec<Problem>) {
    let training = &project.training;
    if facts.train_rows == 0 {
        problems.push(Problem::error(
            Place::Data,
            "The training split is empty: use smaller validation and test fractions, or more data.",
        ));
    } else if training.batch_size > facts.train_rows {
        let rows = facts.train_rows;
        let message = format!(
            "The batch is larger than the training split ({rows} samples), so every epoch is a single step."
        );
        let smaller = (rows / 8).max(1);
        let fix = Fix::new(format!("Use a batch of {smaller}"), project, |project| {
            project.training.batch_size = smaller;
        });
        problems.push(Problem::info(Place::Training, message).with_fix(fix));
    }
    if facts.train_rows > 0 && facts.value_range.0 == facts.value_range.1 {
        problems.push(Problem::warning(
            Place::Data,
            format!("All values are {}: there is nothing to learn from constant data.", facts.value_range.0),
        ));
    }
    if training.early_stopping.is_none() && facts.validation_rows == 0 && facts.train_rows > 0 {
        let fix = Fix::new("Hold out a tenth", project, |project| project.data.split.validation = 0.1);
        let problem =
            Problem::info(Place::Data, "There is no validation split, so overfitting cannot be detected.");
        let helps = project.data.split.validation == 0.0 && project.data.split.test < 0.9;
        problems.push(if helps { problem.with_fix(fix) } else { problem });
    }
    if training.early_stopping.is_some() && facts.validation_rows == 0 {
        let fix = Fix::new("Turn off early stopping", project, |project| {
            project.training.early_stopping = None;
        });
        problems.push(
            Problem::error(Place::Training, "Early stopping needs a validation split, and there is none.")
                .with_fix(fix),
        );
    }
    if training.warmup_epochs >= training.epochs && training.warmup_epochs > 0 {
        let message = format!(
            "The warm-up takes {} epochs, but the run has only {}: the full learning rate is never reached.",
            training.warmup_epochs, training.epochs
        );
        let fix = Fix::new("Remove the warm-up", project, |project| project.training.warmup_epochs = 0);
        problems.push(Problem::warning(Place::Training, message).with_fix(fix));
    }
}
