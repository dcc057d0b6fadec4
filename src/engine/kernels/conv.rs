//! The convolution `y = f(w ∗ x + b)` and the transposed one `y = f(wᵀ ∗ x + b)` as one operation:
//! patches as rows of a matrix that stays in the cache, one product per gradient, bias and
//! activation in the same pass.

use std::cell::OnceCell;
use std::ops::Range;
use std::rc::Rc;

use super::batch_norm::BatchNorm;
use super::channels::{activate, add_pixels, through_activation};
use super::columns::{Columns, Direction};
use super::direct::Direct;
use super::jacobian::{Block, Chain, LinearMap};
use super::matmul::multiply_here;
use super::operation::Operation;
use super::output::Output;
use super::pass::Pass;
use super::threads::{Parts, Threads};
use super::variable::{Grads, Node, TapeError, Write, gradients};
use super::workspace::Workspace;
use crate::check::Window;
use crate::engine::EngineError;
use crate::project::Activation;

/// One convolution, or a transposed one. Pictures are height × width × channels.
///
/// Its linear part is a matrix `M` whose rows and columns correspond to the values of the small and
/// the large picture. A convolution multiplies by `M` and its backward pass by `Mᵀ`; a transposed
/// convolution does the opposite.
pub struct Conv {
    x: Node,
    weight: Node,
    bias: Node,
    output: Rc<Output>,
    direction: Direction,
    route: Route,
    /// Whether anything before this layer learns.
    wants_input_gradient: bool,
    /// The output that it reads, if it may apply the derivative of its activation.
    before: OnceCell<Rc<Output>>,
    /// The normalisation of its outputs whose backward passes it ends.
    norm: OnceCell<Rc<BatchNorm>>,
}

/// How the products are computed.
enum Route {
    /// From the pictures themselves.
    Direct(Box<Direct>),
    /// From patches of one band at a time, for pictures that are too large for frames.
    Columns(Box<Workspace>),
}

/// The parts of a convolution. `x` holds the window's large pictures and `y` its small ones for
/// [`Direction::Down`], the reverse for [`Direction::Up`]. The numbers of channels follow from the
/// sizes.
pub struct ConvParts {
    /// Input: rows × (height · width · input channels).
    pub x: Node,
    /// Weight: channels of the small picture × (kernel · kernel · channels of the large picture),
    /// in (row, column, channel) order. A transposed convolution stores the weight of the
    /// convolution it transposes, so that both can share a node.
    pub weight: Node,
    /// Bias: 1 × output channels.
    pub bias: Node,
    /// Output: rows × (height · width · output channels).
    pub y: Node,
    /// Positions of the kernel on the picture.
    pub window: Window,
    /// Whether it is a convolution or a transposed one.
    pub direction: Direction,
    /// The function applied at the end.
    pub activation: Activation,
    /// Whether the gradient of `x` is needed.
    pub wants_input_gradient: bool,
}

impl Conv {
    /// Builds the operation from its parts.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`].
    pub fn new(parts: ConvParts) -> Result<Rc<Conv>, EngineError> {
        let ConvParts { x, weight, bias, y, window, direction, activation, wants_input_gradient } = parts;
        let output = Output::new(y, activation)?;
        let (len, patch) = (weight.borrow().values().len(), weight.borrow().columns());
        let (large, small) = (patch / (window.kernel * window.kernel).max(1), len / patch.max(1));
        let outputs = bias.borrow().columns();
        let route = match Direct::new(window, (large, small), outputs)? {
            Some(direct) => Route::Direct(Box::new(direct)),
            None => Route::Columns(Box::new(Workspace::new(Columns::new(window, large), small, outputs)?)),
        };
        let (before, norm) = (OnceCell::new(), OnceCell::new());
        Ok(Rc::new(Conv { x, weight, bias, output, direction, route, wants_input_gradient, before, norm }))
    }

    /// Its output.
    pub fn output(&self) -> &Rc<Output> {
        &self.output
    }

    /// Applies the derivative of the activation of `before`, if that is what it reads. The layer of
    /// `before` must be the one before this one.
    pub fn follow(&self, before: &Rc<Output>) {
        before.hand_to(&self.x, &self.before);
    }

    /// Ends the backward passes of `norm`, if that normalises its output without an activation. The
    /// normalisation must be the layer after this one.
    pub fn end_passes_of(&self, norm: &Rc<BatchNorm>) {
        let is_own = Rc::ptr_eq(&self.output.y, norm.input());
        if is_own && self.output.activation == Activation::Linear && self.norm.set(Rc::clone(norm)).is_ok() {
            norm.leave_end();
        }
    }

    /// Values read and written per sample.
    fn sizes(&self) -> (usize, usize) {
        match &self.route {
            Route::Direct(direct) => direct.sizes(self.direction),
            Route::Columns(space) => space.sizes(self.direction),
        }
    }

    /// The product of the weight with the first `rows` rows of `from`, in either direction.
    /// `finish` gets each value of these rows of `to` once, as soon as it is complete: a range and
    /// its values.
    fn multiply(
        &self,
        direction: Direction,
        rows: usize,
        from: &[f32],
        to: &mut [f32],
        threads: &Threads,
        finish: impl Fn(Range<usize>, &mut [f32]) + Sync,
    ) {
        let (weight, to) = (self.weight.borrow(), Parts::new(to));
        let space = match &self.route {
            Route::Columns(space) => space,
            Route::Direct(direct) => {
                let panels = direct.pack(direction, weight.values(), threads);
                direct.for_each_tile(threads, rows, 1, |tile, scratch| {
                    let (before, after) = direct.ranges(direction, tile);
                    let from = &from[before];
                    // SAFETY: tiles do not overlap, and `to` is borrowed until all are done.
                    let to = unsafe { to.part(after.clone()) };
                    match direction {
                        Direction::Down => {
                            let large = direct.read_large(tile, from, scratch);
                            direct.down(tile, large, &panels, false, to);
                        }
                        Direction::Up => {
                            let small = direct.frame_small(tile, from, scratch);
                            direct.up(tile, small, &panels, false, to);
                        }
                    }
                    finish(after, to);
                });
                return;
            }
        };
        let w = space.matrix(weight.values());
        space.for_each_tile(threads, rows, 1, |tile, scratch| {
            let (before, after) = space.ranges(direction, tile);
            let from = &from[before];
            // SAFETY: tiles of different samples do not overlap, those of the same samples run one
            // after another, and `to` is borrowed until all are done.
            let to = unsafe { to.part(after.clone()) };
            match direction {
                Direction::Down => {
                    multiply_here(to, false, space.gather(tile, from, scratch), w.transposed());
                    finish(after, to);
                }
                Direction::Up => {
                    if tile.starts_pictures {
                        to.fill(0.0);
                    }
                    space.scatter_product(tile, from, w, scratch, to);
                    if tile.ends_pictures {
                        finish(after, to);
                    }
                }
            }
        });
    }
}

impl Operation for Conv {
    fn compute(&self, pass: &Pass) {
        let x = self.x.borrow();
        let mut y = self.output.y.borrow_mut();
        let mut sums = self.output.sums.as_ref().map(|sums| sums.borrow_mut());
        let sums = sums.as_mut().map(|sums| Parts::new(sums.values_mut()));
        let values = self.bias.borrow();
        let bias = match &self.route {
            Route::Direct(direct) => direct.shards().repeated_bias(values.values()),
            Route::Columns(space) => space.shards().repeated_bias(values.values()),
        };
        let (bias, activation) = (&*bias, self.output.activation);
        self.multiply(self.direction, pass.rows, x.values(), y.values_mut(), &pass.threads, |values, y| {
            // SAFETY: `multiply` passes every value once, and `sums` is borrowed for as long.
            let sums = sums.map(|sums| unsafe { sums.part(values) });
            activate(activation, bias, y, sums);
        });
    }

    fn backward(&self, pass: &Pass, grads: &mut Grads) -> Result<(), TapeError> {
        let (x, weight, bias) = (self.x.borrow(), self.weight.borrow(), self.bias.borrow());
        let end = self.norm.get().and_then(|norm| norm.take_end());
        let y = end.as_ref().map_or(&self.output.y, |end| end.y()).borrow();
        let direction = self.direction;
        let [dx, dw, db, dy] = if self.wants_input_gradient {
            gradients(grads, [&x, &weight, &bias, &y])?
        } else {
            let [dw, db, dy] = gradients(grads, [&weight, &bias, &y])?;
            [&mut [], dw, db, dy]
        };
        let wants_dx = self.wants_input_gradient;
        let dx_adds = wants_dx && x.claim_gradient() == Write::Add;
        let adds = (weight.claim_gradient() == Write::Add, bias.claim_gradient() == Write::Add);
        let sums = self.output.sums.as_ref().map(|sums| sums.borrow());
        let (y, pre) = (y.values(), sums.as_ref().map(|sums| sums.values()));
        let (x, activation, is_through) = (x.values(), self.output.activation, self.output.take_through());
        let (dx, dy) = (Parts::new(dx), Parts::new(dy));
        let end = end.as_ref().map(|end| end.map());
        let to_sums = |range: Range<usize>, dy: &mut [f32]| match end {
            Some(end) => end.apply(range, dy),
            None if is_through => {}
            None => through_activation(activation, y, pre, range, dy),
        };
        let space = match &self.route {
            Route::Columns(space) => space,
            Route::Direct(direct) => {
                let panels = direct.pack(direction.reversed(), weight.values(), &pass.threads);
                let products = (pass.rows, 1 + usize::from(wants_dx));
                // Gradients that others have added still need the derivative.
                let before = self.before.get().filter(|_| wants_dx && !dx_adds);
                let sums = before.and_then(|before| before.sums.as_ref()).map(|sums| sums.borrow());
                let pre_x = sums.as_ref().map(|sums| sums.values());
                let before_activation = before.map_or(Activation::Linear, |before| before.through());
                return direct.sum_over_tiles(
                    &pass.threads,
                    products,
                    (dw, db),
                    adds,
                    |tile, scratch, dw, db| {
                        let (before, after) = direct.ranges(direction, tile);
                        // SAFETY: tiles do not overlap, and the gradient is borrowed until all are
                        // done.
                        let dy = unsafe { dy.part(after.clone()) };
                        to_sums(after, dy);
                        add_pixels(dy, db);
                        let (large, small) = direction.arrange(&x[before.clone()], &*dy);
                        let (large, scratch) = direct.frame_large(tile, large, scratch);
                        direct.add_to_weight(tile, large, small, scratch, dw);
                        if !wants_dx {
                            return;
                        }
                        // SAFETY: as above.
                        let dx = unsafe { dx.part(before.clone()) };
                        match direction {
                            Direction::Down => {
                                let small = direct.frame_small(tile, small, scratch);
                                direct.up(tile, small, &panels, dx_adds, dx);
                            }
                            Direction::Up => direct.down(tile, (large, scratch), &panels, dx_adds, dx),
                        }
                        through_activation(before_activation, x, pre_x, before, dx);
                    },
                );
            }
        };
        let w = space.matrix(weight.values());
        space.sum_over_tiles(&pass.threads, (pass.rows, 2), (dw, db), adds, |tile, scratch, dw, db| {
            let (before, after) = space.ranges(direction, tile);
            // SAFETY: tiles of different samples do not overlap, those of the same samples run one
            // after another, and the gradient is borrowed until all are done.
            let dy = unsafe { dy.part(after.clone()) };
            // The bands of a large picture share its gradient: the first one prepares it for all.
            if direction == Direction::Down || tile.starts_pictures {
                to_sums(after, dy);
                add_pixels(dy, db);
            }
            let (large, small) = direction.arrange(&x[before.clone()], &*dy);
            let patches = space.gather(tile, large, scratch);
            space.add_to_weight(tile, small, patches, dw);
            if !wants_dx {
                return;
            }
            // SAFETY: as above.
            let dx = unsafe { dx.part(before) };
            match direction {
                Direction::Down => {
                    if tile.starts_pictures && !dx_adds {
                        dx.fill(0.0);
                    }
                    space.scatter_product(tile, small, w, scratch, dx);
                }
                Direction::Up => multiply_here(dx, dx_adds, patches, w.transposed()),
            }
        })
    }

    fn learns(&self) -> bool {
        true
    }

    fn wants_input_gradient(&self) -> bool {
        self.wants_input_gradient
    }

    fn linearise(self: Rc<Self>, chain: &mut Chain) -> Result<(), EngineError> {
        chain.push_shared(Rc::<Conv>::clone(&self));
        chain.push_slope(self.output.activation, &self.output.y, self.output.sums.as_ref())
    }

    #[cfg(test)]
    fn bytes(&self) -> usize {
        let route = match &self.route {
            Route::Direct(direct) => direct.bytes(),
            Route::Columns(space) => space.bytes(),
        };
        route + self.output.bytes()
    }
}

/// Its linear part without the bias, equal for all samples.
impl LinearMap for Conv {
    fn inputs(&self) -> usize {
        self.sizes().0
    }

    fn outputs(&self) -> usize {
        self.sizes().1
    }

    fn multiply_adds(&self) -> usize {
        match &self.route {
            Route::Direct(direct) => direct.multiply_adds(),
            Route::Columns(space) => space.multiply_adds(),
        }
    }

    fn push(&self, block: Block, from: &[f32], to: &mut [f32], threads: &Threads) {
        self.multiply(self.direction, block.rows(), from, to, threads, |_, _| {});
    }

    fn pull(&self, block: Block, from: &[f32], to: &mut [f32], threads: &Threads) {
        self.multiply(self.direction.reversed(), block.rows(), from, to, threads, |_, _| {});
    }

    fn sources(&self) -> Vec<Node> {
        vec![Rc::clone(&self.weight)]
    }

    fn accumulate(
        &self,
        block: Block,
        s: &[f32],
        t: &[f32],
        threads: &Threads,
        grads: &mut Grads,
    ) -> Result<(), TapeError> {
        let [dw] = gradients(grads, [&self.weight.borrow()])?;
        let (direction, rows) = (self.direction, block.rows());
        let space = match &self.route {
            Route::Columns(space) => space,
            Route::Direct(direct) => {
                let sums = (dw, &mut [][..]);
                return direct.sum_over_tiles(
                    threads,
                    (rows, 1),
                    sums,
                    (true, true),
                    |tile, scratch, dw, _| {
                        let (before, after) = direct.ranges(direction, tile);
                        let (large, small) = direction.arrange(&t[before], &s[after]);
                        let (large, scratch) = direct.frame_large(tile, large, scratch);
                        direct.add_to_weight(tile, large, small, scratch, dw);
                    },
                );
            }
        };
        space.sum_over_tiles(threads, (rows, 1), (dw, &mut []), (true, true), |tile, scratch, dw, _| {
            let (before, after) = space.ranges(direction, tile);
            let (large, small) = direction.arrange(&t[before], &s[after]);
            space.add_to_weight(tile, small, space.gather(tile, large, scratch), dw);
        })
    }
}

#[cfg(test)]
mod tests;
