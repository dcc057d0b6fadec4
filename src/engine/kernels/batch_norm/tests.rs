use super::super::reference::{
    File, assert_close, check_gradients, check_threads, empty_node, gradients_of, node, normals, pass,
    random_node, recorded_in, training,
};
use super::*;

fn norm(x: &Node, weight: &Node, bias: &Node, activation: Activation) -> Rc<BatchNorm> {
    let (len, columns) = (x.borrow().values().len(), x.borrow().columns());
    let channels = bias.borrow().columns();
    let parts = BatchNormParts {
        x: Rc::clone(x),
        y: empty_node(len / columns, columns),
        weight: Rc::clone(weight),
        bias: Rc::clone(bias),
        running_mean: empty_node(1, channels),
        running_var: node(1, channels, &vec![1.0; channels]),
        activation,
        wants_input_gradient: true,
    };
    BatchNorm::new(parts).expect("small")
}

#[test]
fn values_gradients_and_running_statistics_equal_pytorch() {
    let file = File::open("norm");
    for kind in ["features", "pixels"] {
        let case = |step: &str| format!("batch-{kind}-{step}");
        let tensor = |step: &str, name: &str| file.tensor(&case(step), name);
        let x = tensor("first", "x").node();
        let (weight, bias) = (tensor("first", "weight").row(), tensor("first", "bias").row());
        let norm = norm(&x, &weight, &bias, Activation::Linear);
        let rows = tensor("first", "x").shape[0];
        for step in ["first", "second", "evaluation"] {
            let is_training = file.config(&case(step)) == [1];
            assert_eq!(is_training, step != "evaluation");
            let mode = if is_training { training(1, 0) } else { Mode::Use };
            x.borrow_mut().values_mut().copy_from_slice(&tensor(step, "x").channels_last());
            let forward = recorded_in(mode, &norm, rows);
            let dy = tensor(step, "dy").channels_last();
            let gradients = gradients_of(&forward, &norm.parts.y, &dy, &[&x, &weight, &bias], 2);
            let what = case(step);
            assert_close(norm.parts.y.borrow().values(), &tensor(step, "y").channels_last(), 1e-5, &what);
            for (name, gradient) in ["dx", "dweight", "dbias"].into_iter().zip(&gradients) {
                assert_close(gradient, &tensor(step, name).channels_last(), 1e-5, &format!("{what} {name}"));
            }
            let (mean, var) = (norm.parts.running_mean.borrow(), norm.parts.running_var.borrow());
            assert_close(mean.values(), &tensor(step, "mean").values, 1e-6, &what);
            assert_close(var.values(), &tensor(step, "variance").values, 1e-6, &what);
        }
    }
}

#[test]
fn the_minibatch_has_the_mean_and_deviation_requested() {
    // 128 · 14 · 14 pixels make many shards; a mean far from 0 must not lose digits.
    let (rows, channels) = (128, 3);
    let x = random_node(rows, 14 * 14 * channels, 1);
    x.borrow_mut().values_mut().iter_mut().for_each(|x| *x = 2.0 * *x + 1000.0);
    let (weight, bias) = (node(1, channels, &[1.0, 2.0, 3.0]), node(1, channels, &[0.0, -1.0, 5.0]));
    let norm = norm(&x, &weight, &bias, Activation::Linear);
    norm.compute(&Pass { mode: training(1, 0), ..pass(rows, 2) });
    let y = norm.parts.y.borrow();
    for channel in 0..channels {
        let values: Vec<f64> =
            y.values().iter().skip(channel).step_by(channels).copied().map(f64::from).collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let var = values.iter().map(|y| (y - mean).powi(2)).sum::<f64>() / values.len() as f64;
        assert!((mean - f64::from(bias.borrow().values()[channel])).abs() < 3e-4, "{mean}");
        assert!((var.sqrt() - f64::from(weight.borrow().values()[channel])).abs() < 3e-4, "{var}");
    }
    assert!((norm.mean()[0] - 1000.0).abs() < 0.1 && (norm.inverse_deviation()[0] - 0.5).abs() < 0.01);
}

#[test]
fn gradients_equal_finite_differences() {
    for (activation, mode) in [
        (Activation::Tanh, training(1, 0)),
        (Activation::Silu, training(1, 0)),
        (Activation::Sigmoid, Mode::Use),
        (Activation::Gelu, Mode::Use),
    ] {
        let x = random_node(4, 6 * 3, 1);
        let (weight, bias) = (random_node(1, 3, 2), random_node(1, 3, 3));
        let norm = norm(&x, &weight, &bias, activation);
        // In evaluation the statistics differ from the minibatch's; in training they must not
        // matter.
        norm.parts.running_mean.borrow_mut().values_mut().fill(0.3);
        norm.parts.running_var.borrow_mut().values_mut().fill(2.0);
        let forward = recorded_in(mode, &norm, 4);
        check_gradients(&forward, &norm.parts.y, &[&x, &weight, &bias], &format!("{activation:?} {mode:?}"));
    }
}

#[test]
fn an_input_that_is_not_learned_gets_no_gradient() {
    let run = |wants: bool| {
        let mut norm =
            norm(&random_node(5, 12, 1), &random_node(1, 3, 2), &random_node(1, 3, 3), Activation::Relu);
        Rc::get_mut(&mut norm).expect("alone").parts.wants_input_gradient = wants;
        let dy = normals(60, 4);
        let forward = recorded_in(training(1, 0), &norm, 5);
        let gradients =
            gradients_of(&forward, &norm.parts.y, &dy, &[&norm.parts.weight, &norm.parts.bias], 1);
        assert_eq!(norm.parts.x.borrow().has_gradient(), wants);
        gradients
    };
    assert_eq!(run(true), run(false));
}

#[test]
fn threads_change_nothing() {
    for channels in [1, 16, 3000] {
        let x = random_node(60, 12_000, 1);
        let norm = norm(&x, &random_node(1, channels, 2), &random_node(1, channels, 3), Activation::Silu);
        let forward = recorded_in(training(1, 0), &norm, 60);
        let of = [&norm.parts.x, &norm.parts.weight, &norm.parts.bias];
        check_threads(&forward, &norm.parts.y, &of);
    }
}
