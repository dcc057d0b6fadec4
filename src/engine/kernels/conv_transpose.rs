//! The transposed convolution `y = f(wᵀ ∗ x + b)`, from the window's small pictures to its large ones: what a convolution
//! of the same weight does on its way back, with bias and activation.

use std::rc::Rc;

use dfdx::tensor::{Cpu, CpuError};

use super::activation::needs_sums;
use super::channels::{activate, through_activation};
use super::columns::Columns;
use super::matmul::Matrix;
use super::tape::Recorder;
use super::threads::{Parts, Threads, shard_range};
use super::variable::{Grads, Node, Variable, Write, gradients};
use super::workspace::{Workspace, add_to_bias, product};
use crate::check::Window;
use crate::engine::EngineError;
use crate::project::Activation;

/// One transposed convolution. Pictures are height × width × channels.
pub struct ConvTranspose {
    x: Node,
    weight: Node,
    bias: Node,
    y: Node,
    /// The sums before the activation, kept where the derivative needs them.
    sums: Option<Node>,
    activation: Activation,
    space: Workspace,
    /// Whether anything before this layer learns.
    wants_input_gradient: bool,
}

/// What a transposed convolution is made of. The numbers of channels follow from the sizes.
pub struct ConvTransposeParts {
    /// Input: rows × (small height · small width · input channels).
    pub x: Node,
    /// Weight: input channels × (kernel · kernel · output channels), in (row, column, channel) order: as the convolution
    /// stores it that this one transposes, so that both may hold the same node.
    pub weight: Node,
    /// Bias: 1 × output channels.
    pub bias: Node,
    /// Output: rows × (large height · large width · output channels).
    pub y: Node,
    /// Where the kernel meets the picture.
    pub window: Window,
    /// The function applied at the end.
    pub activation: Activation,
    /// Whether the gradient of `x` is needed.
    pub wants_input_gradient: bool,
}

impl ConvTranspose {
    /// Puts the parts together.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`].
    pub fn new(device: &Cpu, parts: ConvTransposeParts) -> Result<Rc<ConvTranspose>, EngineError> {
        let ConvTransposeParts { x, weight, bias, y, window, activation, wants_input_gradient } = parts;
        let outputs = bias.borrow().columns();
        let sums = if needs_sums(activation) { Some(Variable::zeros_like(device, &y)?) } else { None };
        let columns = Columns::new(window, outputs);
        let space = Workspace::new(columns, weight.borrow().values().len(), outputs)?;
        Ok(Rc::new(ConvTranspose { x, weight, bias, y, sums, activation, space, wants_input_gradient }))
    }

    /// Computes the first `rows` rows of `y` and records the way back.
    pub fn forward(self: &Rc<Self>, rows: usize, threads: &Rc<Threads>, recorder: &mut Recorder) {
        self.compute(rows, threads);
        if recorder.is_recording() {
            let (conv, threads) = (Rc::clone(self), Rc::clone(threads));
            recorder.push(move |grads| conv.backward(rows, &threads, grads));
        }
    }

    /// The node that holds `x`.
    pub fn input(&self) -> &Node {
        &self.x
    }

    /// The node that holds `y`.
    pub fn output(&self) -> &Node {
        &self.y
    }

    /// The node that holds the weight: input channels × (kernel · kernel · output channels).
    pub fn weight(&self) -> &Node {
        &self.weight
    }

    /// The sums before the activation, where its derivative needs them.
    pub fn sums(&self) -> Option<&Node> {
        self.sums.as_ref()
    }

    /// The function applied at the end.
    pub fn activation(&self) -> Activation {
        self.activation
    }

    /// Memory it holds beside its nodes, in bytes.
    #[cfg(test)]
    pub fn bytes(&self) -> usize {
        self.space.bytes()
    }

    /// The patches of the output under the window.
    pub fn columns(&self) -> Columns {
        self.space.columns
    }

    /// Where the kernel meets the picture.
    pub fn window(&self) -> Window {
        self.space.columns.window()
    }

    /// Multiply-adds of `rows` samples, twice: floating-point operations of one product.
    fn flops(&self, rows: usize) -> usize {
        2 * rows * self.space.columns.positions() * self.weight.borrow().values().len()
    }

    fn compute(&self, rows: usize, threads: &Threads) {
        let (x, weight, space) = (self.x.borrow(), self.weight.borrow(), &self.space);
        let mut y = self.y.borrow_mut();
        let mut sums = self.sums.as_ref().map(|sums| sums.borrow_mut());
        let bias = space.repeated_bias(self.bias.borrow().values());
        let (patch, picture) = (space.columns.patch(), space.columns.picture());
        let inputs = weight.values().len() / patch.max(1);
        let w = Matrix::new(weight.values(), inputs, patch);
        let (x, bias, activation) = (x.values(), &*bias, self.activation);
        let y = Parts::new(y.values_mut());
        let sums = sums.as_mut().map(|sums| Parts::new(sums.values_mut()));
        let (size, shards) = space.plan(rows);
        threads.run(shards, self.flops(rows), &|shard| {
            let samples = shard_range(shard, size, rows);
            let (first, pictures) = (samples.start, samples.start * picture..samples.end * picture);
            // SAFETY: each shard runs once and touches its own samples only.
            let y = unsafe { y.part(pictures.clone()) };
            // SAFETY: as above.
            let mut sums = sums.map(|sums| unsafe { sums.part(pictures) });
            space.with_scratch(|scratch| {
                for tile in space.tiles(samples) {
                    // A tile is whole pictures or a band of one: with its first band a picture begins, with its last it ends.
                    let own = (tile.samples.start - first) * picture..(tile.samples.end - first) * picture;
                    let pixels = space.small_pixels(&tile);
                    let x = Matrix::new(&x[pixels.start * inputs..], pixels.len(), inputs);
                    product(scratch, false, x, w, patch);
                    if tile.rows.start == 0 {
                        y[own.clone()].fill(0.0);
                    }
                    space.scatter(scratch, first, &tile, y);
                    if tile.rows.end == space.columns.window().small.0 {
                        let sums = sums.as_mut().map(|sums| &mut sums[own.clone()]);
                        activate(activation, bias, &mut y[own], sums);
                    }
                }
            });
        });
    }

    fn backward(&self, rows: usize, threads: &Threads, grads: &mut Grads) -> Result<(), CpuError> {
        let (x, weight, bias) = (self.x.borrow(), self.weight.borrow(), self.bias.borrow());
        let (y, space) = (self.y.borrow(), &self.space);
        let [dx, dw, db, dy] = if self.wants_input_gradient {
            gradients(grads, [&x, &weight, &bias, &y])?
        } else {
            let [dw, db, dy] = gradients(grads, [&weight, &bias, &y])?;
            [&mut [], dw, db, dy]
        };
        let (patch, picture) = (space.columns.patch(), space.columns.picture());
        let inputs = weight.values().len() / patch.max(1);
        let wants_dx = self.wants_input_gradient;
        let dx_adds = wants_dx && x.claim_gradient() == Write::Add;
        let adds = (weight.claim_gradient() == Write::Add, bias.claim_gradient() == Write::Add);
        let sums = self.sums.as_ref().map(|sums| sums.borrow());
        let (y, pre) = (y.values(), sums.as_ref().map(|sums| sums.values()));
        let w = Matrix::new(weight.values(), inputs, patch).transposed();
        let (x, activation) = (x.values(), self.activation);
        let (dx, dy) = (Parts::new(dx), Parts::new(dy));
        let (size, shards) = space.plan(rows);
        let flops = self.flops(rows);
        space.with_sums(threads, shards, (dw, db), adds, |partial| {
            threads.run(shards, 2 * flops, &|shard| {
                let samples = shard_range(shard, size, rows);
                let (first, pictures) = (samples.start, samples.start * picture..samples.end * picture);
                // SAFETY: each shard runs once and touches its own sums and samples only.
                let (dw, db) = unsafe { partial.shard(shard) };
                // SAFETY: as above.
                let dy = unsafe { dy.part(pictures.clone()) };
                space.with_scratch(|scratch| {
                    for (index, tile) in space.tiles(samples).enumerate() {
                        if tile.rows.start == 0 {
                            let own =
                                (tile.samples.start - first) * picture..(tile.samples.end - first) * picture;
                            let all = pictures.start + own.start..pictures.start + own.end;
                            through_activation(activation, y, pre, all, &mut dy[own.clone()]);
                            add_to_bias(&dy[own], db);
                        }
                        let pixels = space.small_pixels(&tile);
                        let values = pixels.start * inputs..pixels.end * inputs;
                        let patches = space.gather(dy, first, &tile, scratch);
                        let x = Matrix::new(&x[values.clone()], pixels.len(), inputs);
                        product(dw, index > 0, x.transposed(), patches, patch);
                        if wants_dx {
                            // SAFETY: as above.
                            let dx = unsafe { dx.part(values) };
                            product(dx, dx_adds, patches, w, inputs);
                        }
                    }
                });
            });
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::conv::{Conv, ConvParts};
    use super::super::reference::{
        File, assert_close, check_gradients, check_threads, empty_node, gradients_of, normals, random_node,
    };
    use super::*;
    use crate::project::Padding;

    fn transposed(
        x: &Node,
        weight: &Node,
        bias: &Node,
        window: Window,
        activation: Activation,
    ) -> Rc<ConvTranspose> {
        let rows = x.borrow().values().len() / x.borrow().columns();
        let y = empty_node(rows, window.large.0 * window.large.1 * bias.borrow().columns());
        let (x, weight, bias) = (Rc::clone(x), Rc::clone(weight), Rc::clone(bias));
        let parts = ConvTransposeParts { x, weight, bias, y, window, activation, wants_input_gradient: true };
        ConvTranspose::new(&Cpu::default(), parts).expect("small")
    }

    /// Random nodes for a transposed convolution, and the operation.
    fn random(
        rows: usize,
        window: Window,
        channels: (usize, usize),
        activation: Activation,
    ) -> Rc<ConvTranspose> {
        let x = random_node(rows, window.small.0 * window.small.1 * channels.0, 1);
        let weight = random_node(channels.0, window.kernel * window.kernel * channels.1, 2);
        let bias = random_node(1, channels.1, 3);
        transposed(&x, &weight, &bias, window, activation)
    }

    #[test]
    fn values_and_gradients_equal_pytorch() {
        let file = File::open("conv_transpose");
        for case in file.cases() {
            let config: Vec<usize> = file.config(&case).iter().map(|value| *value as usize).collect();
            let tensor = |name| file.tensor(&case, name);
            let padding = Padding::Pixels(config[2]);
            let window =
                Window::under(tensor("x").sides(), config[1], config[0], padding, (config[3], config[4]))
                    .expect("PyTorch could");
            assert_eq!(window.large, tensor("y").sides(), "{case}");
            let (x, weight, bias) = (tensor("x").node(), tensor("weight").node(), tensor("bias").row());
            let conv = transposed(&x, &weight, &bias, window, Activation::Linear);
            let forward = |threads: &Rc<Threads>, recorder: &mut Recorder| conv.forward(2, threads, recorder);
            let gradients =
                gradients_of(&forward, &conv.y, &tensor("dy").channels_last(), &[&x, &weight, &bias], 2);
            assert_close(conv.y.borrow().values(), &tensor("y").channels_last(), 1e-5, &case);
            for (name, gradient) in ["dx", "dweight", "dbias"].into_iter().zip(&gradients) {
                assert_close(gradient, &tensor(name).channels_last(), 1e-5, &format!("{case} {name}"));
            }
        }
    }

    #[test]
    fn gradients_equal_finite_differences() {
        for activation in [Activation::Sigmoid, Activation::Gelu] {
            let window = Window::under((3, 2), 3, 2, Padding::Pixels(1), (1, 0)).expect("fits");
            let conv = random(3, window, (3, 2), activation);
            for values in [&conv.x, &conv.weight] {
                values.borrow_mut().values_mut().iter_mut().for_each(|value| *value *= 0.5);
            }
            let forward = |threads: &Rc<Threads>, recorder: &mut Recorder| conv.forward(3, threads, recorder);
            check_gradients(
                &forward,
                &conv.y,
                &[&conv.x, &conv.weight, &conv.bias],
                &format!("{activation:?}"),
            );
        }
    }

    #[test]
    fn an_input_that_nobody_learns_gets_no_gradient() {
        let window = Window::under((3, 2), 3, 2, Padding::Pixels(1), (1, 0)).expect("fits");
        let run = |wants: bool| {
            let mut conv = random(3, window, (2, 3), Activation::Relu);
            Rc::get_mut(&mut conv).expect("alone").wants_input_gradient = wants;
            let dy = super::super::reference::normals(conv.y.borrow().values().len(), 4);
            let forward = |threads: &Rc<Threads>, recorder: &mut Recorder| conv.forward(3, threads, recorder);
            let gradients = gradients_of(&forward, &conv.y, &dy, &[&conv.weight, &conv.bias], 1);
            assert_eq!(conv.x.borrow().has_gradient(), wants);
            gradients
        };
        assert_eq!(run(true), run(false));
    }

    #[test]
    fn threads_change_nothing() {
        // Whole pictures in a tile, and bands of one.
        for (rows, side, channels) in [(37, 12, (16, 3)), (3, 40, (8, 24))] {
            let window = Window::under((side, side), 3, 1, Padding::Same, (0, 0)).expect("fits");
            let conv = random(rows, window, channels, Activation::Silu);
            let forward =
                |threads: &Rc<Threads>, recorder: &mut Recorder| conv.forward(rows, threads, recorder);
            check_threads(&forward, &conv.y, &[&conv.x, &conv.weight, &conv.bias], "transposed conv");
        }
    }

    /// A convolution and the transposed one that shares its weight.
    fn pair(rows: usize, window: Window, channels: (usize, usize)) -> (Rc<Conv>, Rc<ConvTranspose>) {
        let small = random_node(rows, window.small.0 * window.small.1 * channels.1, 1);
        let weight = random_node(channels.1, window.kernel * window.kernel * channels.0, 2);
        let back = transposed(&small, &weight, &empty_node(1, channels.0), window, Activation::Linear);
        let parts = ConvParts {
            x: random_node(rows, window.large.0 * window.large.1 * channels.0, 4),
            weight,
            bias: empty_node(1, channels.1),
            y: empty_node(rows, window.small.0 * window.small.1 * channels.1),
            window,
            activation: Activation::Linear,
            wants_input_gradient: true,
        };
        (Conv::new(&Cpu::default(), parts).expect("small"), back)
    }

    #[test]
    fn it_is_the_transpose_of_the_convolution_of_the_same_weight() {
        // ⟨conv(a), b⟩ = ⟨a, transposed(b)⟩ without biases; in bands where 40 · 40 · 216 values are too many.
        for (rows, side, stride, channels) in [(3, 11, 2, (2, 5)), (2, 40, 1, (24, 3))] {
            let window = Window::over((side, side - 1), 3, stride, Padding::Pixels(1)).expect("fits");
            let (conv, back) = pair(rows, window, channels);
            let threads = Rc::new(Threads::new(2));
            conv.forward(rows, &threads, &mut Recorder::idle());
            back.forward(rows, &threads, &mut Recorder::idle());
            let inner = |a: &Node, b: &Node| -> f64 {
                let (a, b) = (a.borrow(), b.borrow());
                a.values().iter().zip(b.values()).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
            };
            let (left, right) = (inner(conv.output(), back.input()), inner(conv.input(), back.output()));
            assert!((left - right).abs() < 1e-4 * left.abs().max(100.0), "{left} {right}");
            assert!(left.abs() > 1.0);
        }
    }

    #[test]
    fn gradients_of_a_shared_weight_add() {
        let window = Window::over((5, 5), 3, 2, Padding::Pixels(1)).expect("fits");
        let (conv, back) = pair(4, window, (2, 3));
        let dy = normals(back.y.borrow().values().len(), 7);
        let forward = |threads: &Rc<Threads>, recorder: &mut Recorder| back.forward(4, threads, recorder);
        let alone = gradients_of(&forward, &back.y, &dy, &[conv.weight()], 1).remove(0);
        let other = normals(conv.output().borrow().values().len(), 8);
        let forward = |threads: &Rc<Threads>, recorder: &mut Recorder| conv.forward(4, threads, recorder);
        let first = gradients_of(&forward, conv.output(), &other, &[conv.weight()], 1).remove(0);
        let both = |threads: &Rc<Threads>, recorder: &mut Recorder| {
            conv.forward(4, threads, recorder);
            let (node, other) = (Rc::clone(conv.output()), other.clone());
            recorder.push(move |grads| {
                let [gradient] = gradients(grads, [&node.borrow()])?;
                gradient.copy_from_slice(&other);
                Ok(())
            });
            back.forward(4, threads, recorder);
        };
        let sum: Vec<f32> = alone.iter().zip(&first).map(|(a, b)| a + b).collect();
        let ours = gradients_of(&both, &back.y, &dy, &[conv.weight()], 1).remove(0);
        assert_close(&ours, &sum, 1e-6, "shared weight");
    }
}
