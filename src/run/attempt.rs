//! Restarts of a selector that has not converged to a selection. Each restart has new weights and
//! twice the epochs (Abid et al. 2019, as in the authors' program).

/// One attempt within a run. Networks without a selector have a single attempt, with the epochs of
/// the design.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Number of earlier attempts.
    pub number: u32,
    /// Epochs of the first attempt.
    pub first_epochs: u32,
}

impl Attempt {
    /// Its own epochs.
    pub fn epochs(self) -> u32 {
        self.first_epochs.saturating_mul(self.scale())
    }

    /// Epochs of the run before it.
    pub fn start(self) -> u32 {
        self.first_epochs.saturating_mul(self.scale() - 1)
    }

    /// Epochs of the run when it ends.
    pub fn end(self) -> u32 {
        self.start().saturating_add(self.epochs())
    }

    /// Fraction of its epochs completed, `epochs` into the run; above 1 if a run is trained
    /// further.
    pub fn share(self, epochs: f64) -> f64 {
        (epochs - f64::from(self.start())) / f64::from(self.epochs().max(1))
    }

    /// Steps within the attempt, `step` steps into the run.
    pub fn step(self, step: u64, steps_per_epoch: u32) -> u64 {
        step - u64::from(self.start()) * u64::from(steps_per_epoch)
    }

    /// The corresponding step of the first attempt, for which schedules are defined.
    pub fn scheduled_step(self, step: u64, steps_per_epoch: u32) -> u64 {
        self.step(step, steps_per_epoch) / u64::from(self.scale())
    }

    /// Ratio of its epochs to those of the first attempt.
    fn scale(self) -> u32 {
        1_u32.checked_shl(self.number).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_attempt_has_twice_the_epochs_of_the_one_before() {
        let attempt = |number| Attempt { number, first_epochs: 10 };
        let spans: Vec<_> = (0..4).map(|number| (attempt(number).start(), attempt(number).end())).collect();
        assert_eq!(spans, [(0, 10), (10, 30), (30, 70), (70, 150)]);
        assert_eq!([20.0, 25.0, 30.0, 40.0].map(|epochs| attempt(1).share(epochs)), [0.5, 0.75, 1.0, 1.5]);
        // Four steps per epoch: the second attempt begins with step 40, and two of its steps
        // correspond to one of the first attempt.
        assert_eq!([40, 41, 42, 50].map(|step| attempt(1).scheduled_step(step, 4)), [0, 0, 1, 5]);
        assert_eq!(Attempt { number: 40, first_epochs: 10 }.end(), u32::MAX);
    }
}
