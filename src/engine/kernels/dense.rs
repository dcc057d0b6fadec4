//! The dense layer `y = f(x Wᵀ + b)` as one operation: product, bias and activation in one pass
//! over memory.

use std::cell::OnceCell;
use std::rc::Rc;

use super::activation::{backward_row, forward_row};
use super::jacobian::Chain;
use super::math::vectorised;
use super::matmul::{Cut, Matrix, multiply_shard};
use super::operation::Operation;
use super::output::Output;
use super::pass::Pass;
use super::threads::{Merged, Parts, Threads, merged};
use super::variable::{Grads, Node, TapeError, Variable, Write, gradients};
use crate::engine::EngineError;
use crate::project::Activation;

/// Rows per shard in elementwise passes.
const ROWS: usize = 16;

/// One dense layer: `x` is rows × inputs, `y` rows × outputs.
pub struct Dense {
    x: Node,
    weight: Node,
    bias: Node,
    output: Rc<Output>,
    /// The weight is stored inputs × outputs: it belongs to the layer this one mirrors.
    is_tied: bool,
    /// Whether anything before this layer learns.
    wants_input_gradient: bool,
    /// The output that it reads, if it may apply the derivative of its activation.
    before: OnceCell<Rc<Output>>,
}

/// The parts of a dense layer.
pub struct DenseParts {
    /// Input, with at least as many rows as are ever used.
    pub x: Node,
    /// Weight: outputs × inputs, or inputs × outputs if tied.
    pub weight: Node,
    /// Bias: 1 × outputs.
    pub bias: Node,
    /// Output, with as many rows as `x`.
    pub y: Node,
    /// The function applied at the end.
    pub activation: Activation,
    /// Whether `weight` is the one of the mirrored layer.
    pub is_tied: bool,
    /// Whether the gradient of `x` is needed.
    pub wants_input_gradient: bool,
}

impl Dense {
    /// Builds the operation from its parts.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`] if the activation needs a buffer of its own.
    pub fn new(parts: DenseParts) -> Result<Rc<Dense>, EngineError> {
        let DenseParts { x, weight, bias, y, activation, is_tied, wants_input_gradient } = parts;
        let (output, before) = (Output::new(y, activation)?, OnceCell::new());
        Ok(Rc::new(Dense { x, weight, bias, output, is_tied, wants_input_gradient, before }))
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

    /// The matrix `x` is multiplied by: `Wᵀ`, inputs × outputs.
    fn weight_matrix<'a>(&self, weight: &'a Variable, inputs: usize, outputs: usize) -> Matrix<'a> {
        if self.is_tied {
            Matrix::new(weight.values(), inputs, outputs)
        } else {
            Matrix::new(weight.values(), outputs, inputs).transposed()
        }
    }

    /// Turns the gradient of the outputs into that of the sums, in place, unless that is done.
    fn through_activation(&self, rows: usize, threads: &Threads, y: &Variable, dy: &mut [f32]) {
        let activation = self.output.activation;
        if self.output.take_through() || activation == Activation::Linear {
            return;
        }
        let sums = self.output.sums.as_ref().map(|sums| sums.borrow());
        let (outputs, y) = (y.columns(), y.values());
        let (len, pre) = (rows * outputs, sums.as_ref().map_or(y, |sums| sums.values()));
        threads.for_each_piece(&mut dy[..len], ROWS * outputs, 16 * len, |start, dy| {
            let range = start..start + dy.len();
            vectorised(
                #[inline(always)]
                || backward_row(activation, &y[range.clone()], &pre[range], dy),
            );
        });
    }
}

impl Operation for Dense {
    fn compute(&self, pass: &Pass) {
        let (rows, threads) = (pass.rows, &*pass.threads);
        let (x, weight, bias) = (self.x.borrow(), self.weight.borrow(), self.bias.borrow());
        let mut y = self.output.y.borrow_mut();
        let mut sums = self.output.sums.as_ref().map(|sums| sums.borrow_mut());
        let (inputs, outputs) = (x.columns(), y.columns());
        let cut = Cut::new(rows, outputs, inputs);
        let activation = self.output.activation;
        let (a, b) = (Matrix::new(x.values(), rows, inputs), self.weight_matrix(&weight, inputs, outputs));
        let bias = bias.values();
        let y = Parts::new(y.values_mut());
        let sums = sums.as_mut().map(|sums| Parts::new(sums.values_mut()));
        threads.run(cut.shards(), 2 * rows * inputs * outputs, &|shard| {
            let (own_rows, range) = cut.block(shard);
            // SAFETY: each shard runs once and touches its own block of `y` and `sums` only, which
            // are borrowed here; the slices in the loop below exist only after the product is done.
            unsafe { multiply_shard(&y, false, a, b, cut, shard) };
            vectorised(
                #[inline(always)]
                || {
                    for row in own_rows {
                        let columns = row * outputs + range.start..row * outputs + range.end;
                        // SAFETY: as above.
                        let pre = sums.map(|sums| unsafe { sums.part(columns.clone()) });
                        // SAFETY: as above.
                        let row = unsafe { y.part(columns) };
                        forward_row(activation, &bias[range.clone()], row, pre);
                    }
                },
            );
        });
    }

    fn backward(&self, pass: &Pass, grads: &mut Grads) -> Result<(), TapeError> {
        let (rows, threads) = (pass.rows, &*pass.threads);
        let (x, weight, bias) = (self.x.borrow(), self.weight.borrow(), self.bias.borrow());
        let y = self.output.y.borrow();
        let (inputs, outputs) = (x.columns(), y.columns());
        let [dx, dw, db, dy] = if self.wants_input_gradient {
            gradients(grads, [&x, &weight, &bias, &y])?
        } else {
            let [dw, db, dy] = gradients(grads, [&weight, &bias, &y])?;
            [&mut [], dw, db, dy]
        };
        self.through_activation(rows, threads, &y, dy);

        // Three independent products of the same gradient share one fork: dW, dx and db.
        let da = Matrix::new(dy, rows, outputs);
        let x_matrix = Matrix::new(x.values(), rows, inputs);
        let (dw_left, dw_right) = if self.is_tied { (x_matrix, da) } else { (da, x_matrix) };
        let dw_columns = if self.is_tied { outputs } else { inputs };
        let dw_rows = if self.is_tied { inputs } else { outputs };
        let (dw_cut, dx_cut) = (Cut::packed(dw_rows, dw_columns, rows), Cut::new(rows, inputs, outputs));
        let dw_shards = dw_cut.shards();
        let dx_shards = if self.wants_input_gradient { dx_cut.shards() } else { 0 };
        let w = self.weight_matrix(&weight, inputs, outputs).transposed();
        let dw_adds = weight.claim_gradient() == Write::Add;
        let dx_adds = self.wants_input_gradient && x.claim_gradient() == Write::Add;
        let db_adds = bias.claim_gradient() == Write::Add;
        let (dw, dx, db) = (Parts::new(dw), Parts::new(dx), Parts::new(db));
        // Gradients that others have added still need the derivative.
        let before = self.before.get().filter(|_| self.wants_input_gradient && !dx_adds);
        let before_sums = before.and_then(|before| before.sums.as_ref()).map(|sums| sums.borrow());
        let before_activation = before.map_or(Activation::Linear, |before| before.through());
        let x = x.values();
        let pre_x = before_sums.as_ref().map_or(x, |sums| sums.values());
        let flops = 2 * rows * inputs * outputs;
        threads.run(dw_shards + dx_shards + 1, 2 * flops, &|shard| {
            // SAFETY: each shard runs once, and `merged` names each shard of both lists once; dW and dx
            // are cut into blocks, db is one shard's own.
            unsafe {
                match merged(shard, dw_shards, dx_shards + 1) {
                    Merged::First(shard) => {
                        multiply_shard(&dw, dw_adds, dw_left.transposed(), dw_right, dw_cut, shard);
                    }
                    Merged::Second(0) => sum_rows(dy, db.part(0..outputs), db_adds, rows),
                    Merged::Second(shard) => {
                        multiply_shard(&dx, dx_adds, da, w, dx_cut, shard - 1);
                        let (own_rows, columns) = dx_cut.block(shard - 1);
                        vectorised(
                            #[inline(always)]
                            || {
                                for row in own_rows {
                                    let range = row * inputs + columns.start..row * inputs + columns.end;
                                    let dx = dx.part(range.clone());
                                    backward_row(before_activation, &x[range.clone()], &pre_x[range], dx);
                                }
                            },
                        );
                    }
                }
            }
        });
        Ok(())
    }

    fn learns(&self) -> bool {
        true
    }

    fn wants_input_gradient(&self) -> bool {
        self.wants_input_gradient
    }

    fn linearise(self: Rc<Self>, chain: &mut Chain) -> Result<(), EngineError> {
        chain.push_weights(&self.weight, self.is_tied);
        chain.push_slope(self.output.activation, &self.output.y, self.output.sums.as_ref())
    }

    #[cfg(test)]
    fn bytes(&self) -> usize {
        self.output.bytes()
    }
}

/// `out` = the sum of the first `rows` rows of `values`, in order.
fn sum_rows(values: &[f32], out: &mut [f32], add: bool, rows: usize) {
    if !add {
        out.fill(0.0);
    }
    if out.is_empty() {
        return;
    }
    vectorised(
        #[inline(always)]
        || {
            for row in values.chunks_exact(out.len()).take(rows) {
                for (sum, value) in out.iter_mut().zip(row) {
                    *sum += value;
                }
            }
        },
    );
}

#[cfg(test)]
mod tests {
    use super::super::pass::Mode;
    use super::super::reference::{empty_node, gradients_of, node, pass, project};
    use super::super::tape::{Recorder, Root};
    use super::super::threads::FORK_FLOPS;
    use super::*;

    const ROWS: usize = 256;
    const INPUTS: usize = 784;
    const OUTPUTS: usize = 512;

    /// Numbers of both signs without a pattern that shards could share.
    fn value(index: usize, of: usize) -> f32 {
        ((index * 7919 + of * 104_729) % 2003) as f32 / 1000.0 - 1.0
    }

    fn filled(rows: usize, columns: usize, of: usize) -> Node {
        node(rows, columns, &(0..rows * columns).map(|index| value(index, of)).collect::<Vec<_>>())
    }

    #[test]
    fn a_large_layer_equals_plain_loops_there_and_back() {
        assert!(Cut::new(ROWS, OUTPUTS, INPUTS).shards() > 1 && 2 * ROWS * OUTPUTS * INPUTS > FORK_FLOPS);
        for is_tied in [false, true] {
            let (w_rows, w_columns) = if is_tied { (INPUTS, OUTPUTS) } else { (OUTPUTS, INPUTS) };
            let (x, weight) = (filled(ROWS, INPUTS, 1), filled(w_rows, w_columns, 2));
            let (bias, y) = (filled(1, OUTPUTS, 3), filled(ROWS, OUTPUTS, 4));
            let parts = DenseParts {
                x: Rc::clone(&x),
                weight: Rc::clone(&weight),
                bias: Rc::clone(&bias),
                y: Rc::clone(&y),
                activation: Activation::Relu,
                is_tied,
                wants_input_gradient: true,
            };
            let dense = Dense::new(parts).expect("small");
            let root = Root::new().expect("small");
            let mut recorder = Recorder::recording(&root, Grads::leaky());
            recorder.run(&dense, &pass(ROWS, 3));
            let output = Rc::clone(&y);
            recorder.push(move |grads| {
                let [dy] = gradients(grads, [&output.borrow()])?;
                dy.iter_mut().enumerate().for_each(|(index, slope)| *slope = value(index, 5));
                Ok(())
            });
            let mut grads = recorder.backward(&root).expect("small").expect("recorded");

            let x_at = |row: usize, input: usize| f64::from(value(row * INPUTS + input, 1));
            let w_at = |output: usize, input: usize| {
                let index = if is_tied { input * OUTPUTS + output } else { output * INPUTS + input };
                f64::from(value(index, 2))
            };
            let y_at = |row: usize, output: usize| {
                let product: f64 = (0..INPUTS).map(|input| x_at(row, input) * w_at(output, input)).sum();
                (product + f64::from(value(output, 3))).max(0.0)
            };
            let ys = y.borrow();
            let da_at = |row: usize, output: usize| {
                let index = row * OUTPUTS + output;
                if ys.values()[index] > 0.0 { f64::from(value(index, 5)) } else { 0.0 }
            };
            let check = |what: &str, ours: f32, exact: f64| {
                let error = (f64::from(ours) - exact).abs();
                assert!(
                    error < 1e-4 * exact.abs().max(10.0),
                    "{what}: {ours}, not {exact} (tied: {is_tied})"
                );
            };
            // Step sizes without a common factor with the sizes, so that every shard and both its
            // ends are tested.
            for at in (0..ROWS * OUTPUTS).step_by(499) {
                check("y", ys.values()[at], y_at(at / OUTPUTS, at % OUTPUTS));
            }
            let [dx, dw, db] =
                gradients(&mut grads, [&x.borrow(), &weight.borrow(), &bias.borrow()]).expect("small");
            for at in (0..ROWS * INPUTS).step_by(997) {
                let (row, input) = (at / INPUTS, at % INPUTS);
                let exact = (0..OUTPUTS).map(|output| da_at(row, output) * w_at(output, input)).sum();
                check("dx", dx[at], exact);
            }
            for at in (0..OUTPUTS * INPUTS).step_by(1999) {
                let (output, input) =
                    if is_tied { (at % OUTPUTS, at / OUTPUTS) } else { (at / INPUTS, at % INPUTS) };
                check("dw", dw[at], (0..ROWS).map(|row| da_at(row, output) * x_at(row, input)).sum());
            }
            for (output, slope) in db.iter().enumerate() {
                check("db", *slope, (0..ROWS).map(|row| da_at(row, output)).sum());
            }
        }
    }

    /// A layer of outputs of `x`, with its weight and bias.
    fn layer(x: &Node, outputs: usize, activation: Activation, of: usize) -> (Rc<Dense>, [Node; 2]) {
        let (rows, inputs) = (x.borrow().values().len() / x.borrow().columns(), x.borrow().columns());
        let (weight, bias) = (filled(outputs, inputs, of), filled(1, outputs, of + 1));
        let nodes = [Rc::clone(&weight), Rc::clone(&bias)];
        let (x, y) = (Rc::clone(x), empty_node(rows, outputs));
        let parts = DenseParts { x, weight, bias, y, activation, is_tied: false, wants_input_gradient: true };
        (Dense::new(parts).expect("small"), nodes)
    }

    #[test]
    fn a_layer_applies_the_derivative_of_the_activation_before_it() {
        // Derivatives from outputs and from sums; whole products and several shards; without and
        // with a gradient from elsewhere, which still needs the derivative.
        for (activation, rows, inputs, others) in [
            (Activation::Sigmoid, 5, 7, false),
            (Activation::Gelu, 5, 7, true),
            (Activation::Relu, 300, 200, false),
            (Activation::Silu, 300, 200, false),
        ] {
            let gradients = [false, true].map(|follows| {
                let x = filled(rows, inputs, 1);
                let (first, [w, b]) = layer(&x, inputs + 3, activation, 2);
                let (next, [v, c]) = layer(&first.output.y, inputs, Activation::Tanh, 4);
                if follows {
                    next.follow(first.output());
                }
                let dy: Vec<f32> = (0..rows * inputs).map(|index| value(index, 6)).collect();
                let forward = |threads: &Rc<Threads>, recorder: &mut Recorder| {
                    first.output.y.borrow().begin_step();
                    let pass = Pass::new(rows, Mode::Use, threads);
                    recorder.run(&first, &pass);
                    recorder.run(&next, &pass);
                    if others {
                        project(&first.output.y, rows, 9, recorder);
                    }
                };
                gradients_of(&forward, &next.output.y, &dy, &[&x, &w, &b, &v, &c], 2)
            });
            assert_eq!(gradients[0], gradients[1], "{activation:?} {rows}");
            assert!(gradients[0].iter().all(|own| own.iter().any(|slope| *slope != 0.0)));
        }
    }
}
