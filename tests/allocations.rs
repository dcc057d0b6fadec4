//! What training allocates from step to step: no buffer. The tape's closures, one for each operation,
//! and lists of an entry for each parameter are small, and bounded here.

#![expect(unsafe_code, reason = "an allocator that counts, for this program alone")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hourglass::check::plan;
use hourglass::dataset::{Progress, load};
use hourglass::engine::Trainer;
use hourglass::project::{
    Activation, Bottleneck, Code, Competition, Layer, Padding, Project, Recipe, Source, Synthetic,
};
use hourglass::run::facts;

/// Steps until every buffer is there: a whole epoch, its short last minibatch as well.
const WARM_UP: usize = 8;
/// Steps that are watched.
const WATCHED: usize = 3;
/// Nothing as large as this is allocated: less than the codes of a minibatch take in any network below.
const SMALL_BYTES: usize = 3000;
/// Allocations of a step for each operation and parameter of the network, at most.
const OF_EACH: usize = 8;

struct Counting;

static COUNT: AtomicUsize = AtomicUsize::new(0);
static LARGEST: AtomicUsize = AtomicUsize::new(0);

fn note(size: usize) {
    COUNT.fetch_add(1, Ordering::Relaxed);
    LARGEST.fetch_max(size, Ordering::Relaxed);
}

// SAFETY: all is left to the system's allocator; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(layout.size());
        // SAFETY: the caller's promises are the system's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note(layout.size());
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, start: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note(size);
        // SAFETY: as above.
        unsafe { System.realloc(start, layout, size) }
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(start, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn dense(units: usize) -> Layer {
    Layer::Dense { units, activation: Activation::Relu }
}

fn conv(channels: usize, kernel: usize, stride: usize) -> Layer {
    Layer::Conv2d {
        channels,
        kernel,
        stride,
        padding: Padding::Same,
        dilation: 1,
        groups: 1,
        activation: Activation::Relu,
    }
}

/// Allocations of the watched steps together, and the largest of them in bytes.
fn allocated(project: &Project, threads: usize) -> (usize, usize) {
    let data = Arc::new(load(&project.data, &Progress::default()).expect("generated"));
    let plan = plan(project, &facts(&data)).expect("a sound design");
    let mut trainer = Trainer::new(&plan, data, threads).expect("small");
    let mut steps = |count: usize| (0..count).for_each(|_| drop(trainer.step().expect("sound")));
    steps(WARM_UP);
    COUNT.store(0, Ordering::Relaxed);
    LARGEST.store(0, Ordering::Relaxed);
    steps(WATCHED);
    (COUNT.load(Ordering::Relaxed), LARGEST.load(Ordering::Relaxed))
}

// One test: another one beside it would be counted as well.
#[test]
fn steps_allocate_no_buffer() {
    let pictures = [
        conv(16, 3, 2),
        Layer::BatchNorm { activation: Activation::Relu },
        conv(16, 1, 1),
        conv(24, 3, 1),
        Layer::MaxPool2d { size: 2 },
    ];
    let variational = Bottleneck::Variational { beta: 1.0, warmup_epochs: 0, free_nats: 0.0 };
    let sparse = Bottleneck::KSparse { k: 4, alpha: 1.0, lowers: false, within: Competition::Code };
    for (name, encoder, code) in [
        ("dense", vec![dense(300), dense(100)], Code::plain(8)),
        ("k-sparse", vec![dense(300)], Code { kind: sparse, ..Code::plain(32) }),
        ("convolutional", pictures.to_vec(), Code::channels(8)),
        ("variational", pictures.to_vec(), Code { kind: variational, ..Code::plain(8) }),
    ] {
        for threads in [1, 2] {
            let mut project = Recipe::Undercomplete.project();
            // An epoch of 7 steps ends within the warm-up, and none within the watched steps.
            project.data.source = Source::Synthetic(Synthetic::Shapes { count: 640, size: 28, seed: 1 });
            (project.data.split.validation, project.data.split.test) = (0.0, 0.0);
            project.training.early_stopping = None;
            project.training.batch_size = 100;
            (project.encoder, project.code) = (encoder.clone(), code.clone());
            let (count, largest) = allocated(&project, threads);
            let pieces = 4 * (project.encoder.len() + 2);
            println!(
                "{name}, {threads} threads: {count} allocations in {WATCHED} steps, {largest} bytes the largest"
            );
            assert!(largest < SMALL_BYTES, "{name}, {threads} threads: {largest} bytes at once");
            assert!(count <= WATCHED * OF_EACH * pieces, "{name}, {threads} threads: {count} allocations");
        }
    }
}
