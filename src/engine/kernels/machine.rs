//! Peak speed of the machine, to compare measured speeds with.

use std::time::{Duration, Instant};

use super::matmul::{Matrix, multiply};
use super::threads::Threads;
use super::workspace::zeros;
use crate::engine::EngineError;

/// Rows, columns and inner size of the products; the fastest counts.
const PRODUCTS: [(usize, usize, usize); 4] =
    [(512, 512, 512), (1024, 1024, 1024), (768, 2048, 512), (256, 2048, 1024)];
/// Number of values copied: more than any cache holds.
const COPIED: usize = 1 << 25;
/// Values of a shard of the copy.
const COPY_SHARD: usize = 1 << 16;
/// How long each product and the copy are repeated.
const LASTS: Duration = Duration::from_millis(400);

/// Measured limits of a machine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Machine {
    /// The best rate of a matrix product, in 10⁹ floating-point operations per second.
    pub gflops: f64,
    /// The rate at which memory is copied, in 10⁹ bytes per second, reads and writes added.
    pub copy_gb_per_sec: f64,
}

impl Machine {
    /// Measures the machine with so many threads; it takes about two seconds.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`].
    pub fn measure(threads: usize) -> Result<Machine, EngineError> {
        let threads = Threads::new(threads);
        let mut gflops = 0.0_f64;
        for (rows, columns, inner) in PRODUCTS {
            let (a, b) = (filled(rows * inner)?, filled(inner * columns)?);
            let mut out = zeros::<f32>(rows * columns)?;
            let seconds = best(|| {
                let (a, b) = (Matrix::new(&a, rows, inner), Matrix::new(&b, columns, inner).transposed());
                multiply(&threads, &mut out, false, a, b);
            });
            gflops = gflops.max(2e-9 * (rows * columns * inner) as f64 / seconds);
        }
        let (from, mut to) = (filled(COPIED)?, zeros::<f32>(COPIED)?);
        let seconds = best(|| {
            threads.for_each_piece(&mut to, COPY_SHARD, COPIED, |start, to| {
                to.copy_from_slice(&from[start..start + to.len()]);
            });
        });
        Ok(Machine { gflops, copy_gb_per_sec: 8e-9 * COPIED as f64 / seconds })
    }
}

/// `len` numbers that are not 0, in memory that has been touched.
fn filled(len: usize) -> Result<Vec<f32>, EngineError> {
    let mut values = zeros(len)?;
    values.fill(0.5);
    Ok(values)
}

/// The shortest run of `work`, in seconds.
fn best(mut work: impl FnMut()) -> f64 {
    let (start, mut best) = (Instant::now(), Duration::MAX);
    while start.elapsed() < LASTS {
        let before = Instant::now();
        work();
        best = best.min(before.elapsed());
    }
    best.as_secs_f64().max(f64::MIN_POSITIVE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_computes_and_copies() {
        let machine = Machine::measure(1).expect("small");
        // Every machine does at least a million operations per second, and none does 10¹⁵.
        assert!(machine.gflops > 1e-3 && machine.gflops < 1e6, "{machine:?}");
        assert!(machine.copy_gb_per_sec > 1e-3 && machine.copy_gb_per_sec < 1e6, "{machine:?}");
    }
}
