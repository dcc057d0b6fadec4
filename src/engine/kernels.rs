//! Fused operations on dfdx's tape.
//!
//! One contract holds for all: work is cut into **shards that depend on sizes alone**, never on the number of threads,
//! every shard writes its own part of the output, and sums over shards are taken in fixed order. The same seed on the
//! same machine therefore gives bit-identical losses on any number of threads.

pub mod activation;
pub mod activity;
pub mod apply;
pub mod batch_norm;
mod channels;
pub mod columns;
pub mod contractive;
pub mod conv;
pub mod conv_transpose;
pub mod dense;
pub mod draw;
pub mod dropout;
pub mod layer_norm;
pub mod loss;
pub mod math;
pub mod matmul;
pub mod noise;
pub mod permute;
pub mod pool;
#[cfg(test)]
mod reference;
pub mod sparsity;
pub mod tape;
pub mod threads;
pub mod update;
pub mod upsample;
pub mod variable;
mod workspace;
