//! The convolution `y = f(w ∗ x + b)` as one operation: patches as rows of a matrix that stays in the cache, one product
//! for each direction, bias and activation in the same pass.

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

/// One convolution, from the window's large pictures to its small ones. Pictures are height × width × channels.
pub struct Conv {
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

/// What a convolution is made of. The numbers of channels follow from the sizes.
pub struct ConvParts {
    /// Input: rows × (large height · large width · input channels).
    pub x: Node,
    /// Weight: output channels × (kernel · kernel · input channels), in (row, column, channel) order.
    pub weight: Node,
    /// Bias: 1 × output channels.
    pub bias: Node,
    /// Output: rows × (small height · small width · output channels).
    pub y: Node,
    /// Where the kernel meets the picture.
    pub window: Window,
    /// The function applied at the end.
    pub activation: Activation,
    /// Whether the gradient of `x` is needed.
    pub wants_input_gradient: bool,
}

impl Conv {
    /// Puts the parts together.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`].
    pub fn new(device: &Cpu, parts: ConvParts) -> Result<Rc<Conv>, EngineError> {
        let ConvParts { x, weight, bias, y, window, activation, wants_input_gradient } = parts;
        let inputs = x.borrow().columns() / (window.large.0 * window.large.1).max(1);
        let sums = if needs_sums(activation) { Some(Variable::zeros_like(device, &y)?) } else { None };
        let columns = Columns::new(window, inputs);
        let space = Workspace::new(columns, weight.borrow().values().len(), bias.borrow().columns())?;
        Ok(Rc::new(Conv { x, weight, bias, y, sums, activation, space, wants_input_gradient }))
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

    /// The node that holds the weight: output channels × (kernel · kernel · input channels).
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

    /// The patches of the input under the window.
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
        let (outputs, patch) = (self.bias.borrow().columns(), space.columns.patch());
        let w = Matrix::new(weight.values(), outputs, patch).transposed();
        let (x, bias, activation) = (x.values(), &*bias, self.activation);
        let y = Parts::new(y.values_mut());
        let sums = sums.as_mut().map(|sums| Parts::new(sums.values_mut()));
        let (size, shards) = space.plan(rows);
        threads.run(shards, self.flops(rows), &|shard| {
            space.with_scratch(|scratch| {
                for tile in space.tiles(shard_range(shard, size, rows)) {
                    let pixels = space.small_pixels(&tile);
                    let values = pixels.start * outputs..pixels.end * outputs;
                    // SAFETY: each shard runs once and touches its own samples only.
                    let y = unsafe { y.part(values.clone()) };
                    // SAFETY: as above.
                    let sums = sums.map(|sums| unsafe { sums.part(values) });
                    let patches = space.gather(x, 0, &tile, scratch);
                    product(y, false, patches, w, outputs);
                    activate(activation, bias, y, sums);
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
        let (outputs, patch) = (bias.columns(), space.columns.patch());
        let picture = space.columns.picture();
        let wants_dx = self.wants_input_gradient;
        let dx_adds = wants_dx && x.claim_gradient() == Write::Add;
        let adds = (weight.claim_gradient() == Write::Add, bias.claim_gradient() == Write::Add);
        let sums = self.sums.as_ref().map(|sums| sums.borrow());
        let (y, pre) = (y.values(), sums.as_ref().map(|sums| sums.values()));
        let w = Matrix::new(weight.values(), outputs, patch);
        let (x, activation) = (x.values(), self.activation);
        let (dx, dy) = (Parts::new(dx), Parts::new(dy));
        let (size, shards) = space.plan(rows);
        let flops = self.flops(rows);
        space.with_sums(threads, shards, (dw, db), adds, |partial| {
            threads.run(shards, 2 * flops, &|shard| {
                let samples = shard_range(shard, size, rows);
                // SAFETY: each shard runs once and touches its own sums and samples only.
                let (dw, db) = unsafe { partial.shard(shard) };
                let pictures = if wants_dx { samples.start * picture..samples.end * picture } else { 0..0 };
                // SAFETY: as above.
                let dx = unsafe { dx.part(pictures) };
                if !dx_adds {
                    dx.fill(0.0);
                }
                let first = samples.start;
                space.with_scratch(|scratch| {
                    for (index, tile) in space.tiles(samples).enumerate() {
                        let pixels = space.small_pixels(&tile);
                        let values = pixels.start * outputs..pixels.end * outputs;
                        // SAFETY: as above.
                        let dy = unsafe { dy.part(values.clone()) };
                        through_activation(activation, y, pre, values, dy);
                        add_to_bias(dy, db);
                        let da = Matrix::new(dy, pixels.len(), outputs);
                        let patches = space.gather(x, 0, &tile, scratch);
                        product(dw, index > 0, da.transposed(), patches, patch);
                        if wants_dx {
                            product(scratch, false, da, w, patch);
                            space.scatter(scratch, first, &tile, dx);
                        }
                    }
                });
            });
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::reference::{
        File, assert_close, check_gradients, check_threads, empty_node, gradients_of, node, random_node,
    };
    use super::*;
    use crate::project::Padding;

    fn conv(x: &Node, weight: &Node, bias: &Node, window: Window, activation: Activation) -> Rc<Conv> {
        let rows = x.borrow().values().len() / x.borrow().columns();
        let y = empty_node(rows, window.small.0 * window.small.1 * bias.borrow().columns());
        let (x, weight, bias) = (Rc::clone(x), Rc::clone(weight), Rc::clone(bias));
        let parts = ConvParts { x, weight, bias, y, window, activation, wants_input_gradient: true };
        Conv::new(&Cpu::default(), parts).expect("small")
    }

    /// Random nodes for a convolution, and the convolution.
    fn random(rows: usize, window: Window, channels: (usize, usize), activation: Activation) -> Rc<Conv> {
        let x = random_node(rows, window.large.0 * window.large.1 * channels.0, 1);
        let weight = random_node(channels.1, window.kernel * window.kernel * channels.0, 2);
        let bias = random_node(1, channels.1, 3);
        conv(&x, &weight, &bias, window, activation)
    }

    #[test]
    fn values_and_gradients_equal_pytorch() {
        let file = File::open("conv");
        for case in file.cases() {
            let config = file.config(&case);
            let padding = usize::try_from(config[2]).map_or(Padding::Same, Padding::Pixels);
            let tensor = |name| file.tensor(&case, name);
            let window = Window::over(tensor("x").sides(), config[1] as usize, config[0] as usize, padding)
                .expect("PyTorch could");
            let (x, weight, bias) = (tensor("x").node(), tensor("weight").node(), tensor("bias").row());
            let conv = conv(&x, &weight, &bias, window, Activation::Linear);
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
    fn values_are_those_of_the_definition() {
        for (padding, stride) in [(Padding::Same, 2), (Padding::Pixels(2), 1), (Padding::Pixels(0), 3)] {
            let window = Window::over((9, 6), 3, stride, padding).expect("fits");
            let (inputs, outputs) = (3, 20);
            let conv = random(4, window, (inputs, outputs), Activation::Relu);
            conv.forward(4, &Rc::new(Threads::new(2)), &mut Recorder::idle());
            let (x, w, b) = (conv.x.borrow(), conv.weight.borrow(), conv.bias.borrow());
            let y = conv.y.borrow();
            for (index, ours) in y.values().iter().enumerate() {
                let (channel, pixel) = (index % outputs, index / outputs);
                let (c, rest) = (pixel % window.small.1, pixel / window.small.1);
                let (r, sample) = (rest % window.small.0, rest / window.small.0);
                let mut sum = f64::from(b.values()[channel]);
                for i in 0..3 {
                    for j in 0..3 {
                        let Some(row) = (r * stride + i).checked_sub(window.before.0) else { continue };
                        let Some(column) = (c * stride + j).checked_sub(window.before.1) else { continue };
                        if row >= 9 || column >= 6 {
                            continue;
                        }
                        for input in 0..inputs {
                            let x = x.values()[((sample * 9 + row) * 6 + column) * inputs + input];
                            let w = w.values()[((channel * 3 + i) * 3 + j) * inputs + input];
                            sum += f64::from(x) * f64::from(w);
                        }
                    }
                }
                let expected = sum.max(0.0) as f32;
                assert!((ours - expected).abs() < 1e-4, "{padding:?} {index}: {ours} {expected}");
            }
        }
    }

    #[test]
    fn gradients_equal_finite_differences() {
        // One activation that works on outputs, one that works on sums.
        for activation in [Activation::Tanh, Activation::Silu] {
            let window = Window::over((5, 4), 3, 2, Padding::Pixels(1)).expect("fits");
            let conv = random(3, window, (2, 3), activation);
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
        let window = Window::over((5, 4), 3, 2, Padding::Pixels(1)).expect("fits");
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
        for (rows, side, channels) in [(37, 12, (3, 16)), (3, 40, (24, 8))] {
            let window = Window::over((side, side), 3, 1, Padding::Same).expect("fits");
            let conv = random(rows, window, channels, Activation::Gelu);
            let forward =
                |threads: &Rc<Threads>, recorder: &mut Recorder| conv.forward(rows, threads, recorder);
            check_threads(&forward, &conv.y, &[&conv.x, &conv.weight, &conv.bias], "conv");
        }
    }

    #[test]
    fn bands_and_long_minibatches_equal_samples_one_by_one() {
        // 40 · 40 · 216 values of patches are several bands; 21 samples are several shards and tiles.
        for (rows, side, channels) in [(2, 40, (24, 5)), (21, 6, (5, 4))] {
            let window = Window::over((side, side), 3, 1, Padding::Pixels(1)).expect("fits");
            let all = random(rows, window, channels, Activation::Linear);
            let forward =
                |threads: &Rc<Threads>, recorder: &mut Recorder| all.forward(rows, threads, recorder);
            let dy = super::super::reference::normals(all.y.borrow().values().len(), 5);
            let gradients = gradients_of(&forward, &all.y, &dy, &[&all.x, &all.weight, &all.bias], 2);
            let mut sums = [vec![0.0; gradients[1].len()], vec![0.0; gradients[2].len()]];
            for row in 0..rows {
                let (len, out) = (all.x.borrow().columns(), all.y.borrow().columns());
                // A picture below another one: bands of both lie otherwise.
                let x = node(1, len, &all.x.borrow().values()[row * len..(row + 1) * len]);
                let one = conv(&x, &all.weight, &all.bias, window, Activation::Linear);
                let forward =
                    |threads: &Rc<Threads>, recorder: &mut Recorder| one.forward(1, threads, recorder);
                let at = row * out..(row + 1) * out;
                let own = gradients_of(&forward, &one.y, &dy[at.clone()], &[&x, &all.weight, &all.bias], 1);
                assert_close(one.y.borrow().values(), &all.y.borrow().values()[at], 1e-5, "y");
                assert_close(&own[0], &gradients[0][row * len..(row + 1) * len], 1e-5, "dx");
                for (sums, own) in sums.iter_mut().zip(&own[1..]) {
                    sums.iter_mut().zip(own).for_each(|(sum, own)| *sum += own);
                }
            }
            assert_close(&gradients[1], &sums[0], 1e-5, "dw");
            assert_close(&gradients[2], &sums[1], 1e-5, "db");
        }
    }
}
