//! Small encoders of every kind of layer, run forward and back with the penalty alone.

use std::rc::Rc;

use super::super::{Contractive, Step};
use crate::check::Window;
use crate::engine::kernels::apply::Apply;
use crate::engine::kernels::batch_norm::{BatchNorm, BatchNormParts};
use crate::engine::kernels::columns::Direction;
use crate::engine::kernels::conv::{Conv, ConvParts};
use crate::engine::kernels::dense::{Dense, DenseParts};
use crate::engine::kernels::draw::Draw;
use crate::engine::kernels::dropout::Dropout;
use crate::engine::kernels::layer_norm::{LayerNorm, LayerNormParts};
use crate::engine::kernels::permute::{Order, Permute};
use crate::engine::kernels::pool::{Pool, PoolKind, PoolParts};
use crate::engine::kernels::reference::{empty_node, node, normals};
use crate::engine::kernels::tape::{Recorder, Root};
use crate::engine::kernels::threads::Threads;
use crate::engine::kernels::upsample::Upsample;
use crate::engine::kernels::variable::{Grads, Node, Write, gradients};
use crate::project::{Activation, Estimator, Padding};

pub const DRAW: Draw = Draw { seed: 5, step: 3 };

/// An encoder under construction, and then in use.
pub struct Net {
    pub rows: usize,
    pub seed: u64,
    /// What weights are multiplied by.
    gain: f32,
    pub x: Node,
    pub last: Node,
    /// Height and width of the picture that `last` is.
    pub sides: (usize, usize),
    pub steps: Vec<Step>,
    pub parameters: Vec<Node>,
    nodes: Vec<Node>,
    /// Whether batch norms use the minibatch's statistics.
    pub training: bool,
}

impl Net {
    pub fn new(rows: usize, inputs: usize, sides: (usize, usize), seed: u64) -> Net {
        let x = node(rows, inputs, &normals(rows * inputs, seed));
        let nodes = vec![Rc::clone(&x)];
        let last = Rc::clone(&x);
        Net {
            rows,
            seed,
            gain: 1.0,
            x,
            last,
            sides,
            steps: vec![],
            parameters: vec![],
            nodes,
            training: false,
        }
    }

    pub fn gain(self, gain: f32) -> Net {
        Net { gain, ..self }
    }

    pub fn width(&self) -> usize {
        self.last.borrow().columns()
    }

    fn channels(&self) -> usize {
        self.width() / (self.sides.0 * self.sides.1)
    }

    fn next(&mut self, columns: usize) -> (Node, Node) {
        let y = empty_node(self.rows, columns);
        self.nodes.push(Rc::clone(&y));
        (std::mem::replace(&mut self.last, Rc::clone(&y)), y)
    }

    /// An array around `mean` with this standard deviation.
    fn parameter(&mut self, rows: usize, columns: usize, mean: f32, std: f32) -> Node {
        let seed = self.seed * 100 + self.parameters.len() as u64 + 1;
        let values: Vec<f32> = normals(rows * columns, seed).iter().map(|x| mean + std * x).collect();
        let array = node(rows, columns, &values);
        self.parameters.push(Rc::clone(&array));
        array
    }

    fn learns(&self) -> bool {
        !self.parameters.is_empty()
    }

    pub fn dense(mut self, units: usize, activation: Activation, is_tied: bool) -> Net {
        let (inputs, wants_input_gradient) = (self.width(), self.learns());
        let (rows, columns) = if is_tied { (inputs, units) } else { (units, inputs) };
        let weight = self.parameter(rows, columns, 0.0, self.gain / (inputs as f32).sqrt());
        let bias = self.parameter(1, units, 0.0, 0.3);
        let (x, y) = self.next(units);
        let parts = DenseParts { x, weight, bias, y, activation, is_tied, wants_input_gradient };
        self.steps.push(Step::Dense(Dense::new(parts).expect("small")));
        self
    }

    pub fn conv(mut self, channels: usize, stride: usize, activation: Activation) -> Net {
        let window = Window::over(self.sides, 3, stride, Padding::Pixels(1)).expect("fits");
        let (inputs, wants_input_gradient) = (self.channels(), self.learns());
        let weight = self.parameter(channels, 9 * inputs, 0.0, 1.0 / (9.0 * inputs as f32).sqrt());
        let bias = self.parameter(1, channels, 0.0, 0.3);
        let (x, y) = self.next(window.small.0 * window.small.1 * channels);
        let direction = Direction::Down;
        let parts = ConvParts { x, weight, bias, y, window, direction, activation, wants_input_gradient };
        self.steps.push(Step::Conv(Conv::new(parts).expect("small")));
        self.sides = window.small;
        self
    }

    pub fn conv_transpose(mut self, channels: usize, activation: Activation) -> Net {
        let window = Window::under(self.sides, 3, 2, Padding::Pixels(1), (1, 0)).expect("fits");
        let (inputs, wants_input_gradient) = (self.channels(), self.learns());
        let weight = self.parameter(inputs, 9 * channels, 0.0, 1.0 / (9.0 * inputs as f32).sqrt());
        let bias = self.parameter(1, channels, 0.0, 0.3);
        let (x, y) = self.next(window.large.0 * window.large.1 * channels);
        let direction = Direction::Up;
        let parts = ConvParts { x, weight, bias, y, window, direction, activation, wants_input_gradient };
        self.steps.push(Step::Conv(Conv::new(parts).expect("small")));
        self.sides = window.large;
        self
    }

    pub fn pool(mut self, kind: PoolKind) -> Net {
        let window = Window::over(self.sides, 2, 2, Padding::Pixels(0)).expect("fits");
        let (channels, wants_input_gradient) = (self.channels(), self.learns());
        let (x, y) = self.next(window.small.0 * window.small.1 * channels);
        let parts = PoolParts { x, y, kind, window, wants_input_gradient };
        self.steps.push(Step::Pool(Pool::new(parts).expect("small")));
        self.sides = window.small;
        self
    }

    pub fn upsample(mut self) -> Net {
        let (sides, wants_input_gradient) = (self.sides, self.learns());
        let (x, y) = self.next(self.width() * 4);
        let upsample = Upsample { x, y, sides, factor: 2, wants_input_gradient };
        self.steps.push(Step::Upsample(Rc::new(upsample)));
        self.sides = (sides.0 * 2, sides.1 * 2);
        self
    }

    pub fn permute(mut self, order: Order) -> Net {
        let (pixels, channels) = (self.sides.0 * self.sides.1, self.channels());
        let wants_input_gradient = self.learns();
        let (x, y) = self.next(self.width());
        let permute = Permute { x, y, pixels, channels, order, wants_input_gradient };
        self.steps.push(Step::Permute(Rc::new(permute)));
        self
    }

    pub fn apply(mut self, activation: Activation) -> Net {
        let wants_input_gradient = self.learns();
        let (x, y) = self.next(self.width());
        self.steps.push(Step::Apply(Rc::new(Apply { x, y, activation, wants_input_gradient })));
        self
    }

    pub fn batch_norm(mut self, activation: Activation) -> Net {
        let (channels, wants_input_gradient) = (self.channels(), self.learns());
        let weight = self.parameter(1, channels, 1.0, 0.3);
        let bias = self.parameter(1, channels, 0.0, 0.3);
        let running_mean = node(1, channels, &normals(channels, 7));
        let running_var =
            node(1, channels, &normals(channels, 8).iter().map(|x| 0.5 + x * x).collect::<Vec<_>>());
        let (x, y) = self.next(self.width());
        let parts = BatchNormParts {
            x,
            y,
            weight,
            bias,
            running_mean,
            running_var,
            activation,
            wants_input_gradient,
        };
        self.steps.push(Step::BatchNorm(BatchNorm::new(parts).expect("small")));
        self
    }

    pub fn layer_norm(mut self, activation: Activation) -> Net {
        let (width, wants_input_gradient) = (self.width(), self.learns());
        let weight = self.parameter(1, width, 1.0, 0.3);
        let bias = self.parameter(1, width, 0.0, 0.3);
        let (x, y) = self.next(width);
        let parts = LayerNormParts { x, y, weight, bias, activation, wants_input_gradient };
        self.steps.push(Step::LayerNorm(LayerNorm::new(parts).expect("small")));
        self
    }

    pub fn dropout(mut self) -> Net {
        let wants_input_gradient = self.learns();
        let (x, y) = self.next(self.width());
        let dropout = Rc::new(Dropout { x, y, rate: 0.4, wants_input_gradient });
        self.steps.push(Step::Dropout { dropout, index: self.steps.len() });
        self
    }

    /// A code of which the forward pass keeps some entries.
    pub fn mask(mut self) -> Net {
        let width = self.width();
        let kept: Vec<f32> = (0..self.rows * width).map(|i| if i % 3 == 1 { 0.0 } else { 1.0 }).collect();
        self.next(width);
        self.steps.push(Step::Mask(node(self.rows, width, &kept)));
        self
    }

    /// A head of which some columns are the code.
    pub fn columns(mut self, range: std::ops::Range<usize>) -> Net {
        let of = self.width();
        self.next(range.len());
        self.steps.push(Step::Columns { of, range });
        self
    }

    /// The code of the first `rows` rows.
    pub fn forward(&self, rows: usize, threads: &Rc<Threads>, recorder: &mut Recorder) {
        for (index, step) in self.steps.iter().enumerate() {
            match step {
                Step::Dense(op) => op.forward(rows, threads, recorder),
                Step::Conv(op) => op.forward(rows, threads, recorder),
                Step::Pool(op) => op.forward(rows, threads, recorder),
                Step::Upsample(op) => op.forward(rows, threads, recorder),
                Step::Permute(op) => op.forward(rows, threads, recorder),
                Step::Apply(op) => op.forward(rows, threads, recorder),
                Step::BatchNorm(op) => op.forward(rows, self.training, threads, recorder),
                Step::LayerNorm(op) => op.forward(rows, threads, recorder),
                Step::Dropout { dropout, index } => {
                    let stream = DRAW.stream(crate::dataset::random::Purpose::Dropout, *index);
                    dropout.forward(rows, Some(stream), threads, recorder);
                }
                Step::Mask(mask) => {
                    let mask = mask.borrow().values().to_vec();
                    linear(&self.nodes[index..index + 2], recorder, move |i| Some((i, mask[i])));
                }
                Step::Columns { of, range } => {
                    let (of, range) = (*of, range.clone());
                    linear(&self.nodes[index..index + 2], recorder, move |i| {
                        range.contains(&(i % of)).then(|| (i / of * range.len() + i % of - range.start, 1.0))
                    });
                }
                Step::Function { .. } => unreachable!("not built here"),
            }
        }
    }

    pub fn penalty(&self, estimator: Estimator) -> Rc<Contractive> {
        Contractive::new(&self.steps, estimator, self.rows).expect("small")
    }

    /// The penalty, summed over the rows.
    pub fn value(&self, penalty: &Rc<Contractive>) -> f64 {
        let (threads, mut idle) = (Rc::new(Threads::new(1)), Recorder::idle());
        self.forward(self.rows, &threads, &mut idle);
        penalty.forward(self.rows, 1.0, Some(DRAW), &threads, &mut idle)
    }

    /// The penalty, summed over the rows, and the gradients of all parameters of `weight` times its mean.
    pub fn gradients(&self, penalty: &Rc<Contractive>, weight: f32, threads: usize) -> (f64, Vec<Vec<f32>>) {
        let root = Root::new().expect("small");
        let threads = Rc::new(Threads::new(threads));
        let mut grads: Grads = Grads::leaky();
        for node in self.nodes.iter().chain(&self.parameters) {
            node.borrow().begin_step();
            // What an earlier step left must not matter.
            let [stale] = gradients(&mut grads, [&node.borrow()]).expect("small");
            stale.fill(f32::NAN);
        }
        let mut recorder = Recorder::recording(&root, grads);
        self.forward(self.rows, &threads, &mut recorder);
        let value = penalty.forward(self.rows, weight, Some(DRAW), &threads, &mut recorder);
        // In place of a decoder, which always writes the gradient of the code.
        let code = Rc::clone(&self.last);
        recorder.push(move |grads| {
            let [gradient] = gradients(grads, [&code.borrow()])?;
            gradient.fill(0.0);
            let _ = code.borrow().claim_gradient();
            Ok(())
        });
        let mut grads = recorder.backward(&root).expect("small").expect("recorded");
        let of = |node: &Node| {
            let [gradient] = gradients(&mut grads, [&node.borrow()]).expect("small");
            gradient.to_vec()
        };
        (value, self.parameters.iter().map(of).collect())
    }
}

/// `y[to(i).0] = to(i).1 · x[i]`, from the first node to the second, there and back.
fn linear(nodes: &[Node], recorder: &mut Recorder, to: impl Fn(usize) -> Option<(usize, f32)> + 'static) {
    let (x, y) = (Rc::clone(&nodes[0]), Rc::clone(&nodes[1]));
    let len = x.borrow().values().len();
    for i in 0..len {
        if let Some((at, factor)) = to(i) {
            y.borrow_mut().values_mut()[at] = factor * x.borrow().values()[i];
        }
    }
    recorder.push(move |grads| {
        let [dx, dy] = gradients(grads, [&x.borrow(), &y.borrow()])?;
        let adds = x.borrow().claim_gradient() == Write::Add;
        for (i, dx) in dx.iter_mut().enumerate() {
            let own = to(i).map_or(0.0, |(at, factor)| factor * dy[at]);
            *dx = own + if adds { *dx } else { 0.0 };
        }
        Ok(())
    });
}
