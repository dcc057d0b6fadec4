//! A small fork-join pool for kernels of some microseconds: workers spin briefly before they sleep,
//! and frames of the window take precedence between two shards.
//!
//! Each thread has a part of the shards of its own, always at the same place: where a shard of the
//! next operation reads what a shard of this one writes, it is still in the cache of that core.
//! Threads that are done take over shards of the others.

use std::cell::Cell;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use crate::engine::frame_priority::yield_to_frame;

/// Work below this many floating-point operations is done on the calling thread: a fork costs some
/// microseconds.
pub const FORK_FLOPS: usize = 1 << 20;
/// How often an idle worker polls before it sleeps: about 20 µs.
const SPINS: u32 = 1000;

thread_local! {
    /// Number of this thread in its pool; 0 for one that submits work.
    static THREAD: Cell<usize> = const { Cell::new(0) };
}

/// Number of this thread in its pool; 0 for one that submits work.
pub(super) fn current_thread() -> usize {
    THREAD.get()
}

/// A pool of threads that run the shards of one operation at a time. Only one thread may submit
/// work: a pool can be moved to another thread, but not shared between two.
#[derive(Debug)]
pub struct Threads {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
    /// Whether a fork is running. A second one would overwrite the slot and the queues of
    /// the first, so that shards ran twice: two threads would write the same values. The `Cell`
    /// excludes other threads, as it makes the pool `!Sync`; its value keeps nested work on its own
    /// thread.
    is_forked: Cell<bool>,
}

#[derive(Debug, Default)]
struct Shared {
    slot: Mutex<Slot>,
    wake: Condvar,
    /// Counts forks; a worker that sees it change reads the slot.
    generation: AtomicUsize,
    /// For each thread the shards of its part that nobody has started; the caller's come first.
    queues: Box<[Queue]>,
    /// Workers that hold the job in the slot.
    active: AtomicUsize,
    panicked: AtomicBool,
}

/// Shards of one thread, on a cache line of their own.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Queue(Mutex<Range<usize>>);

#[derive(Debug, Default)]
struct Slot {
    job: Option<Job>,
    sleepers: usize,
    is_closed: bool,
}

#[derive(Clone, Copy, Debug)]
struct Job(*const (dyn Fn(usize) + Sync));

// SAFETY: a job is a shared reference in disguise: its pointee is `Sync`, so it may be called from
// any thread, and it lives while a worker holds the job, since `Threads::run` does not return
// before every worker has let go of it.
unsafe impl Send for Job {}

impl Threads {
    /// A pool of `count` threads, the caller's included; at least 1.
    pub fn new(count: usize) -> Threads {
        let queues = (0..count.max(1)).map(|_| Queue::default()).collect();
        let shared = Arc::new(Shared { queues, ..Shared::default() });
        let workers = (1..count.max(1))
            .filter_map(|index| {
                let shared = Arc::clone(&shared);
                let name = format!("kernel-{index}");
                // If the system grants no more threads, the caller works with those it has.
                std::thread::Builder::new().name(name).spawn(move || work(&shared, index)).ok()
            })
            .collect();
        Threads { shared, workers, is_forked: Cell::new(false) }
    }

    /// Calls `work` once for every shard in `0..shards`, on all threads if `flops` make it worth a
    /// fork.
    ///
    /// # Panics
    /// If `work` panics, after all threads have stopped working on it.
    pub fn run(&self, shards: usize, flops: usize, work: &(dyn Fn(usize) + Sync)) {
        if self.workers.is_empty() || shards < 2 || flops < FORK_FLOPS || self.is_forked.get() {
            for shard in 0..shards {
                work(shard);
                yield_to_frame();
            }
            return;
        }
        self.is_forked.set(true);
        let shared = &*self.shared;
        // Nothing between here and the end of `join` returns or unwinds early: panics of the
        // caller's own shards are caught, and locks are taken even if poisoned.
        // SAFETY: only the lifetime is erased. A worker gets the pointer from the slot alone and
        // holds it only while `active` counts it; `join` empties the slot and waits for that count
        // before `work` can go out of scope.
        let erased: *const (dyn Fn(usize) + Sync) =
            unsafe { std::mem::transmute::<&(dyn Fn(usize) + Sync), &'static (dyn Fn(usize) + Sync)>(work) };
        {
            let mut slot = shared.lock();
            shared.hand_out(shards);
            slot.job = Some(Job(erased));
            shared.generation.fetch_add(1, Ordering::Release);
            if slot.sleepers > 0 {
                shared.wake.notify_all();
            }
        }
        let own = catch_unwind(AssertUnwindSafe(|| shared.take_shards(0, work)));
        if own.is_err() {
            // No shard may start after a panic in the caller's own shard.
            shared.hand_out(0);
        }
        shared.join();
        self.is_forked.set(false);
        let others_panicked = shared.panicked.swap(false, Ordering::AcqRel);
        if let Err(panic) = own {
            std::panic::resume_unwind(panic);
        }
        assert!(!others_panicked, "a kernel panicked on another thread");
    }

    /// Splits `out` into pieces of `size` values (the last may be shorter) and calls `work` once
    /// for each, with the piece's first index in `out`; on all threads if `flops` make it worth a
    /// fork.
    pub fn for_each_piece(
        &self,
        out: &mut [f32],
        size: usize,
        flops: usize,
        work: impl Fn(usize, &mut [f32]) + Sync,
    ) {
        let (len, size) = (out.len(), size.max(1));
        let parts = Parts::new(out);
        self.run(len.div_ceil(size), flops, &|shard| {
            let range = shard_range(shard, size, len);
            // SAFETY: `run` calls each shard once, the ranges of different shards do not overlap,
            // and `out` is borrowed until all of them are done.
            work(range.start, unsafe { parts.part(range.clone()) });
        });
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.shared.lock().is_closed = true;
        self.shared.generation.fetch_add(1, Ordering::Release);
        self.shared.wake.notify_all();
        for worker in self.workers.drain(..) {
            // A worker's panic has already been reported by its fork.
            let _ = worker.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives every thread its part of the shards, an equal range; the first threads may have one
    /// more.
    fn hand_out(&self, shards: usize) {
        let start = |thread: usize| (shards * thread).div_ceil(self.queues.len());
        for (thread, queue) in self.queues.iter().enumerate() {
            *queue.lock() = start(thread)..start(thread + 1);
        }
    }

    /// Does the shards of this thread in order, then takes over the last ones of the others.
    fn take_shards(&self, thread: usize, work: &(dyn Fn(usize) + Sync)) {
        let (others, own) = self.queues.split_at(thread);
        let (own, more) = own.split_at(1);
        let next = || {
            let mine = own[0].lock().next();
            mine.or_else(|| more.iter().chain(others).find_map(|queue| queue.lock().next_back()))
        };
        while let Some(shard) = next() {
            work(shard);
            yield_to_frame();
        }
    }

    /// Takes the job back and waits for the workers that hold it.
    fn join(&self) {
        self.lock().job = None;
        let mut spins = 0_u32;
        while self.active.load(Ordering::Acquire) > 0 {
            spins += 1;
            if spins < SPINS {
                std::hint::spin_loop();
            } else {
                std::thread::yield_now();
            }
        }
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Range<usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn work(shared: &Shared, thread: usize) {
    THREAD.set(thread);
    let mut seen = 0;
    loop {
        let mut spins = 0;
        while shared.generation.load(Ordering::Acquire) == seen && spins < SPINS {
            std::hint::spin_loop();
            spins += 1;
        }
        let job = {
            let mut slot = shared.lock();
            while shared.generation.load(Ordering::Acquire) == seen && !slot.is_closed {
                slot.sleepers += 1;
                slot = shared.wake.wait(slot).unwrap_or_else(PoisonError::into_inner);
                slot.sleepers -= 1;
            }
            if slot.is_closed {
                return;
            }
            seen = shared.generation.load(Ordering::Acquire);
            if slot.job.is_some() {
                shared.active.fetch_add(1, Ordering::Relaxed);
            }
            slot.job
        };
        if let Some(Job(job)) = job {
            // SAFETY: the job was in the slot when `active` was raised under the slot's lock.
            // `join` empties the slot under that lock and then reads `active`, so it sees this
            // worker and waits until it is lowered below; the store that lowers it is `Release` and
            // the load that waits is `Acquire`, so all this wrote is seen after `run`.
            let work = unsafe { &*job };
            if catch_unwind(AssertUnwindSafe(|| shared.take_shards(thread, work))).is_err() {
                shared.panicked.store(true, Ordering::Release);
            }
            shared.active.fetch_sub(1, Ordering::Release);
        }
    }
}

/// A slice whose parts are written by different shards.
pub(super) struct Parts<'a, T = f32> {
    start: *mut T,
    len: usize,
    lifetime: std::marker::PhantomData<&'a mut [T]>,
}

impl<T> Clone for Parts<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Parts<'_, T> {}

// SAFETY: a `T` may be written from any thread, and all access goes through `part` or a pointer
// from `start`, whose callers promise that no two threads access the same values at the same time.
unsafe impl<T: Send> Send for Parts<'_, T> {}
// SAFETY: as above; `&Parts` gives no more than a copy of it would.
unsafe impl<T: Send> Sync for Parts<'_, T> {}

impl<'a, T> Parts<'a, T> {
    pub(super) fn new(slice: &'a mut [T]) -> Parts<'a, T> {
        Parts { start: slice.as_mut_ptr(), len: slice.len(), lifetime: std::marker::PhantomData }
    }

    /// Number of values.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The values in `range`.
    ///
    /// # Safety
    /// While a part is alive nobody else may use its values: no other part may overlap it, and
    /// nobody may write them through [`Parts::start`].
    pub(super) unsafe fn part(&self, range: std::ops::Range<usize>) -> &'a mut [T] {
        assert!(range.start <= range.end && range.end <= self.len);
        // SAFETY: in bounds by the assertion and initialised, as they were borrowed as a slice;
        // that borrow lasts for 'a and excludes all other access; the caller promises that no other
        // part aliases this one.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(range.start), range.len()) }
    }

    /// The first value, for kernels that write a block with strides.
    pub(super) fn start(&self) -> *mut T {
        self.start
    }
}

/// The number of a shard in one of two lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Merged {
    First(usize),
    Second(usize),
}

/// Merges lists of `first` and `second` shards evenly: each part of the result holds the same part
/// of both. The first shard comes from the first list, if there is one.
pub(super) fn merged(shard: usize, first: usize, second: usize) -> Merged {
    let before = |shard: usize| (shard * first).div_ceil(first + second);
    let taken = before(shard);
    if before(shard + 1) > taken { Merged::First(taken) } else { Merged::Second(shard - taken) }
}

/// The shard's range of `0..len`, in pieces of `size`.
pub(super) fn shard_range(shard: usize, size: usize, len: usize) -> std::ops::Range<usize> {
    (shard * size).min(len)..((shard + 1) * size).min(len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shard_runs_once_on_any_number_of_threads() {
        for count in [1, 2, 3, 8] {
            let threads = Threads::new(count);
            for round in 0..2000_usize {
                let shards = round % 17;
                let hits: Vec<AtomicUsize> = (0..shards).map(|_| AtomicUsize::new(0)).collect();
                threads.run(shards, FORK_FLOPS, &|shard| {
                    hits[shard].fetch_add(1, Ordering::Relaxed);
                });
                assert!(hits.iter().all(|hit| hit.load(Ordering::Relaxed) == 1), "{count} {round}");
            }
        }
    }

    #[test]
    fn a_thread_does_its_own_shards_then_the_last_ones_of_others() {
        let queues = (0..3).map(|_| Queue::default()).collect();
        let shared = Shared { queues, ..Shared::default() };
        let done = Mutex::new(Vec::new());
        let take = |thread| {
            shared.take_shards(thread, &|shard| done.lock().expect("no panic").push(shard));
            std::mem::take(&mut *done.lock().expect("no panic"))
        };
        shared.hand_out(8);
        assert_eq!(take(1), [3, 4, 5, 7, 6, 2, 1, 0]);
        assert!(take(0).is_empty());
        // With fewer shards than threads, the first threads have one each.
        shared.hand_out(2);
        assert_eq!(take(2), [0, 1]);
        shared.hand_out(2);
        assert_eq!(take(1), [1, 0]);
    }

    #[test]
    fn merged_lists_are_complete_and_even() {
        for (first, second) in [(1, 0), (0, 3), (1, 1), (1, 2), (8, 1), (4, 9), (5, 5)] {
            let all: Vec<_> = (0..first + second).map(|shard| merged(shard, first, second)).collect();
            let of_first = all.iter().filter(|shard| matches!(shard, Merged::First(_))).count();
            assert_eq!(of_first, first);
            let (mut one, mut two) = (0, 0);
            for (shard, merged) in all.iter().enumerate() {
                match merged {
                    Merged::First(_) => {
                        assert_eq!(*merged, Merged::First(one));
                        one += 1;
                    }
                    Merged::Second(_) => {
                        assert_eq!(*merged, Merged::Second(two));
                        two += 1;
                    }
                }
                let share = (shard + 1) as f64 * first as f64 / (first + second) as f64;
                assert!((one as f64 - share).abs() < 1.0, "{first} {second} {shard}");
            }
        }
    }

    /// Two types that provide the same function: the call is ambiguous, and does not compile, for
    /// types that are `Sync`.
    trait UnlessSync<Kind> {
        fn is_not_sync() {}
    }
    impl<T: ?Sized> UnlessSync<()> for T {}
    impl<T: ?Sized + Sync> UnlessSync<u8> for T {}

    #[test]
    fn one_thread_alone_hands_out_work() {
        <Threads as UnlessSync<_>>::is_not_sync();
        // Another thread may do so later.
        let moved = Threads::new(1);
        let work = move || {
            let seen = AtomicUsize::new(0);
            moved.run(3, 0, &|_| {
                seen.fetch_add(1, Ordering::Relaxed);
            });
            seen.into_inner()
        };
        assert_eq!(std::thread::spawn(work).join().expect("no panic"), 3);
    }

    #[test]
    fn work_that_asks_for_more_work_does_it_itself() {
        thread_local!(static POOL: Threads = Threads::new(3));
        let caller = std::thread::current().id();
        let hits: Vec<AtomicUsize> = (0..64).map(|_| AtomicUsize::new(0)).collect();
        POOL.with(|threads| {
            threads.run(8, FORK_FLOPS, &|outer| {
                let count = |inner: usize| {
                    hits[8 * outer + inner].fetch_add(1, Ordering::Relaxed);
                };
                // The caller can reach the pool unknown to the compiler; a worker has no pool.
                if std::thread::current().id() == caller {
                    POOL.with(|threads| threads.run(8, FORK_FLOPS, &count));
                } else {
                    (0..8).for_each(count);
                }
            });
        });
        assert!(hits.iter().all(|hit| hit.load(Ordering::Relaxed) == 1));
    }

    #[test]
    fn a_panic_reaches_the_caller_and_the_pool_lives_on() {
        let threads = Threads::new(2);
        for bad in 0..4 {
            let result = catch_unwind(AssertUnwindSafe(|| {
                threads.run(4, FORK_FLOPS, &|shard| assert_ne!(shard, bad));
            }));
            assert!(result.is_err());
        }
        let sum = AtomicUsize::new(0);
        threads.run(4, FORK_FLOPS, &|shard| {
            sum.fetch_add(shard, Ordering::Relaxed);
        });
        assert_eq!(sum.into_inner(), 6);
    }
}
