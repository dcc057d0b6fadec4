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

    /// The patches of the input under the window.
    pub fn columns(&self) -> Columns {
        self.space.columns
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
        });
        Ok(())
    }
}
