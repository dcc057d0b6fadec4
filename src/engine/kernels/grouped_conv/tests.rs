use super::super::conv::{Conv, ConvParts};
use super::super::reference::{
    File, assert_close, check_gradients, check_threads, empty_node, gradients_of, normals, random_node,
    recorded,
};
use super::*;
use crate::project::Padding;

/// Sizes of a case: sides of the input, kernel, stride, dilation, padding, groups, channels before
/// and after.
#[derive(Clone, Copy, Debug)]
struct Case {
    direction: Direction,
    sides: (usize, usize),
    kernel: usize,
    stride: usize,
    dilation: usize,
    padding: Padding,
    groups: usize,
    channels: (usize, usize),
}

impl Case {
    fn window(self) -> Window {
        let Case { sides, kernel, stride, dilation, padding, .. } = self;
        match self.direction {
            Direction::Down => Window::over_dilated(sides, (kernel, dilation), stride, padding),
            Direction::Up => {
                Window::under_dilated(sides, (kernel, dilation), stride, padding, (stride - 1, 0))
            }
        }
        .expect("fits")
    }

    fn random(self, rows: usize, activation: Activation) -> Rc<GroupedConv> {
        let window = self.window();
        let pixels = |(height, width): (usize, usize)| height * width;
        let (before, after) = self.direction.arrange(pixels(window.large), pixels(window.small));
        let (large, small) = self.direction.arrange(self.channels.0, self.channels.1);
        GroupedConv::new(GroupedConvParts {
            x: random_node(rows, before * self.channels.0, 1),
            weight: random_node(small, self.kernel * self.kernel * large / self.groups, 2),
            bias: random_node(1, self.channels.1, 3),
            y: empty_node(rows, after * self.channels.1),
            window,
            groups: self.groups,
            direction: self.direction,
            activation,
            wants_input_gradient: true,
        })
        .expect("small")
    }
}

fn cases() -> Vec<Case> {
    let case = |direction, dilation, groups, channels| Case {
        direction,
        sides: (6, 5),
        kernel: 3,
        stride: 2,
        dilation,
        padding: Padding::Pixels(2),
        groups,
        channels,
    };
    [Direction::Down, Direction::Up]
        .into_iter()
        .flat_map(|direction| {
            // Dilation, groups, both, and a kernel for each channel.
            [(2, 1, (2, 3)), (1, 2, (4, 2)), (2, 2, (2, 4)), (1, 3, (3, 3)), (2, 3, (3, 3))]
                .map(|(dilation, groups, channels)| case(direction, dilation, groups, channels))
        })
        .collect()
}

fn inputs(conv: &GroupedConv) -> [&Node; 3] {
    [&conv.parts.x, &conv.parts.weight, &conv.parts.bias]
}

#[test]
fn values_and_gradients_equal_pytorch() {
    let file = File::open("grouped_conv");
    for case in file.cases() {
        let tensor = |name| file.tensor(&case, name);
        let [transposed, stride, kernel, padding, dilation, groups, rows, columns] = file.config(&case)[..]
        else {
            panic!("{case}: another config")
        };
        let size = |value: i32| usize::try_from(value).expect("a size");
        let kernel = (size(kernel), size(dilation));
        let padding = usize::try_from(padding).map_or(Padding::Same, Padding::Pixels);
        let sides = tensor("x").sides();
        let (direction, window) = if transposed == 1 {
            let extra = (size(rows), size(columns));
            (Direction::Up, Window::under_dilated(sides, kernel, size(stride), padding, extra))
        } else {
            (Direction::Down, Window::over_dilated(sides, kernel, size(stride), padding))
        };
        let window = window.expect("PyTorch could");
        assert_eq!(direction.arrange(window.small, window.large).0, tensor("y").sides(), "{case}");
        let (y, weight) = (tensor("y"), tensor("weight"));
        let conv = GroupedConv::new(GroupedConvParts {
            x: tensor("x").node(),
            weight: weight.node(),
            bias: tensor("bias").row(),
            y: empty_node(y.shape[0], y.values.len() / y.shape[0]),
            window,
            groups: size(groups),
            direction,
            activation: Activation::Linear,
            wants_input_gradient: true,
        })
        .expect("small");
        let forward = recorded(&conv, y.shape[0]);
        let gradients =
            gradients_of(&forward, &conv.parts.y, &tensor("dy").channels_last(), &inputs(&conv), 2);
        assert_close(conv.parts.y.borrow().values(), &y.channels_last(), 1e-5, &case);
        for (name, gradient) in ["dx", "dweight", "dbias"].into_iter().zip(&gradients) {
            assert_close(gradient, &tensor(name).channels_last(), 1e-5, &format!("{case} {name}"));
        }
    }
}

#[test]
fn gradients_equal_finite_differences() {
    for case in cases() {
        for activation in [Activation::Tanh, Activation::Silu] {
            let conv = case.random(2, activation);
            for values in [&conv.parts.x, &conv.parts.weight] {
                values.borrow_mut().values_mut().iter_mut().for_each(|value| *value *= 0.5);
            }
            let forward = recorded(&conv, 2);
            check_gradients(&forward, &conv.parts.y, &inputs(&conv), &format!("{case:?} {activation:?}"));
        }
    }
}

#[test]
fn threads_change_nothing() {
    for case in cases() {
        let channels = (8 * case.channels.0, 8 * case.channels.1);
        // The layer before is depthwise as well if the case is.
        let groups = if case.groups == 3 { channels.0 } else { case.groups };
        let conv = Case { sides: (20, 19), channels, groups, ..case }.random(37, Activation::Gelu);
        check_threads(&recorded(&conv, 37), &conv.parts.y, &inputs(&conv));
    }
}

#[test]
fn one_group_without_gaps_is_the_plain_convolution() {
    for direction in [Direction::Down, Direction::Up] {
        // 40 · 40 · 216 values of patches make several bands.
        for (rows, side, channels) in [(5, 7, (2, 3)), (2, 40, (24, 24))] {
            let case = Case {
                direction,
                sides: (side, side),
                kernel: 3,
                stride: 1,
                dilation: 1,
                padding: Padding::Same,
                groups: 1,
                channels,
            };
            let ours = case.random(rows, Activation::Gelu);
            let GroupedConvParts { x, weight, bias, y, window, .. } = &ours.parts;
            let (x, weight, bias) = (Rc::clone(x), Rc::clone(weight), Rc::clone(bias));
            let dy = normals(y.borrow().values().len(), 4);
            let of = [&x, &weight, &bias];
            let expected = {
                let y = empty_node(rows, y.borrow().columns());
                let conv = Conv::new(ConvParts {
                    x: Rc::clone(&x),
                    weight: Rc::clone(&weight),
                    bias: Rc::clone(&bias),
                    y: Rc::clone(&y),
                    window: *window,
                    direction,
                    activation: Activation::Gelu,
                    wants_input_gradient: true,
                })
                .expect("small");
                let gradients = gradients_of(&recorded(&conv, rows), &y, &dy, &of, 1);
                (y, gradients)
            };
            let gradients = gradients_of(&recorded(&ours, rows), y, &dy, &of, 1);
            assert_close(y.borrow().values(), expected.0.borrow().values(), 1e-5, "y");
            for (ours, expected) in gradients.iter().zip(&expected.1) {
                assert_close(ours, expected, 1e-5, "gradient");
            }
        }
    }
}

#[test]
fn the_linear_part_is_what_forward_and_backward_compute_without_a_bias() {
    for case in cases() {
        let conv = case.random(5, Activation::Linear);
        conv.parts.bias.borrow_mut().values_mut().fill(0.0);
        let dy = normals(conv.parts.y.borrow().values().len(), 6);
        let forward = recorded(&conv, 5);
        let gradients = gradients_of(&forward, &conv.parts.y, &dy, &[&conv.parts.x, &conv.parts.weight], 1);
        let (x, y, threads) = (conv.parts.x.borrow(), conv.parts.y.borrow(), Threads::new(2));
        assert_eq!((conv.inputs(), conv.outputs()), (x.columns(), y.columns()));
        let block = Block { first: 0, samples: 5, probe: 0, probes: 1 };
        let mut pushed = vec![f32::NAN; y.values().len()];
        conv.push(block, x.values(), &mut pushed, &threads);
        assert_eq!(pushed, y.values(), "{case:?}");
        let mut pulled = vec![f32::NAN; x.values().len()];
        conv.pull(block, &dy, &mut pulled, &threads);
        assert_eq!(pulled, gradients[0], "{case:?}");
    }
}
