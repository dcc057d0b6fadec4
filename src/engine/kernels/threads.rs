//! A small fork-join pool for kernels of some microseconds: workers spin briefly before they sleep,
//! and frames of the window take precedence between two shards.

use std::cell::Cell;
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

/// A pool of threads that run the shards of one operation at a time. Only one thread may submit
/// work: a pool can be moved to another thread, but not shared between two.
#[derive(Debug)]
pub struct Threads {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
    /// Whether a fork is running. A second one would overwrite the slot and the count of shards of
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
    next_shard: AtomicUsize,
    /// Workers that hold the job in the slot.
    active: AtomicUsize,
    panicked: AtomicBool,
}

#[derive(Debug, Default)]
struct Slot {
    job: Option<Job>,
    sleepers: usize,
    is_closed: bool,
}

#[derive(Clone, Copy)]
struct Job {
    work: *const (dyn Fn(usize) + Sync),
    shards: usize,
}

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} shards", self.shards)
    }
}

// SAFETY: a job is a shared reference in disguise: its pointee is `Sync`, so it may be called from
// any thread, and it lives while a worker holds the job, since `Threads::run` does not return
// before every worker has let go of it.
unsafe impl Send for Job {}

impl Threads {
    /// A pool of `count` threads, the caller's included; at least 1.
    pub fn new(count: usize) -> Threads {
        let shared = Arc::new(Shared::default());
        let workers = (1..count.max(1))
            .filter_map(|index| {
                let shared = Arc::clone(&shared);
                let name = format!("kernel-{index}");
                // If the system grants no more threads, the caller works with those it has.
                std::thread::Builder::new().name(name).spawn(move || work(&shared)).ok()
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
            shared.next_shard.store(0, Ordering::Relaxed);
            slot.job = Some(Job { work: erased, shards });
            shared.generation.fetch_add(1, Ordering::Release);
            if slot.sleepers > 0 {
                shared.wake.notify_all();
            }
        }
        let own = catch_unwind(AssertUnwindSafe(|| shared.take_shards(shards, work)));
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

    fn take_shards(&self, shards: usize, work: &(dyn Fn(usize) + Sync)) {
        loop {
            let shard = self.next_shard.fetch_add(1, Ordering::Relaxed);
            if shard >= shards {
                return;
            }
            work(shard);
            yield_to_frame();
        }
    }

    /// Takes the job back and waits for the workers that hold it.
    fn join(&self) {
        // No shard may start after a panic in the caller's own shard.
        self.next_shard.store(usize::MAX / 2, Ordering::Relaxed);
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

fn work(shared: &Shared) {
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
        if let Some(job) = job {
            // SAFETY: the job was in the slot when `active` was raised under the slot's lock.
            // `join` empties the slot under that lock and then reads `active`, so it sees this
            // worker and waits until it is lowered below; the store that lowers it is `Release` and
            // the load that waits is `Acquire`, so all this wrote is seen after `run`.
            let work = unsafe { &*job.work };
            if catch_unwind(AssertUnwindSafe(|| shared.take_shards(job.shards, work))).is_err() {
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
