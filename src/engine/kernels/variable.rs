//! Access to the values of a dfdx tensor without a copy; the only code that does this.
//!
//! dfdx offers no public way to read or write a CPU tensor as a slice. The address of a `Vec`'s
//! heap block does not change when the `Vec` is moved, so it is taken *before* the `Vec` is passed
//! to dfdx. Three things make this sound:
//!
//! - the tensor lives as long as its [`Variable`];
//! - its storage is never resized (dfdx never does that, and the tensor is passed to no dfdx
//!   operation that writes);
//! - slices are borrowed through the `Variable`, so Rust's borrowing rules apply.
//!
//! A `Variable` and its gradient buffer are reused between steps, so a training step allocates no
//! matrix. Tests check that dfdx and this module see the same numbers.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use dfdx::prelude::*;

use crate::engine::EngineError;

/// Gradients of all variables, reused between steps so that no buffer is allocated twice.
pub type Grads = Gradients<f32, Cpu>;

/// Why the tape cannot be run backward: there is no memory for a gradient.
pub type TapeError = CpuError;

impl From<TapeError> for EngineError {
    fn from(_: TapeError) -> EngineError {
        // The only other error of dfdx's CPU device, a wrong length, cannot happen: lengths are
        // computed here.
        EngineError::OutOfMemory
    }
}

/// A matrix on dfdx's tape, shared between the network and the backward operations.
pub type Node = Rc<RefCell<Variable>>;

/// A matrix of values: a dfdx tensor that keeps its identity between steps.
pub struct Variable {
    tensor: Tensor<(usize, usize), f32, Cpu>,
    values: *mut f32,
    len: usize,
    columns: usize,
    /// Whether the current step has already written its gradient.
    is_written: Cell<bool>,
}

/// Whether a gradient is the first of its step or is added to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// Overwrite the value of an earlier step.
    First,
    /// Add to the value already written in this step.
    Add,
}

impl Variable {
    /// A matrix of zeros.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`].
    pub fn zeros(rows: usize, columns: usize) -> Result<Node, EngineError> {
        let len = rows.checked_mul(columns).ok_or(EngineError::OutOfMemory)?;
        let mut values = Vec::new();
        values.try_reserve_exact(len).map_err(|_| EngineError::OutOfMemory)?;
        values.resize(len, 0.0_f32);
        let start = values.as_mut_ptr();
        let tensor = Cpu::default().try_tensor_from_vec(values, (rows, columns))?;
        let variable = Variable { tensor, values: start, len, columns, is_written: Cell::new(false) };
        Ok(Rc::new(RefCell::new(variable)))
    }

    /// A matrix of zeros with the size of another.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`].
    pub fn zeros_like(other: &Node) -> Result<Node, EngineError> {
        let (len, columns) = (other.borrow().len, other.borrow().columns);
        Variable::zeros(len / columns.max(1), columns)
    }

    /// All values, row by row.
    pub fn values(&self) -> &[f32] {
        // SAFETY: see the module documentation; `&self` excludes writers.
        unsafe { std::slice::from_raw_parts(self.values, self.len) }
    }

    /// All values, mutable.
    pub fn values_mut(&mut self) -> &mut [f32] {
        // SAFETY: see the module documentation; `&mut self` excludes all other access.
        unsafe { std::slice::from_raw_parts_mut(self.values, self.len) }
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Marks the gradient as unwritten; call before each step.
    pub fn begin_step(&self) {
        self.is_written.set(false);
    }

    /// How the next gradient of this step must be written.
    pub fn claim_gradient(&self) -> Write {
        if self.is_written.replace(true) { Write::Add } else { Write::First }
    }

    /// Whether this step has written its gradient.
    pub fn has_gradient(&self) -> bool {
        self.is_written.get()
    }

    /// The tensor itself.
    pub(super) fn tensor(&self) -> &Tensor<(usize, usize), f32, Cpu> {
        &self.tensor
    }
}

/// The gradient buffers of several variables at once.
///
/// # Errors
/// Out of memory, the first time a buffer is needed.
///
/// # Panics
/// If two of the variables are the same.
pub fn gradients<'g, const N: usize>(
    grads: &'g mut Grads,
    of: [&Variable; N],
) -> Result<[&'g mut [f32]; N], TapeError> {
    let mut buffers = gradient_list(grads, &of)?.into_iter();
    Ok(std::array::from_fn(|_| buffers.next().unwrap_or_default()))
}

/// [`gradients`] for any number of variables.
///
/// # Errors
/// Out of memory, the first time a buffer is needed.
///
/// # Panics
/// If two of the variables are the same.
pub fn gradient_list<'g>(grads: &'g mut Grads, of: &[&Variable]) -> Result<Vec<&'g mut [f32]>, TapeError> {
    let mut buffers = Vec::with_capacity(of.len());
    for (index, variable) in of.iter().enumerate() {
        assert!(of[..index].iter().all(|other| other.values != variable.values), "asked for twice");
        let values: &mut Vec<f32> = grads.get_or_alloc_mut(variable.tensor())?;
        // SAFETY: every variable has its own buffer on the heap, which does not move while the map
        // of buffers grows; the variables differ, so the slices do not overlap, and `grads` is
        // borrowed while they live.
        buffers.push(unsafe { std::slice::from_raw_parts_mut(values.as_mut_ptr(), values.len()) });
    }
    Ok(buffers)
}

/// Sets the gradient of the first `len` values to 0, unless this step has already written it. Terms
/// of weight 0 use it, so that no gradient of an earlier step is read.
///
/// # Errors
/// Out of memory, the first time a buffer is needed.
pub fn no_gradient(of: &Variable, len: usize, grads: &mut Grads) -> Result<(), TapeError> {
    let [gradient] = gradients(grads, [of])?;
    if of.claim_gradient() == Write::First {
        gradient[..len].fill(0.0);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dfdx_sees_what_is_written_and_writes_are_seen() {
        let node = Variable::zeros(2, 3).expect("six numbers");
        for (index, value) in node.borrow_mut().values_mut().iter_mut().enumerate() {
            *value = index as f32;
        }
        // dfdx's own view of the tensor, by indexing and by one of its operations.
        let variable = node.borrow();
        assert_eq!(variable.tensor()[[1, 2]], 5.0);
        let doubled = variable.tensor().clone() * 2.0;
        assert_eq!(doubled.as_vec(), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        assert_eq!(variable.values(), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    }

    #[test]
    fn gradient_buffers_are_separate_and_keep_their_values() {
        let a = Variable::zeros(2, 2).expect("four numbers");
        let b = Variable::zeros(1, 3).expect("three numbers");
        let mut grads = Grads::leaky();
        let [da, db] = gradients(&mut grads, [&a.borrow(), &b.borrow()]).expect("small");
        da.fill(1.0);
        db.fill(2.0);
        let [db, da] = gradients(&mut grads, [&b.borrow(), &a.borrow()]).expect("small");
        assert_eq!((&*da, &*db), (&[1.0; 4][..], &[2.0; 3][..]));
    }
}
