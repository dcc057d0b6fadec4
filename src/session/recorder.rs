use std::sync::Arc;

use super::driver::Observer;
use super::{Event, Outbox};
use crate::io::Store;
use crate::run::{
    Checkpoint, EpochRecord, GreedyRecord, Health, Kept, KeptEpochs, Run, RunEvent, RunId, RunProgress,
};

/// Maximum number of events that the window has not yet processed, about a second's worth. Further
/// events of a run are held back. Each may contain weights.
const MOST_UNSEEN: usize = 32;

/// Writes events to the live store and sends them to the window.
///
/// A hidden window may not process its events for hours. Events are then held back, and newer ones
/// replace older ones, so that they need no more memory than the run itself.
pub(super) struct Recorder<'a> {
    run: RunId,
    outbox: &'a Outbox,
    store: Option<Store>,
    /// Whether the last write failed: only the first failure is reported, and training continues.
    is_broken: bool,
    pending: PendingEvents,
}

/// Events that are held back.
#[derive(Default)]
struct PendingEvents {
    greedy: Vec<GreedyRecord>,
    epochs: Vec<EpochRecord>,
    kept: KeptEpochs,
    health: Option<Arc<Health>>,
    checkpoint: Option<Arc<Checkpoint>>,
    progress: Option<RunProgress>,
}

impl<'a> Recorder<'a> {
    /// Creates a recorder for one run.
    pub(super) fn new(run: RunId, outbox: &'a Outbox, store: Option<Store>) -> Recorder<'a> {
        Recorder { run, outbox, store, is_broken: false, pending: PendingEvents::default() }
    }

    fn send(&self, event: RunEvent) {
        self.outbox.send(Event::Run(self.run, event));
    }

    /// Sends the events held back, in an order in which a run can apply them.
    fn let_go(&mut self) {
        let PendingEvents { greedy, epochs, kept, health, checkpoint, progress } =
            std::mem::take(&mut self.pending);
        let records = [
            (!greedy.is_empty()).then_some(RunEvent::Greedy(greedy)),
            (!epochs.is_empty()).then_some(RunEvent::Epochs(epochs)),
        ];
        let event_of = |one: &Arc<Kept>| RunEvent::Kept(Arc::clone(one), kept.weights(one.epoch).cloned());
        let kept: Vec<RunEvent> = kept.iter().map(event_of).collect();
        let latest = [
            health.map(RunEvent::Health),
            checkpoint.map(RunEvent::Checkpoint),
            progress.map(RunEvent::Progress),
        ];
        for event in records.into_iter().flatten().chain(kept).chain(latest.into_iter().flatten()) {
            self.send(event);
        }
    }
}

impl Drop for Recorder<'_> {
    /// A training that panicked sends nothing after the events held back.
    fn drop(&mut self) {
        self.let_go();
    }
}

impl PendingEvents {
    /// Holds an event back, or returns one that must not wait.
    fn hold(&mut self, event: RunEvent) -> Option<RunEvent> {
        match event {
            RunEvent::Greedy(records) => self.greedy.extend(records),
            RunEvent::Epochs(records) => self.epochs.extend(records),
            RunEvent::Kept(kept, weights) => {
                let epoch = kept.epoch;
                self.kept.push(kept);
                if let Some(weights) = weights {
                    self.kept.push_weights(epoch, weights);
                }
            }
            RunEvent::Health(health) => self.health = Some(health),
            RunEvent::Checkpoint(checkpoint) => self.checkpoint = Some(checkpoint),
            RunEvent::Progress(progress) => self.progress = Some(progress),
            event @ (RunEvent::Status(_)
            | RunEvent::Terms(_)
            | RunEvent::Probe(_)
            | RunEvent::Edited(_)
            | RunEvent::Restarted(_)
            | RunEvent::Baseline(_)
            | RunEvent::Located(..)
            | RunEvent::Found(_)
            | RunEvent::Dropped(_)
            | RunEvent::Captioned(_)) => return Some(event),
        }
        None
    }
}

impl Observer for Recorder<'_> {
    fn observe(&mut self, run: &Run, event: RunEvent) {
        if let Some(store) = &self.store {
            let result = store.record(run, &event);
            let was_broken = std::mem::replace(&mut self.is_broken, result.is_err());
            if let (Err(error), false) = (result, was_broken) {
                self.outbox.send(Event::StoreFailed(error.to_string()));
            }
        }
        let is_shown = matches!(event, RunEvent::Progress(_) | RunEvent::Status(_));
        let event = if self.outbox.unseen() < MOST_UNSEEN { Some(event) } else { self.pending.hold(event) };
        if let Some(event) = event {
            self.let_go();
            self.send(event);
        }
        if is_shown {
            self.outbox.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::plan;
    use crate::dataset::{Progress, load};
    use crate::project::{Data, Recipe};
    use crate::run::{Losses, Status, Terms, facts};
    use crate::session::inbox;

    #[test]
    fn events_held_back_keep_everything_permanent() {
        let data = load(&Data::default(), &Progress::default()).expect("embedded");
        let design = Recipe::Undercomplete.project();
        let plan = plan(&design, &facts(&data)).expect("valid");
        let run = Run::new(RunId(1), &plan, &data);
        let (outbox, inbox) = inbox(|| {});
        let mut recorder = Recorder::new(run.id, &outbox, None);
        let losses = Losses::new(&Terms::default(), &[0.5]).expect("the total");
        for epoch in 1..=20_000 {
            let record = EpochRecord {
                epoch,
                step: u64::from(epoch),
                train: losses.clone(),
                validation: None,
                mse: 0.0,
                learning_rate: 0.1,
                seconds: 0.0,
            };
            recorder.observe(&run, RunEvent::Epochs(vec![record]));
            recorder.observe(&run, RunEvent::Kept(Arc::new(Kept { epoch, ..Kept::default() }), None));
            recorder.observe(&run, RunEvent::Health(Arc::new(Health { epoch, ..Health::default() })));
            recorder.observe(&run, RunEvent::Checkpoint(Arc::new(Checkpoint::default())));
            recorder.observe(&run, RunEvent::Progress(RunProgress { epoch, ..RunProgress::default() }));
        }
        assert!(outbox.unseen() <= MOST_UNSEEN, "{}", outbox.unseen());
        recorder.observe(&run, RunEvent::Status(Status::Stopped));
        let events: Vec<Event> = inbox.poll().collect();
        assert!(events.len() < 1000, "{}", events.len());
        assert_eq!(outbox.unseen(), 0);
        let mut seen = run;
        for event in events {
            if let Event::Run(_, event) = event {
                seen.apply(&event);
            }
        }
        assert_eq!((seen.history.epochs.len(), &seen.status), (20_000, &Status::Stopped));
        assert_eq!(seen.health.map(|health| health.epoch), Some(20_000));
        assert!(seen.kept.at(300).is_some_and(|kept| kept.epoch > 280), "the replay has no gap");
    }
    #[test]
    fn events_held_back_are_sent_after_a_panic() {
        let data = load(&Data::default(), &Progress::default()).expect("embedded");
        let plan = plan(&Recipe::Undercomplete.project(), &facts(&data)).expect("valid");
        let run = Run::new(RunId(1), &plan, &data);
        let (outbox, inbox) = inbox(|| {});
        let progress = |epoch| RunEvent::Progress(RunProgress { epoch, ..RunProgress::default() });
        let last = MOST_UNSEEN as u32 + 5;
        let train = std::panic::AssertUnwindSafe(|| {
            let mut recorder = Recorder::new(run.id, &outbox, None);
            (1..=last).for_each(|epoch| recorder.observe(&run, progress(epoch)));
            std::panic::resume_unwind(Box::new("an internal error"));
        });
        assert!(std::panic::catch_unwind(train).is_err());
        let newest = inbox.poll().last();
        let is_newest = matches!(newest, Some(Event::Run(_, RunEvent::Progress(at))) if at.epoch == last);
        assert!(is_newest, "{newest:?}");
    }
}
