//! Small encoders of every kind of layer, with the penalty as the only loss.

use std::rc::Rc;

use super::super::Contractive;
use crate::check::Window;
use crate::engine::EngineError;
use crate::engine::kernels::apply::Apply;
use crate::engine::kernels::batch_norm::{BatchNorm, BatchNormParts};
use crate::engine::kernels::columns::Direction;
use crate::engine::kernels::conv::{Conv, ConvParts};
use crate::engine::kernels::dense::{Dense, DenseParts};
use crate::engine::kernels::dropout::Dropout;
use crate::engine::kernels::jacobian::{Chain, Indexed};
use crate::engine::kernels::layer_norm::{LayerNorm, LayerNormParts};
use crate::engine::kernels::operation::{LossTerm, Operation};
use crate::engine::kernels::pass::{Mode, Pass};
use crate::engine::kernels::permute::{Order, Permute};
use crate::engine::kernels::pool::{Pool, PoolKind, PoolParts};
use crate::engine::kernels::reference::{backward, empty_node, node, normals, pass, seed, training};
use crate::engine::kernels::tape::Recorder;
use crate::engine::kernels::upsample::Upsample;
use crate::engine::kernels::variable::{Grads, Node, TapeError, Write, gradients};
use crate::project::{Activation, Estimator, Padding};

/// An encoder, built layer by layer and then run.
pub struct Net {
    pub rows: usize,
    pub seed: u64,
    /// Factor on the weights.
    gain: f32,
    pub x: Node,
    pub last: Node,
    /// Height and width of the picture that `last` is.
    pub sides: (usize, usize),
    pub operations: Vec<Rc<dyn Operation>>,
    pub parameters: Vec<Node>,
    /// Outputs of all operations, the input first.
    pub nodes: Vec<Node>,
    /// Whether features are dropped, and batch norms use the minibatch's statistics.
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
            operations: vec![],
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
        self.operations.push(Dense::new(parts).expect("small"));
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
        self.operations.push(Conv::new(parts).expect("small"));
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
        self.operations.push(Conv::new(parts).expect("small"));
        self.sides = window.large;
        self
    }

    pub fn pool(mut self, kind: PoolKind) -> Net {
        let window = Window::over(self.sides, 2, 2, Padding::Pixels(0)).expect("fits");
        let (channels, wants_input_gradient) = (self.channels(), self.learns());
        let (x, y) = self.next(window.small.0 * window.small.1 * channels);
        let parts = PoolParts { x, y, kind, window, wants_input_gradient };
        self.operations.push(Pool::new(parts).expect("small"));
        self.sides = window.small;
        self
    }

    pub fn upsample(mut self) -> Net {
        let (sides, wants_input_gradient) = (self.sides, self.learns());
        let (x, y) = self.next(self.width() * 4);
        let upsample = Upsample { x, y, sides, factor: 2, wants_input_gradient };
        self.operations.push(Rc::new(upsample));
        self.sides = (sides.0 * 2, sides.1 * 2);
        self
    }

    pub fn permute(mut self, order: Order) -> Net {
        let (pixels, channels) = (self.sides.0 * self.sides.1, self.channels());
        let wants_input_gradient = self.learns();
        let (x, y) = self.next(self.width());
        let permute = Permute { x, y, pixels, channels, order, wants_input_gradient };
        self.operations.push(Rc::new(permute));
        self
    }

    pub fn apply(mut self, activation: Activation) -> Net {
        let wants_input_gradient = self.learns();
        let (x, y) = self.next(self.width());
        self.operations.push(Rc::new(Apply { x, y, activation, wants_input_gradient }));
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
        self.operations.push(BatchNorm::new(parts).expect("small"));
        self
    }

    pub fn layer_norm(mut self, activation: Activation) -> Net {
        let (width, wants_input_gradient) = (self.width(), self.learns());
        let weight = self.parameter(1, width, 1.0, 0.3);
        let bias = self.parameter(1, width, 0.0, 0.3);
        let (x, y) = self.next(width);
        let parts = LayerNormParts { x, y, weight, bias, activation, wants_input_gradient };
        self.operations.push(LayerNorm::new(parts).expect("small"));
        self
    }

    pub fn dropout(mut self) -> Net {
        let wants_input_gradient = self.learns();
        let (x, y) = self.next(self.width());
        let index = self.operations.len();
        self.training = true;
        self.operations.push(Rc::new(Dropout { x, y, rate: 0.4, index, wants_input_gradient }));
        self
    }

    /// A code of which the forward pass keeps some entries.
    pub fn mask(mut self) -> Net {
        let (x, y) = self.next(self.width());
        self.operations.push(Rc::new(Kept { x, y }));
        self
    }

    /// A head whose first columns are the code.
    pub fn columns(mut self, columns: usize) -> Net {
        let (x, y) = self.next(columns);
        self.operations.push(Rc::new(Head { x, y }));
        self
    }

    /// A pass over all rows: in training, or with at most random codes.
    pub fn pass(&self, threads: usize) -> Pass {
        let mode = if self.training { training(5, 3) } else { Mode::Use };
        Pass { mode, ..pass(self.rows, threads) }
    }

    /// The code.
    pub fn forward(&self, pass: &Pass, recorder: &mut Recorder) {
        for operation in &self.operations {
            recorder.run(operation, pass);
        }
    }

    /// The Jacobian of the code.
    pub fn chain(&self) -> Chain {
        let mut chain = Chain::default();
        for operation in &self.operations {
            Rc::clone(operation).linearise(&mut chain).expect("small");
        }
        chain
    }

    pub fn penalty(&self, estimator: Estimator) -> Rc<Contractive> {
        Contractive::new(self.chain(), estimator, self.rows).expect("small")
    }

    /// The penalty, summed over the rows.
    pub fn value(&self, penalty: &Contractive) -> f64 {
        self.forward(&self.pass(1), &mut Recorder::idle());
        penalty.compute(&self.pass(1))
    }

    /// The penalty, summed over the rows, and the gradients of all parameters of `weight` times its
    /// mean.
    pub fn gradients(&self, penalty: &Rc<Contractive>, weight: f32, threads: usize) -> (f64, Vec<Vec<f32>>) {
        let (pass, mut value) = (self.pass(threads), 0.0);
        let whole = |node: &Node| node.borrow().values().len() / node.borrow().columns();
        let inputs: Vec<(&Node, usize)> = self.parameters.iter().map(|node| (node, whole(node))).collect();
        let others: Vec<&Node> = self.nodes.iter().collect();
        let gradients = backward(&inputs, &others, &mut |recorder| {
            self.forward(&pass, recorder);
            value = recorder.add(penalty, &pass, weight);
            // Replaces a decoder, which always writes the gradient of the code.
            seed(&self.last, &vec![0.0; self.last.borrow().values().len()], recorder)
        });
        (value, gradients)
    }
}

/// Entries of a k-sparse code, a third of them 0.
struct Kept {
    x: Node,
    y: Node,
}

/// The first columns of a row.
struct Head {
    x: Node,
    y: Node,
}

impl Operation for Kept {
    fn compute(&self, _: &Pass) {
        move_values(&self.x, &self.y, |index| (index % 3 != 1).then_some(index));
    }

    fn backward(&self, _: &Pass, grads: &mut Grads) -> Result<(), TapeError> {
        move_gradients(&self.x, &self.y, grads, |index| (index % 3 != 1).then_some(index))
    }

    fn wants_input_gradient(&self) -> bool {
        true
    }

    fn linearise(self: Rc<Self>, chain: &mut Chain) -> Result<(), EngineError> {
        let (len, width) = (self.x.borrow().values().len(), self.x.borrow().columns());
        chain.push_mask(len / width, width, |_, factors| {
            let is_kept = |index: usize| f32::from(u8::from(index % 3 != 1));
            factors.iter_mut().enumerate().for_each(|(index, factor)| *factor = is_kept(index));
        })
    }
}

impl Head {
    fn to(&self) -> impl Fn(usize) -> Option<usize> + use<> {
        let (of, columns) = (self.x.borrow().columns(), self.y.borrow().columns());
        move |index| (index % of < columns).then_some(index / of * columns + index % of)
    }
}

impl Operation for Head {
    fn compute(&self, _: &Pass) {
        move_values(&self.x, &self.y, self.to());
    }

    fn backward(&self, _: &Pass, grads: &mut Grads) -> Result<(), TapeError> {
        move_gradients(&self.x, &self.y, grads, self.to())
    }

    fn wants_input_gradient(&self) -> bool {
        true
    }

    fn linearise(self: Rc<Self>, chain: &mut Chain) -> Result<(), EngineError> {
        let (inputs, outputs) = (self.x.borrow().columns(), self.y.borrow().columns());
        chain.push(Indexed::fixed(inputs, outputs, 1, |index| index)?);
        Ok(())
    }
}

/// `y[to(i)] = x[i]`
fn move_values(x: &Node, y: &Node, to: impl Fn(usize) -> Option<usize>) {
    let (x, mut y) = (x.borrow(), y.borrow_mut());
    for (index, value) in x.values().iter().enumerate() {
        if let Some(to) = to(index) {
            y.values_mut()[to] = *value;
        }
    }
}

fn move_gradients(
    x: &Node,
    y: &Node,
    grads: &mut Grads,
    to: impl Fn(usize) -> Option<usize>,
) -> Result<(), TapeError> {
    let (x, y) = (x.borrow(), y.borrow());
    let [dx, dy] = gradients(grads, [&x, &y])?;
    let adds = x.claim_gradient() == Write::Add;
    for (index, dx) in dx.iter_mut().enumerate() {
        *dx = to(index).map_or(0.0, |to| dy[to]) + if adds { *dx } else { 0.0 };
    }
    Ok(())
}
