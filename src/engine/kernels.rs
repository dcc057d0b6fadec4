//! Fused operations on dfdx's tape.
//!
//! One contract holds for all: work is cut into **shards that depend on sizes alone**, never on the number of threads,
//! every shard writes its own part of the output, and sums over shards are taken in fixed order. The same seed on the
//! same machine therefore gives bit-identical losses on any number of threads.

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
