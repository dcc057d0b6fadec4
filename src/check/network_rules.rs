//! Rules for the network.

use std::collections::HashSet;

use super::layers::{MOST_FEATURES, compared, family, units_problem};
use super::{Card, Cards, DataFacts, Fix, Problem, cards};
use crate::project::{
    Activation, Binarise, Bottleneck, CodeForm, Corruption, Decoder, Greedy, Initialisation, Layer, Loss,
    Place, Project, Scaling, Shape, Strategy, Variance, capital, format_range,
};

pub(super) fn check(project: &Project, data: Option<&DataFacts>, problems: &mut Vec<Problem>) {
    check_input(data, problems);
    check_binarised(project, data, problems);
    let cards = cards(project, data.map(|facts| facts.shape));
    check_layers(project, &cards, data, problems);
    check_code(project, &cards, data, problems);
    check_output(project, &cards, data, problems);
    check_corruption(project, data, problems);
    check_initialisation(project, &cards, problems);
    if !problems.iter().any(Problem::is_error) && cards.parameters() == Some(0) {
        let fix = Fix::new("Add a dense layer", project, |project| {
            project.encoder.push(Layer::Dense { units: 64, activation: Activation::Relu });
        });
        let message = "There is nothing to learn: add a layer with weights.";
        problems.push(Problem::error(Place::Code, message).with_fix(fix));
    }
}

/// If more than one layer learns, units with equal initial weights stay equal.
fn check_initialisation(project: &Project, cards: &Cards, problems: &mut Vec<Problem>) {
    let by_machines = matches!(project.training.strategy, Strategy::LayerWise { by: Greedy::Machines, .. });
    let learning = cards.iter().filter(|card| card.parameters.is_some_and(|count| count > 0)).count();
    if project.training.initialisation != Initialisation::Zero || by_machines || learning < 2 {
        return;
    }
    let message = "All weights start at 0, so all units of a layer get the same gradients and stay equal.";
    let fix = Fix::new("Use PyTorch's default", project, |project| {
        project.training.initialisation = Initialisation::PyTorch;
    });
    problems.push(Problem::warning(Place::Training, message).with_fix(fix));
}

fn check_input(data: Option<&DataFacts>, problems: &mut Vec<Problem>) {
    let Some(features) = data.map(|facts| facts.shape.features()) else {
        return;
    };
    if features == 0 {
        problems
            .push(Problem::error(Place::Data, "A sample has no features: there is nothing to learn from."));
    } else if features > MOST_FEATURES {
        problems.push(Problem::error(
            Place::Data,
            format!("A sample has {features} features, more than the maximum of {MOST_FEATURES}: load the data at a smaller size."),
        ));
    }
}

fn check_layers(project: &Project, cards: &Cards, data: Option<&DataFacts>, problems: &mut Vec<Problem>) {
    let is_mirrored = matches!(project.decoder, Decoder::Mirrored { .. });
    let own_decoder: &[Layer] = match &project.decoder {
        Decoder::Free(layers) => layers,
        Decoder::Mirrored { .. } => &[],
    };
    let encoder = project.encoder.iter().enumerate().map(|(i, layer)| (Place::Encoder(i), layer));
    let decoder = own_decoder.iter().enumerate().map(|(i, layer)| (Place::Decoder(i), layer));
    for (place, layer) in encoder.chain(decoder) {
        if let Some(problem) = family(layer).setting_problem() {
            let reported = Problem::error(place, problem.message);
            problems.push(reported.with_early_fix(problems.len(), || {
                Fix::new(problem.label, project, |project| {
                    if let Some(layer) = project.layer_mut(place) {
                        *layer = problem.fixed;
                    }
                })
            }));
        }
    }
    let mut reported: HashSet<Place> = problems.iter().map(|problem| problem.place).collect();
    let mut is_encoder_reported = reported.iter().any(|place| matches!(place, Place::Encoder(_)));
    let front = first_row_maker(cards);
    for card in cards.iter() {
        // Problems that only follow from a broken encoder are not reported.
        let follows =
            is_mirrored && is_encoder_reported && matches!(card.place, Place::Decoder(_) | Place::Output);
        if let Some(invalid_reason) = &card.invalid_reason
            && !follows
            && reported.insert(card.place)
        {
            is_encoder_reported |= matches!(card.place, Place::Encoder(_));
            problems.push(invalid_layer_problem(project, card, front, invalid_reason, problems.len()));
        }
    }
    check_company(project, data, problems);
}

/// The problem of a layer that cannot be applied to its input; `front` is the first layer that
/// turns a picture into a row, and `found` problems were found before.
fn invalid_layer_problem(
    project: &Project,
    card: &Card,
    front: Option<usize>,
    invalid_reason: &str,
    found: usize,
) -> Problem {
    let problem = Problem::error(card.place, invalid_reason);
    let is_own = match (card.place, &project.decoder) {
        (Place::Encoder(index), _) => index < project.encoder.len(),
        (Place::Decoder(index), Decoder::Free(layers)) => index < layers.len(),
        _ => false,
    };
    if is_own {
        problem.with_early_fix(found, || invalid_layer_fix(project, card, front))
    } else if card.place == Place::Code && matches!(card.input, Some(Shape::Vector(_))) {
        // Channels after a row are impossible.
        let units = |project: &mut Project| project.code.set_form(CodeForm::Units);
        problem.with_early_fix(found, || Fix::new("Use units", project, units))
    } else {
        problem
    }
}

fn invalid_layer_fix(project: &Project, card: &Card, front: Option<usize>) -> Fix {
    let fitted = card.layer.as_ref().zip(card.input).and_then(|(layer, input)| family(layer).fitted(input));
    if let Some((label, fitted)) = fitted {
        return Fix::new(label, project, |project| {
            if let Some(layer) = project.layer_mut(card.place) {
                *layer = fitted;
            }
        });
    }
    let needs_picture = card.layer.as_ref().is_some_and(|layer| family(layer).needs_picture());
    if needs_picture
        && let Place::Encoder(index) = card.place
        && let Some(front) = front.filter(|front| *front < index)
    {
        return Fix::new("Move it earlier", project, |project| {
            if let Some(layer) = project.remove_layer(Place::Encoder(index)) {
                project.insert_layer(Place::Encoder(front), layer);
            }
        });
    }
    if let Some(Shape::Vector(features)) = card.input
        && needs_picture
        && let Some((height, width)) = most_square(features)
    {
        let reshape = Layer::Reshape { height, width, channels: 1 };
        return Fix::new(format!("Reshape to {width}×{height} pixels"), project, |project| {
            project.insert_layer(card.place, reshape);
        });
    }
    Fix::new("Remove the layer", project, |project| {
        project.remove_layer(card.place);
    })
}

/// The first layer of the encoder that turns a picture into a row.
fn first_row_maker(cards: &Cards) -> Option<usize> {
    cards.encoder.iter().position(|card| {
        matches!((card.input, card.output), (Some(Shape::Image { .. }), Some(Shape::Vector(_))))
    })
}

/// Height and width of the picture closest to a square with this many pixels; `None` if it would be
/// a line.
fn most_square(features: usize) -> Option<(usize, usize)> {
    let root = features.isqrt();
    (2..=root).rev().find(|side| features.is_multiple_of(*side)).map(|side| (side, features / side))
}

/// Comparing the samples of a minibatch needs at least two.
fn check_company(project: &Project, data: Option<&DataFacts>, problems: &mut Vec<Problem>) {
    let Some((place, name)) = compared(project) else { return };
    if project.training.batch_size == 1 {
        let fix = Fix::new("Use a batch of 64", project, |project| project.training.batch_size = 64);
        let message = format!("{name} compares the samples of a minibatch, and a batch of 1 has only one.");
        problems.push(Problem::error(place, message).with_fix(fix));
    } else if data.is_some_and(|facts| facts.train_rows == 1) {
        let message =
            format!("{name} compares the samples of a minibatch, and there is only one training sample.");
        problems.push(Problem::error(place, message));
    }
}

fn check_code(project: &Project, cards: &Cards, data: Option<&DataFacts>, problems: &mut Vec<Problem>) {
    let units = project.code.units;
    if let Some(message) = units_problem("A code", units) {
        let fix = Fix::new("Use a code of 2", project, |project| project.code.units = 2);
        problems.push(Problem::error(Place::Code, message).with_fix(fix));
        return;
    }
    let takes_activation = !project.code.kind.is_gaussian()
        && !matches!(
            project.code.kind,
            Bottleneck::Hashing { .. } | Bottleneck::Concrete { .. } | Bottleneck::DescriptionLength { .. }
        );
    if !takes_activation && project.code.activation != Activation::Linear {
        let message = format!(
            "A {} code has its own activation, so this one ({}) is not used.",
            project.code.kind.name(),
            project.code.activation.name()
        );
        let fix = Fix::new("Make it linear", project, |project| project.code.activation = Activation::Linear);
        problems.push(Problem::info(Place::Code, message).with_fix(fix));
    } else if cards.code.layer.is_none() && project.code.activation != Activation::Linear {
        let message = format!(
            "The last encoder layer already has {units} {}, so the code uses its output and the activation of the code ({}) is not used.",
            match project.code.form {
                CodeForm::Units => "numbers",
                CodeForm::Channels => "channels",
            },
            project.code.activation.name()
        );
        let fix = Fix::new("Make it linear", project, |project| project.code.activation = Activation::Linear);
        problems.push(Problem::info(Place::Code, message).with_fix(fix));
    }
    let numbers = cards.code.output.map_or(units, Shape::features);
    if let Some(facts) = data
        && numbers >= facts.shape.features()
        && !project.corruption.corrupts()
        && project.code.kind == Bottleneck::Plain
        && project.regularizers.is_empty()
    {
        let features = facts.shape.features();
        let message = format!(
            "A code of {numbers} is as large as the input ({features} features): the network can copy instead of learning. Make it smaller, make it sparse, or corrupt the input."
        );
        let positions = numbers / units.max(1);
        let smaller = (features / 4 / positions.max(1)).max(1);
        let fix =
            Fix::new(format!("Use a code of {smaller}"), project, |project| project.code.units = smaller);
        let problem = Problem::warning(Place::Code, message);
        problems.push(if smaller < units { problem.with_fix(fix) } else { problem });
    }
}

/// Binarisation needs values between 0 and 1.
fn check_binarised(project: &Project, data: Option<&DataFacts>, problems: &mut Vec<Problem>) {
    let Some(facts) = data.filter(|_| project.data.binarise != Binarise::Off) else { return };
    let (low, high) = facts.value_range;
    if low >= 0.0 && high <= 1.0 {
        return;
    }
    let range = format_range(facts.value_range);
    let message = format!("Binarising needs values in [0, 1], but the scaled data lie in {range}.");
    let problem = Problem::error(Place::Data, message);
    problems.push(if project.data.scaling == Scaling::UnitRange {
        problem.with_fix(Fix::new("Turn off binarising", project, |project| {
            project.data.binarise = Binarise::Off;
        }))
    } else {
        problem.with_fix(Fix::new("Scale to [0, 1]", project, |project| {
            project.data.scaling = Scaling::UnitRange;
        }))
    });
}

/// The σ of a likelihood and the δ of Huber's loss.
fn check_loss(project: &Project, data: Option<&DataFacts>, problems: &mut Vec<Problem>) {
    if let Loss::Huber { delta } = project.loss {
        let width = data.map(|facts| facts.value_range.1 - facts.value_range.0);
        if !(delta.is_finite() && delta > 0.0) {
            let message = format!("δ is {delta}: it must be above 0.");
            let fix = Fix::new("Use 0.1", project, |project| project.loss = Loss::Huber { delta: 0.1 });
            problems.push(Problem::error(Place::Output, message).with_fix(fix));
        } else if width.is_some_and(|width| width > 0.0 && delta >= width) {
            let message = format!(
                "The scaled data span only {}, so errors above δ = {delta} are rare and this is just half the squared error.",
                width.unwrap_or_default()
            );
            let fix = Fix::new("Use squared error", project, |project| project.loss = Loss::SquaredError);
            problems.push(Problem::info(Place::Output, message).with_fix(fix));
        }
    }
    let Loss::Gaussian { variance: Variance::Fixed { std } } = project.loss else { return };
    if !(std.is_finite() && (1e-4..=1e4).contains(&std)) {
        let message =
            format!("The σ of the Gaussian likelihood is {std}: it must lie between 0.0001 and 10000.");
        let fix = Fix::new("Use 0.1", project, |project| {
            project.loss = Loss::Gaussian { variance: Variance::Fixed { std: 0.1 } };
        });
        problems.push(Problem::error(Place::Output, message).with_fix(fix));
    }
}

fn check_output(project: &Project, cards: &Cards, data: Option<&DataFacts>, problems: &mut Vec<Problem>) {
    let activation = project.output.activation;
    check_last_layer(project, cards, problems);
    check_loss(project, data, problems);
    if project.loss == Loss::BinaryCrossEntropy && activation != Activation::Sigmoid {
        let message = format!(
            "Binary cross-entropy needs outputs in (0, 1), but the last activation is {}.",
            activation.name()
        );
        let fix = Fix::new("Use sigmoid", project, |project| project.output.activation = Activation::Sigmoid);
        problems.push(Problem::error(Place::Output, message).with_fix(fix));
    }
    let Some(facts) = data else { return };
    let (low, high) = facts.value_range;
    let range = format_range(facts.value_range);
    let outside = low < 0.0 || high > 1.0;
    if project.loss == Loss::BinaryCrossEntropy && outside {
        let message =
            format!("Binary cross-entropy needs data in [0, 1], but the scaled data lie in {range}.");
        let problem = Problem::error(Place::Output, message);
        problems.push(if project.data.scaling == Scaling::UnitRange {
            // Rows outside the training split can be outside its range.
            problem.with_fix(Fix::new("Use squared error", project, |project| {
                project.loss = Loss::SquaredError;
            }))
        } else {
            problem.with_fix(Fix::new("Scale to [0, 1]", project, |project| {
                project.data.scaling = Scaling::UnitRange;
            }))
        });
    } else if let Some((lowest, highest)) = activation.reach()
        && (low < lowest - 1e-3 || high > highest + 1e-3)
        && !(project.data.scaling == Scaling::UnitRange && activation == Activation::Sigmoid)
    {
        let message = format!(
            "The scaled data lie in {range}: a {} output cannot reach values outside its range.",
            activation.name()
        );
        let fix = Fix::new("Make the output linear", project, |project| {
            project.output.activation = Activation::Linear;
        });
        problems.push(Problem::warning(Place::Output, message).with_fix(fix));
    }
}

/// A free decoder that ends in the input's size, whose last layer has an activation before the
/// output's own.
fn check_last_layer(project: &Project, cards: &Cards, problems: &mut Vec<Problem>) {
    let (Decoder::Free(layers), None) = (&project.decoder, &cards.output.layer) else { return };
    let Some((index, own)) =
        layers.len().checked_sub(1).and_then(|last| Some((last, layers[last].activation()?)))
    else {
        return;
    };
    let output = project.output.activation;
    if own == Activation::Linear || output == Activation::Linear {
        return;
    }
    let message = format!(
        "This layer already ends in the shape of the input, so its {} is directly followed by the output's {}.",
        own.name(),
        output.name()
    );
    let fix = Fix::new("Make the layer linear", project, |project| {
        if let Some(activation) = project.layer_mut(Place::Decoder(index)).and_then(Layer::activation_mut) {
            *activation = Activation::Linear;
        }
    });
    problems.push(Problem::warning(Place::Decoder(index), message).with_fix(fix));
}

fn check_corruption(project: &Project, data: Option<&DataFacts>, problems: &mut Vec<Problem>) {
    let corruption = project.corruption;
    let (is_valid, strength, message) = match corruption {
        Corruption::None => return,
        Corruption::Gaussian { std } => (
            std.is_finite() && std >= 0.0,
            std,
            format!("The standard deviation is {std}: it must be 0 or more."),
        ),
        Corruption::Masking { probability } | Corruption::SaltAndPepper { probability } => (
            (0.0..=1.0).contains(&probability),
            probability,
            format!("{probability} is not a probability: it must lie between 0 and 1."),
        ),
        Corruption::Pixelate { size } => (
            size > 0,
            if size > 1 { 0.5 } else { 0.0 },
            "The blocks have 0 pixels: they must have at least 1.".to_owned(),
        ),
        Corruption::Blur { std } => {
            (std.is_finite() && std >= 0.0, std, format!("The blur is {std} pixels: it must be 0 or more."))
        }
        Corruption::MissingRectangle { side } => (
            (0.0..=1.0).contains(&side),
            side,
            format!("The rectangle is {side} of the picture: it must lie between 0 and 1."),
        ),
    };
    let default =
        Corruption::ALL.into_iter().find(|other| other.name() == corruption.name()).unwrap_or_default();
    let with = |problem: Problem| {
        problem.with_fix(Fix::new("Use the default", project, |project| project.corruption = default))
    };
    let is_probability = matches!(
        corruption,
        Corruption::Masking { .. } | Corruption::SaltAndPepper { .. } | Corruption::MissingRectangle { .. }
    );
    if !is_valid {
        problems.push(with(Problem::error(Place::Corruption, message)));
    } else if corruption.needs_pictures() && data.is_some_and(|facts| matches!(facts.shape, Shape::Vector(_)))
    {
        let message =
            format!("{} needs pictures, and these data are rows of features.", capital(corruption.name()));
        let fix = Fix::new("Use Gaussian noise", project, |project| {
            project.corruption = Corruption::Gaussian { std: 0.3 };
        });
        problems.push(Problem::error(Place::Corruption, message).with_fix(fix));
    } else if strength == 0.0 {
        let message = format!("{} of strength 0 leaves the input unchanged.", capital(corruption.name()));
        problems.push(with(Problem::info(Place::Corruption, message)));
    } else if is_probability && strength >= 1.0 {
        let message =
            "With a probability of 1 nothing is left of the input: the network can only learn the mean.";
        problems.push(with(Problem::warning(Place::Corruption, message)));
    } else if matches!(corruption, Corruption::Masking { .. })
        && data.is_some_and(|facts| facts.value_range.0 > 0.0 || facts.value_range.1 < 0.0)
    {
        problems.push(Problem::info(
            Place::Corruption,
            "Masking sets features to 0, which is outside the range of the scaled data.",
        ));
    }
}
