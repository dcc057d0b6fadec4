//! The sum of two chains of maps with the same input: a residual block, whose shortcut may be the
//! identity.

use std::cell::RefCell;

use super::block::{Block, for_each_rows};
use super::map::LinearMap;
use super::{Chain, Link};
use crate::engine::EngineError;
use crate::engine::kernels::pass::Pass;
use crate::engine::kernels::threads::Threads;
use crate::engine::kernels::variable::{Grads, Node, TapeError};
use crate::engine::kernels::workspace::zeros;

/// `M = M_L … M_1 + N_K … N_1`; a path without maps is the identity.
pub struct Sum {
    paths: [Vec<Link>; 2],
    inputs: usize,
    outputs: usize,
    /// Largest number of values per row within either path.
    widest: usize,
    rows: RefCell<Rows>,
}

/// Rows within a path.
#[derive(Default)]
struct Rows {
    now: Vec<f32>,
    next: Vec<f32>,
    /// The rows before each map of a path, one after another.
    levels: Vec<f32>,
}

impl Chain {
    /// Marks where the maps of the next operation begin.
    pub fn begin_operation(&mut self) {
        self.marks.push(self.links.len());
    }

    /// Replaces the maps of the `main + shortcut` operations before the current one by a sum: that
    /// of the first `main` operations and that of the others, both with the same input.
    ///
    /// # Panics
    /// If fewer operations were marked.
    pub fn add_paths(&mut self, main: usize, shortcut: usize) {
        let end = self.marks.len() - 1;
        let (middle, start) = (self.marks[end - shortcut], self.marks[end - shortcut - main]);
        let second = self.links.split_off(middle);
        let first = self.links.split_off(start);
        self.push(Sum::new(first, second));
    }
}

impl Sum {
    /// The sum of two paths, the first of which has maps.
    fn new(first: Vec<Link>, second: Vec<Link>) -> Sum {
        let inputs = first.first().map_or(0, |link| link.map().inputs());
        let outputs = first.last().map_or(0, |link| link.map().outputs());
        let widths = first.iter().chain(&second).map(|link| link.map().outputs());
        let widest = widths.max().unwrap_or(0).max(inputs);
        Sum { paths: [first, second], inputs, outputs, widest, rows: RefCell::default() }
    }

    fn maps(&self) -> impl Iterator<Item = &dyn LinearMap> {
        self.paths.iter().flatten().map(Link::map)
    }

    /// `to` = the sum of both paths applied to `from`, forward or back.
    fn both(&self, block: Block, from: &[f32], to: &mut [f32], is_back: bool, threads: &Threads) {
        let mut rows = self.rows.borrow_mut();
        let Rows { now, next, .. } = &mut *rows;
        let (count, width) = (block.rows(), if is_back { self.inputs } else { self.outputs });
        let before = if is_back { self.outputs } else { self.inputs };
        let to = &mut to[..count * width];
        to.fill(0.0);
        for path in &self.paths {
            now[..count * before].copy_from_slice(&from[..count * before]);
            for step in 0..path.len() {
                let map = path[if is_back { path.len() - 1 - step } else { step }].map();
                if is_back {
                    let (from, to) = (&now[..count * map.outputs()], &mut next[..count * map.inputs()]);
                    map.pull(block, from, to, threads);
                } else {
                    let (from, to) = (&now[..count * map.inputs()], &mut next[..count * map.outputs()]);
                    map.push(block, from, to, threads);
                }
                std::mem::swap(now, next);
            }
            let now = &*now;
            for_each_rows(threads, &mut *to, width, count * width, |first, to| {
                let from = &now[first * width..][..to.len()];
                to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
            });
        }
    }
}

impl LinearMap for Sum {
    fn inputs(&self) -> usize {
        self.inputs
    }

    fn outputs(&self) -> usize {
        self.outputs
    }

    fn multiply_adds(&self) -> usize {
        self.maps().map(LinearMap::multiply_adds).sum::<usize>() + self.outputs
    }

    fn reserve(&self, rows: usize) -> Result<(), EngineError> {
        self.maps().try_for_each(|map| map.reserve(rows))?;
        let of_path = |path: &Vec<Link>| path.iter().map(|link| link.map().inputs()).sum::<usize>();
        let levels = self.paths.iter().map(of_path).max().unwrap_or(0);
        *self.rows.borrow_mut() = Rows {
            now: zeros(rows.saturating_mul(self.widest))?,
            next: zeros(rows.saturating_mul(self.widest))?,
            levels: zeros(rows.saturating_mul(levels))?,
        };
        Ok(())
    }

    fn prepare(&self, pass: &Pass) {
        self.maps().for_each(|map| map.prepare(pass));
    }

    fn push(&self, block: Block, from: &[f32], to: &mut [f32], threads: &Threads) {
        self.both(block, from, to, false, threads);
    }

    fn pull(&self, block: Block, from: &[f32], to: &mut [f32], threads: &Threads) {
        self.both(block, from, to, true, threads);
    }

    fn sources(&self) -> Vec<Node> {
        self.maps().flat_map(LinearMap::sources).collect()
    }

    /// Runs each path again, forward from `t`, then back from `s`.
    fn accumulate(
        &self,
        block: Block,
        s: &[f32],
        t: &[f32],
        threads: &Threads,
        grads: &mut Grads,
    ) -> Result<(), TapeError> {
        let mut rows = self.rows.borrow_mut();
        let Rows { now, next, levels } = &mut *rows;
        let count = block.rows();
        for path in self.paths.iter().filter(|path| !path.is_empty()) {
            let mut at = count * self.inputs;
            levels[..at].copy_from_slice(&t[..at]);
            for link in &path[..path.len() - 1] {
                let (inputs, outputs) = (count * link.map().inputs(), count * link.map().outputs());
                let (before, after) = levels.split_at_mut(at);
                link.map().push(block, &before[at - inputs..], &mut after[..outputs], threads);
                at += outputs;
            }
            now[..count * self.outputs].copy_from_slice(&s[..count * self.outputs]);
            for link in path.iter().rev() {
                let (inputs, outputs) = (count * link.map().inputs(), count * link.map().outputs());
                let t = &levels[at - inputs..at];
                link.map().accumulate(block, &now[..outputs], t, threads, grads)?;
                link.map().pull(block, &now[..outputs], &mut next[..inputs], threads);
                std::mem::swap(now, next);
                at -= inputs;
            }
        }
        Ok(())
    }
}
