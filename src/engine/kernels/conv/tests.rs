use super::super::batch_norm::BatchNormParts;
use super::super::pass::Mode;
use super::super::reference::{
    File, assert_close, check_gradients, check_threads, empty_node, gradients_of, node, normals, pass,
    project, random_node, recorded, seed, training,
};
use super::super::tape::Recorder;
use super::*;
use crate::project::Padding;

const BOTH: [Direction; 2] = [Direction::Down, Direction::Up];

/// The window over or under input pictures of `sides`.
fn window(
    direction: Direction,
    sides: (usize, usize),
    kernel: usize,
    stride: usize,
    padding: Padding,
) -> Window {
    match direction {
        Direction::Down => Window::over(sides, kernel, stride, padding),
        Direction::Up => Window::under(sides, kernel, stride, padding, (stride - 1, 0)),
    }
    .expect("fits")
}

/// Pixels of an input picture and of an output picture.
fn pixels(direction: Direction, window: Window) -> (usize, usize) {
    let (large, small) = (window.large.0 * window.large.1, window.small.0 * window.small.1);
    direction.arrange(large, small)
}

fn conv(
    x: &Node,
    weight: &Node,
    bias: &Node,
    window: Window,
    direction: Direction,
    activation: Activation,
) -> Rc<Conv> {
    let rows = x.borrow().values().len() / x.borrow().columns();
    let y = empty_node(rows, pixels(direction, window).1 * bias.borrow().columns());
    let (x, weight, bias) = (Rc::clone(x), Rc::clone(weight), Rc::clone(bias));
    let parts = ConvParts { x, weight, bias, y, window, direction, activation, wants_input_gradient: true };
    Conv::new(parts).expect("small")
}

/// Random nodes for a convolution from `channels.0` to `channels.1`, and the convolution.
fn random(
    rows: usize,
    window: Window,
    direction: Direction,
    channels: (usize, usize),
    activation: Activation,
) -> Rc<Conv> {
    let x = random_node(rows, pixels(direction, window).0 * channels.0, 1);
    let (large, small) = direction.arrange(channels.0, channels.1);
    let weight = random_node(small, window.kernel * window.kernel * large, 2);
    let bias = random_node(1, channels.1, 3);
    conv(&x, &weight, &bias, window, direction, activation)
}

#[test]
fn values_and_gradients_equal_pytorch() {
    for (name, direction) in [("conv", Direction::Down), ("conv_transpose", Direction::Up)] {
        let file = File::open(name);
        for case in file.cases() {
            let tensor = |name| file.tensor(&case, name);
            let config = file.config(&case);
            let (stride, kernel) = (config[0] as usize, config[1] as usize);
            let padding = usize::try_from(config[2]).map_or(Padding::Same, Padding::Pixels);
            let (before, after) = (tensor("x").sides(), tensor("y").sides());
            let (window, ours) = match direction {
                Direction::Down => {
                    let window = Window::over(before, kernel, stride, padding).expect("PyTorch could");
                    (window, window.small)
                }
                Direction::Up => {
                    let extra = (config[3] as usize, config[4] as usize);
                    let window =
                        Window::under(before, kernel, stride, padding, extra).expect("PyTorch could");
                    (window, window.large)
                }
            };
            assert_eq!(ours, after, "{case}");
            let (x, weight, bias) = (tensor("x").node(), tensor("weight").node(), tensor("bias").row());
            let conv = conv(&x, &weight, &bias, window, direction, Activation::Linear);
            let forward = recorded(&conv, 2);
            let gradients = gradients_of(
                &forward,
                &conv.output.y,
                &tensor("dy").channels_last(),
                &[&x, &weight, &bias],
                2,
            );
            assert_close(conv.output.y.borrow().values(), &tensor("y").channels_last(), 1e-5, &case);
            for (name, gradient) in ["dx", "dweight", "dbias"].into_iter().zip(&gradients) {
                assert_close(gradient, &tensor(name).channels_last(), 1e-5, &format!("{case} {name}"));
            }
        }
    }
}

#[test]
fn values_are_those_of_the_definition() {
    for (padding, stride) in [(Padding::Same, 2), (Padding::Pixels(2), 1), (Padding::Pixels(0), 3)] {
        let window = window(Direction::Down, (9, 6), 3, stride, padding);
        let (inputs, outputs) = (3, 20);
        let conv = random(4, window, Direction::Down, (inputs, outputs), Activation::Relu);
        conv.compute(&pass(4, 2));
        let (b, y) = (conv.bias.borrow(), conv.output.y.borrow());
        let [sums, ..] = by_definition(&conv, 4, window, &vec![0.0; y.values().len()]);
        for (index, (ours, sum)) in y.values().iter().zip(&sums).enumerate() {
            let expected = (sum + f64::from(b.values()[index % outputs])).max(0.0) as f32;
            assert!((ours - expected).abs() < 1e-4, "{padding:?} {index}: {ours} {expected}");
        }
    }
}

/// Outputs without bias and activation, and gradients of input and weight, by the definition, in
/// `f64`.
fn by_definition(conv: &Conv, rows: usize, window: Window, dy: &[f32]) -> [Vec<f64>; 3] {
    let (x, w, y) = (conv.x.borrow(), conv.weight.borrow(), conv.output.y.borrow());
    let patch = w.columns();
    let (small, large) = (w.values().len() / patch, patch / (window.kernel * window.kernel));
    let mut out = [y.values(), x.values(), w.values()].map(|values| vec![0.0; values.len()]);
    for (sample, r, c) in (0..rows)
        .flat_map(|sample| (0..window.small.0).map(move |r| (sample, r)))
        .flat_map(|(sample, r)| (0..window.small.1).map(move |c| (sample, r, c)))
    {
        let to = ((sample * window.small.0 + r) * window.small.1 + c) * small;
        for tap in 0..window.kernel * window.kernel {
            let (i, j) = (tap / window.kernel, tap % window.kernel);
            let row = (r * window.stride + i).checked_sub(window.before.0);
            let column = (c * window.stride + j).checked_sub(window.before.1);
            let (Some(row), Some(column)) = (row, column) else { continue };
            if row >= window.large.0 || column >= window.large.1 {
                continue;
            }
            let from = ((sample * window.large.0 + row) * window.large.1 + column) * large;
            for (o, l) in (0..small).flat_map(|o| (0..large).map(move |l| (o, l))) {
                let weight = o * patch + tap * large + l;
                let (input, output) = conv.direction.arrange(from + l, to + o);
                out[0][output] += f64::from(x.values()[input]) * f64::from(w.values()[weight]);
                out[1][input] += f64::from(dy[output]) * f64::from(w.values()[weight]);
                out[2][weight] += f64::from(dy[output]) * f64::from(x.values()[input]);
            }
        }
    }
    out
}

/// Compares outputs and gradients of a convolution without an activation with the definition.
fn check_definition(conv: &Rc<Conv>, rows: usize, window: Window) {
    conv.bias.borrow_mut().values_mut().fill(0.0);
    let dy = normals(conv.output.y.borrow().values().len(), 4);
    let gradients = gradients_of(&recorded(conv, rows), &conv.output.y, &dy, &[&conv.x, &conv.weight], 2);
    let expected = by_definition(conv, rows, window, &dy);
    let y = conv.output.y.borrow();
    let ours = [y.values(), &gradients[0], &gradients[1]];
    for ((ours, expected), name) in ours.into_iter().zip(&expected).zip(["y", "dx", "dw"]) {
        let largest = expected.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
        let worst = ours
            .iter()
            .zip(expected)
            .fold(0.0_f64, |most, (ours, value)| most.max((f64::from(*ours) - value).abs()));
        assert!(worst < 2e-5 * largest, "{window:?} {name}: {worst} of {largest}");
    }
}

#[test]
fn wide_3x3_convolutions_with_stride_1_equal_the_definition() {
    // Blocks at every edge, in the middle, over the edges, and several runs of them in a tile.
    for direction in BOTH {
        for (rows, sides, channels) in
            [(3, (12, 8), (32, 48)), (2, (4, 4), (64, 32)), (1, (28, 32), (32, 32)), (3, (7, 14), (32, 48))]
        {
            let window = window(direction, sides, 3, 1, Padding::Same);
            let conv = random(rows, window, direction, channels, Activation::Linear);
            assert!(matches!(&conv.route, Route::Direct(direct) if direct.is_winograd()));
            check_definition(&conv, rows, window);
        }
    }
}

#[test]
fn wide_3x3_convolutions_with_stride_2_equal_the_definition() {
    // Strips at every edge and in the middle, odd and even rows, several tiles; the kernel starts
    // at the picture or before it, in rows and columns.
    let cases = [
        (3, (16, 8), Padding::Same, (48, 48)),
        (2, (7, 16), Padding::Pixels(1), (64, 32)),
        (2, (7, 16), Padding::Same, (32, 64)),
        (1, (3, 24), Padding::Pixels(1), (80, 32)),
        (9, (32, 32), Padding::Pixels(1), (32, 64)),
    ];
    for direction in BOTH {
        for (rows, sides, padding, channels) in cases {
            let window = Window::over(sides, 3, 2, padding).expect("fits");
            let conv = random(rows, window, direction, channels, Activation::Linear);
            assert!(matches!(&conv.route, Route::Direct(direct) if direct.is_in_strips()));
            check_definition(&conv, rows, window);
        }
    }
}

#[test]
fn gradients_of_wide_3x3_convolutions_equal_finite_differences() {
    for (direction, stride, sides) in BOTH.into_iter().flat_map(|way| [(way, 1, (4, 4)), (way, 2, (2, 8))]) {
        let window = Window::over(sides, 3, stride, Padding::Same).expect("fits");
        let conv = random(1, window, direction, (64, 32), Activation::Tanh);
        for values in [&conv.x, &conv.weight] {
            values.borrow_mut().values_mut().iter_mut().for_each(|value| *value *= 0.2);
        }
        let forward = recorded(&conv, 1);
        let name = format!("{direction:?} {stride}");
        check_gradients(&forward, &conv.output.y, &[&conv.x, &conv.bias], &name);
    }
}

#[test]
fn gradients_equal_finite_differences() {
    let cases = [
        // For each direction, one activation with a derivative from outputs and one from sums.
        (Direction::Down, (5, 4), (2, 3), [Activation::Tanh, Activation::Silu]),
        (Direction::Up, (3, 2), (3, 2), [Activation::Sigmoid, Activation::Gelu]),
    ];
    for (direction, sides, channels, activations) in cases {
        for activation in activations {
            let window = window(direction, sides, 3, 2, Padding::Pixels(1));
            let conv = random(3, window, direction, channels, activation);
            for values in [&conv.x, &conv.weight] {
                values.borrow_mut().values_mut().iter_mut().for_each(|value| *value *= 0.5);
            }
            let forward = recorded(&conv, 3);
            let of = [&conv.x, &conv.weight, &conv.bias];
            check_gradients(&forward, &conv.output.y, &of, &format!("{direction:?} {activation:?}"));
        }
    }
}

#[test]
fn an_input_that_is_not_learned_gets_no_gradient() {
    for (direction, sides) in [(Direction::Down, (5, 4)), (Direction::Up, (3, 2))] {
        let window = window(direction, sides, 3, 2, Padding::Pixels(1));
        let run = |wants: bool| {
            let mut conv = random(3, window, direction, (2, 3), Activation::Relu);
            Rc::get_mut(&mut conv).expect("alone").wants_input_gradient = wants;
            let dy = normals(conv.output.y.borrow().values().len(), 4);
            let forward = recorded(&conv, 3);
            let gradients = gradients_of(&forward, &conv.output.y, &dy, &[&conv.weight, &conv.bias], 1);
            assert_eq!(conv.x.borrow().has_gradient(), wants);
            gradients
        };
        assert_eq!(run(true), run(false), "{direction:?}");
    }
}

#[test]
fn threads_change_nothing() {
    // Transformed blocks, whole pictures in a tile, bands of one picture, and strips.
    let cases = [
        (Direction::Down, 37, 8, 1, (32, 48), Activation::Relu),
        (Direction::Up, 37, 7, 1, (32, 48), Activation::Relu),
        (Direction::Down, 37, 12, 1, (3, 16), Activation::Gelu),
        (Direction::Down, 3, 40, 1, (24, 8), Activation::Gelu),
        (Direction::Up, 37, 12, 1, (16, 3), Activation::Silu),
        (Direction::Up, 3, 40, 1, (8, 24), Activation::Silu),
        (Direction::Down, 37, 8, 2, (32, 64), Activation::Relu),
        (Direction::Up, 37, 16, 2, (64, 32), Activation::Relu),
    ];
    for (direction, rows, side, stride, channels, activation) in cases {
        let window = Window::over((side, side), 3, stride, Padding::Same).expect("fits");
        let conv = random(rows, window, direction, channels, activation);
        let forward = recorded(&conv, rows);
        let of = [&conv.x, &conv.weight, &conv.bias];
        check_threads(&forward, &conv.output.y, &of);
    }
}

#[test]
fn bands_and_long_minibatches_equal_samples_one_by_one() {
    // 40 · 40 · 216 values of patches make several bands; 21 samples make several shards and tiles.
    let cases = [
        (Direction::Down, 37, 4, (48, 32)),
        (Direction::Up, 37, 4, (48, 32)),
        (Direction::Down, 2, 40, (24, 5)),
        (Direction::Down, 21, 6, (5, 4)),
        (Direction::Up, 2, 40, (5, 24)),
        (Direction::Up, 21, 6, (4, 5)),
    ];
    for (direction, rows, side, channels) in cases {
        let window = window(direction, (side, side), 3, 1, Padding::Pixels(1));
        let all = random(rows, window, direction, channels, Activation::Linear);
        let forward = recorded(&all, rows);
        let dy = normals(all.output.y.borrow().values().len(), 5);
        let gradients = gradients_of(&forward, &all.output.y, &dy, &[&all.x, &all.weight, &all.bias], 2);
        let mut sums = [vec![0.0; gradients[1].len()], vec![0.0; gradients[2].len()]];
        for row in 0..rows {
            let (len, out) = (all.x.borrow().columns(), all.output.y.borrow().columns());
            let x = node(1, len, &all.x.borrow().values()[row * len..(row + 1) * len]);
            let one = conv(&x, &all.weight, &all.bias, window, direction, Activation::Linear);
            let forward = recorded(&one, 1);
            let at = row * out..(row + 1) * out;
            let own =
                gradients_of(&forward, &one.output.y, &dy[at.clone()], &[&x, &all.weight, &all.bias], 1);
            assert_close(one.output.y.borrow().values(), &all.output.y.borrow().values()[at], 1e-5, "y");
            assert_close(&own[0], &gradients[0][row * len..(row + 1) * len], 1e-5, "dx");
            for (sums, own) in sums.iter_mut().zip(&own[1..]) {
                sums.iter_mut().zip(own).for_each(|(sum, own)| *sum += own);
            }
        }
        assert_close(&gradients[1], &sums[0], 1e-5, "dw");
        assert_close(&gradients[2], &sums[1], 1e-5, "db");
    }
}

/// A convolution from `channels.0` to `channels.1` and its transpose with the same weight, both
/// without bias.
fn pair(rows: usize, window: Window, channels: (usize, usize)) -> [Rc<Conv>; 2] {
    let down = random(rows, window, Direction::Down, channels, Activation::Linear);
    down.bias.borrow_mut().values_mut().fill(0.0);
    let small = random_node(rows, window.small.0 * window.small.1 * channels.1, 4);
    let bias = empty_node(1, channels.0);
    let up = conv(&small, &down.weight, &bias, window, Direction::Up, Activation::Linear);
    [down, up]
}

fn inner(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
}

#[test]
fn it_is_the_transpose_of_the_transposed_one_of_the_same_weight() {
    // ⟨down(a), b⟩ = ⟨a, up(b)⟩ without biases; in bands where 40 · 40 · 216 values are too many.
    for (rows, side, stride, channels) in [(3, 11, 2, (2, 5)), (2, 40, 1, (24, 3))] {
        let window = window(Direction::Down, (side, side - 1), 3, stride, Padding::Pixels(1));
        let [down, up] = pair(rows, window, channels);
        down.compute(&pass(rows, 2));
        up.compute(&pass(rows, 2));
        let left = inner(down.output.y.borrow().values(), up.x.borrow().values());
        let right = inner(down.x.borrow().values(), up.output.y.borrow().values());
        assert!((left - right).abs() < 1e-4 * left.abs().max(100.0), "{left} {right}");
        assert!(left.abs() > 1.0);
    }
}

#[test]
fn the_linear_part_is_what_forward_and_backward_compute_without_a_bias() {
    for direction in BOTH {
        let window = window(direction, (7, 6), 3, 2, Padding::Pixels(1));
        let conv = random(5, window, direction, (2, 3), Activation::Linear);
        conv.bias.borrow_mut().values_mut().fill(0.0);
        let dy = normals(conv.output.y.borrow().values().len(), 6);
        let forward = recorded(&conv, 5);
        let gradients = gradients_of(&forward, &conv.output.y, &dy, &[&conv.x], 1);
        let (x, y, threads) = (conv.x.borrow(), conv.output.y.borrow(), Threads::new(2));
        assert_eq!((conv.inputs(), conv.outputs()), (x.columns(), y.columns()));
        let mut pushed = vec![f32::NAN; y.values().len()];
        let block = Block { first: 0, samples: 5, probe: 0, probes: 1 };
        conv.push(block, x.values(), &mut pushed, &threads);
        assert_eq!(pushed, y.values(), "{direction:?}");
        let mut pulled = vec![f32::NAN; x.values().len()];
        conv.pull(block, &dy, &mut pulled, &threads);
        assert_eq!(pulled, gradients[0], "{direction:?}");
    }
}

#[test]
fn gradients_of_a_shared_weight_add() {
    let window = window(Direction::Down, (5, 5), 3, 2, Padding::Pixels(1));
    let [down, up] = pair(4, window, (2, 3));
    let dy = normals(up.output.y.borrow().values().len(), 7);
    let forward = recorded(&up, 4);
    let alone = gradients_of(&forward, &up.output.y, &dy, &[&down.weight], 1).remove(0);
    let other = normals(down.output.y.borrow().values().len(), 8);
    let forward = recorded(&down, 4);
    let first = gradients_of(&forward, &down.output.y, &other, &[&down.weight], 1).remove(0);
    let both = |threads: &Rc<Threads>, recorder: &mut Recorder| {
        recorded(&down, 4)(threads, recorder);
        seed(&down.output.y, &other, recorder);
        recorded(&up, 4)(threads, recorder);
    };
    let sum: Vec<f32> = alone.iter().zip(&first).map(|(a, b)| a + b).collect();
    let ours = gradients_of(&both, &up.output.y, &dy, &[&down.weight], 1).remove(0);
    assert_close(&ours, &sum, 1e-6, "shared weight");
}

/// A batch norm of five rows of 4 channels, and its output, weight and bias.
fn norm_of(x: &Node, activation: Activation) -> (Rc<BatchNorm>, [Node; 3]) {
    let (weight, bias, y) = (random_node(1, 4, 5), random_node(1, 4, 6), x.borrow().columns());
    let parts = BatchNormParts {
        x: Rc::clone(x),
        y: empty_node(5, y),
        weight: Rc::clone(&weight),
        bias: Rc::clone(&bias),
        running_mean: random_node(1, 4, 7),
        running_var: node(1, 4, &[0.5, 2.0, 1.0, 3.0]),
        activation,
        wants_input_gradient: true,
    };
    let nodes = [Rc::clone(&parts.y), weight, bias];
    (BatchNorm::new(parts).expect("small"), nodes)
}

/// A convolution from 3 to 4 channels, and the norm of its outputs.
fn normalised(direction: Direction, window: Window) -> (Rc<Conv>, Rc<BatchNorm>, [Node; 3]) {
    let conv = random(5, window, direction, (3, 4), Activation::Linear);
    let (norm, nodes) = norm_of(&conv.output.y, Activation::Tanh);
    (conv, norm, nodes)
}

/// Runs a convolution and its normalisation.
fn both<'a>(
    conv: &'a Rc<Conv>,
    norm: &'a Rc<BatchNorm>,
    mode: Mode,
) -> impl Fn(&Rc<Threads>, &mut Recorder) + 'a {
    move |threads, recorder| {
        conv.output.y.borrow().begin_step();
        let pass = Pass::new(5, mode, threads);
        recorder.run(conv, &pass);
        recorder.run(norm, &pass);
    }
}

#[test]
fn a_convolution_ends_the_backward_passes_of_its_normalisation() {
    for (direction, mode) in BOTH.into_iter().flat_map(|way| [(way, training(1, 0)), (way, Mode::Use)]) {
        let window = window(direction, (6, 5), 3, 2, Padding::Pixels(1));
        // With and without a gradient of what lies between, which has to be added.
        for others in [false, true] {
            let gradients = [false, true].map(|ends| {
                let (conv, norm, [y, gamma, beta]) = normalised(direction, window);
                if ends {
                    conv.end_passes_of(&norm);
                }
                let dy = normals(y.borrow().values().len(), 8);
                let forward = |threads: &Rc<Threads>, recorder: &mut Recorder| {
                    both(&conv, &norm, mode)(threads, recorder);
                    if others {
                        project(&conv.output.y, 5, 9, recorder);
                    }
                };
                let of = [&conv.x, &conv.weight, &conv.bias, &gamma, &beta];
                let gradients = gradients_of(&forward, &y, &dy, &of, 2);
                assert_eq!(conv.output.y.borrow().has_gradient(), !ends || others, "{direction:?} {mode:?}");
                gradients
            });
            for (own, apart) in gradients[1].iter().zip(&gradients[0]) {
                assert_close(own, apart, 1e-6, &format!("{direction:?} {mode:?} {others}"));
            }
        }
        let (conv, norm, [y, gamma, beta]) = normalised(direction, window);
        conv.end_passes_of(&norm);
        let forward = both(&conv, &norm, mode);
        let of = [&conv.x, &conv.weight, &gamma, &beta];
        check_gradients(&forward, &y, &of, &format!("{direction:?} {mode:?}"));
    }
}

#[test]
fn only_a_linear_convolution_ends_passes_of_what_normalises_its_own_output() {
    let window = window(Direction::Down, (6, 5), 3, 2, Padding::Pixels(1));
    let (conv, norm, _) = normalised(Direction::Down, window);
    let other = random(5, window, Direction::Down, (3, 4), Activation::Linear);
    other.end_passes_of(&norm);
    assert!(other.norm.get().is_none(), "another input");
    let mut curved = random(5, window, Direction::Down, (3, 4), Activation::Linear);
    let y = Rc::clone(&conv.output.y);
    Rc::get_mut(&mut curved).expect("alone").output = Output::new(y, Activation::Relu).expect("small");
    curved.end_passes_of(&norm);
    assert!(curved.norm.get().is_none(), "an activation in between");
    conv.end_passes_of(&norm);
    assert!(conv.norm.get().is_some());
}

#[test]
fn a_convolution_applies_the_derivative_of_the_activation_before_it() {
    // Derivatives from outputs and from sums; convolutions that read convolutions and norms.
    let window = window(Direction::Down, (7, 6), 3, 2, Padding::Pixels(1));
    let (first, next) = (window, Window::over(window.small, 3, 1, Padding::Same).expect("fits"));
    for (activation, is_normed, others) in [
        (Activation::Tanh, false, false),
        (Activation::Gelu, false, false),
        (Activation::Silu, true, false),
        (Activation::Sigmoid, true, true),
        (Activation::Gelu, false, true),
    ] {
        let gradients = [false, true].map(|follows| {
            let own = if is_normed { Activation::Linear } else { activation };
            let conv = random(5, first, Direction::Down, (3, 4), own);
            let norm = is_normed.then(|| norm_of(&conv.output.y, activation));
            let before = norm.as_ref().map_or(conv.output(), |(norm, _)| norm.output());
            let (weight, bias) = (random_node(2, 9 * 4, 11), random_node(1, 2, 12));
            let second =
                super::tests::conv(&before.y, &weight, &bias, next, Direction::Down, Activation::Tanh);
            if follows {
                second.follow(before);
            }
            let dy = normals(second.output.y.borrow().values().len(), 8);
            let forward = |threads: &Rc<Threads>, recorder: &mut Recorder| {
                [&conv.output.y, &before.y].into_iter().for_each(|node| node.borrow().begin_step());
                let pass = Pass::new(5, training(1, 0), threads);
                recorder.run(&conv, &pass);
                if let Some((norm, _)) = &norm {
                    recorder.run(norm, &pass);
                }
                recorder.run(&second, &pass);
                if others {
                    // A gradient from elsewhere, which still needs the derivative.
                    project(&before.y, 5, 9, recorder);
                }
            };
            let of = [&conv.x, &conv.weight, &weight, &bias];
            gradients_of(&forward, &second.output.y, &dy, &of, 2)
        });
        for (own, apart) in gradients[1].iter().zip(&gradients[0]) {
            assert_eq!(own, apart, "{activation:?} {is_normed} {others}");
        }
    }
}
