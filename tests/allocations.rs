//! After the first steps, training allocates no buffers of its own: memory per step does not grow
//! with pictures, minibatches or convolutions.
//!
//! There are two exceptions: the closures of the backward pass, some bytes per operation, and the
//! memory in which the library for matrix products packs the matrices of dense layers, which grows
//! with them.

#![allow(unsafe_code, reason = "only an allocator sees allocations")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use hourglass::check::plan;
use hourglass::dataset::{Progress, load};
use hourglass::engine::Trainer;
use hourglass::project::{Activation, Code, CodeForm, Layer, Padding, Project};
use hourglass::run::facts;

/// Counts allocations while it is switched on.
struct Counter;

#[global_allocator]
static ALLOCATOR: Counter = Counter;
static IS_ON: AtomicBool = AtomicBool::new(false);
static COUNT: AtomicUsize = AtomicUsize::new(0);
static BYTES: AtomicUsize = AtomicUsize::new(0);
static LARGEST: AtomicUsize = AtomicUsize::new(0);

fn count(bytes: usize) {
    if IS_ON.load(Ordering::Relaxed) {
        COUNT.fetch_add(1, Ordering::Relaxed);
        BYTES.fetch_add(bytes, Ordering::Relaxed);
        LARGEST.fetch_max(bytes, Ordering::Relaxed);
    }
}

// SAFETY: every call is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counter {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size);
        // SAFETY: as the caller promises.
        unsafe { System.realloc(at, layout, size) }
    }
}

/// Allocations of each step: their number, their bytes, and the largest.
fn steps(project: &Project, threads: usize) -> Vec<[usize; 3]> {
    let data = Arc::new(load(&project.data, &Progress::default()).expect("the digits"));
    let plan = plan(project, &facts(&data)).expect("it can be trained");
    let mut trainer = Trainer::new(&plan, data, threads).expect("small");
    let mut found = Vec::with_capacity(8);
    for step in 0..12 {
        IS_ON.store(step >= 4, Ordering::Relaxed);
        let report = trainer.step().expect("it learns");
        IS_ON.store(false, Ordering::Relaxed);
        assert!(report.epoch.is_none(), "the steps are within one epoch");
        let counts = [&COUNT, &BYTES, &LARGEST].map(|count| count.swap(0, Ordering::Relaxed));
        if step >= 4 {
            found.push(counts);
        }
    }
    found
}

fn convolution(channels: usize, stride: usize) -> Layer {
    Layer::Conv2d {
        channels,
        kernel: 3,
        stride,
        padding: Padding::Same,
        activation: Activation::Relu,
        dilation: 1,
        groups: 1,
    }
}

#[test]
fn a_step_allocates_closures_only() {
    let mut pictures = Project::default();
    pictures.encoder = vec![
        convolution(16, 1),
        Layer::BatchNorm { activation: Activation::Relu },
        Layer::MaxPool2d { size: 2 },
        convolution(32, 2),
    ];
    pictures.code = Code { form: CodeForm::Channels, units: 4, ..pictures.code };
    let mut wide = pictures.clone();
    wide.training.batch_size = 100;
    if let Layer::Conv2d { channels, .. } = &mut wide.encoder[0] {
        *channels = 48;
    }
    for project in [pictures, wide] {
        for [_, bytes, largest] in steps(&project, 2) {
            // A picture of the smaller network has 256 KB for a minibatch.
            assert!(bytes < 8 << 10 && largest < 2 << 10, "{bytes} bytes, at most {largest} at a time");
        }
    }
    // The memory for packing is the same in every step.
    let dense = steps(&Project::default(), 1);
    assert!(dense.iter().all(|counts| *counts == dense[0]), "{dense:?}");
}
