//! Fused operations on dfdx's tape.
//!
//! # Determinism
//!
//! With equal seeds on one machine, losses are bit-identical on any number of threads. Every kernel
//! follows three rules:
//!
//! 1. Work is split into **shards that depend on sizes only**, never on the number of threads.
//! 2. Every shard writes its own part of the output, and **sums over shards have a fixed order**.
//! 3. A minibatch uses **one tape**. The loss and all statistics are computed over the whole
//!    minibatch, not over one thread's part of it.
//!
//! On other machines results differ in the last bits, because vector widths differ.
//!
//! # Speed
//!
//! A training step of a dense network is three matrix products per layer (two for the first, whose
//! input needs no gradient). Everything else is kept cheap: bias and activation are computed in the
//! same pass over memory as the product, the derivative of an activation by the layer that computes
//! its gradient (`output`), elementary functions are vectorised, buffers are reused between steps,
//! and the optimizer makes one pass over weights, gradients and moments. Gradients below 1e-18 are
//! set to 0, because processors multiply subnormal numbers slowly (`LEAST_GRADIENT` in `math`; this
//! reduced a step from 41 ms to 7.5 ms on data with constant pixels).
//!
//! There are two ways to use several cores: *one tape per shard* of the minibatch, with gradients
//! added at the end, or *one tape whose operations fork inside*. This crate does the latter.
//! Results then do not depend on the number of threads, and statistics over the minibatch stay
//! exact, at the cost of one fork per operation: 1/8 to 1/5 of a step, half for tiny networks
//! (`benches/tape_layout.rs`).
//!
//! # Files
//!
//! - `operation`, `pass`, `tape`, `variable`: the trait of operations, forward and backward passes,
//!   dfdx's tape and tensor memory
//! - `threads`, `matmul`: the fork-join pool; matrix products in shards
//! - `dense`, `conv`, `grouped_conv`, `pool`, `upsample`, `crop_or_pad`, `permute`: layers of that
//!   name; `conv` also transposes, `permute` turns pictures into rows and back
//! - `batch_norm`, `layer_norm`, `group_norm`, `prelu`, `apply`, `dropout`, `add`: norms, separate
//!   activations, dropout, the sum at the end of a residual block
//! - `direct`, `columns`, `workspace`, `channels`, `output`: parts of convolutions: direct products
//!   and Winograd's algorithm, im2col, scratch memory, per-channel values, outputs whose
//!   activation's derivative the next layer applies
//! - `top_k`, `gaussian`, `iwae`, `mmd`, `selector`, `gumbel`, `hashing`, `codebook`, `quantiser`:
//!   kinds of code
//! - `sparsity`, `contractive`, `jacobian`: penalties; `contractive` multiplies vectors by the
//!   encoder's Jacobian, a chain of linear maps
//! - `loss`, `noise`, `rbm`, `update`: losses, corruption, one step of contrastive divergence, the
//!   arithmetic of optimizers
//! - `activation`, `math`, `draw`, `activity`, `machine`: functions and derivatives, `exp` and
//!   `tanh` as polynomials, random numbers of a step, activation statistics, peak speed of the
//!   machine
//! - `reference`: test helpers: `PyTorch`'s values, finite differences, identical bits on any
//!   number of threads

#![expect(unsafe_code, reason = "tensor memory and threads, each use with its reason")]

pub mod activation;
pub mod activity;
pub mod add;
pub mod apply;
pub mod batch_norm;
mod block;
mod channels;
pub mod codebook;
pub mod columns;
pub mod contractive;
pub mod conv;
pub mod crop_or_pad;
pub mod dense;
mod direct;
pub mod draw;
pub mod dropout;
pub mod gaussian;
pub mod group_norm;
pub mod grouped_conv;
pub mod gumbel;
pub mod hashing;
pub mod iwae;
pub mod jacobian;
pub mod layer_norm;
pub mod loss;
pub mod machine;
pub mod math;
pub mod matmul;
pub mod mmd;
pub mod noise;
pub mod operation;
pub mod output;
pub mod pass;
pub mod permute;
pub mod pool;
pub mod prelu;
pub mod quantiser;
pub mod rbm;
#[cfg(test)]
pub mod reference;
pub mod selector;
mod shards;
pub mod sparsity;
pub mod tape;
pub mod threads;
pub mod top_k;
pub mod update;
pub mod upsample;
pub mod variable;
mod workspace;
