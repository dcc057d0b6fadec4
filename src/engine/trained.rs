use std::sync::Arc;

use super::{EngineError, Network};
use crate::check::{DataFacts, Plan, Problem, plan};
use crate::dataset::Scaler;
use crate::project::Shape;
use crate::run::{LazyWeights, Run};

/// A trained network as plain data: its plan, the weights at one point of training, and the scaling
/// of its data. Cheap to clone and `Send`; each thread builds the network from it and keeps it in a
/// [`Ready`].
#[derive(Clone, Debug)]
pub struct Trained {
    plan: Arc<Plan>,
    weights: LazyWeights,
    scaler: Option<Arc<Scaler>>,
}

impl Trained {
    /// A network with these weights; `scaler` is the scaling of its data, if known.
    pub fn new(plan: Arc<Plan>, weights: impl Into<LazyWeights>, scaler: Option<Scaler>) -> Trained {
        Trained { plan, weights: weights.into(), scaler: scaler.map(Arc::new) }
    }

    /// The network of a run with the weights of its checkpoint: the best ones if early stopping
    /// kept some. `plan` is that of its design. `None` if there is no checkpoint yet.
    pub fn of(plan: Arc<Plan>, run: &Run) -> Option<Trained> {
        let weights = Arc::clone(run.checkpoint.as_ref()?.inference_weights());
        Some(Trained::new(plan, weights, run.scaler()))
    }

    /// The network of a run with these weights, without the data it was trained on: its design was
    /// valid then, and the current number of rows does not matter. `shape` is that of its inputs,
    /// the run's own or one that [`Run::plan_for`] has a plan for; `range` that of the scaled
    /// values.
    ///
    /// # Errors
    /// The problems of the design, if it is damaged.
    pub fn again(
        run: &Run,
        weights: impl Into<LazyWeights>,
        shape: Shape,
        range: (f32, f32),
    ) -> Result<Trained, Vec<Problem>> {
        let facts = DataFacts {
            shape,
            train_rows: run.design.training.batch_size.max(1),
            validation_rows: 1,
            value_range: range,
            is_binary: false,
            available_bytes: u64::MAX,
        };
        Ok(Trained::new(Arc::new(plan(&run.design, &facts)?), weights, run.scaler()))
    }

    /// This network with other weights: of a kept epoch, or during training.
    #[must_use]
    pub fn with_weights(&self, weights: impl Into<LazyWeights>) -> Trained {
        Trained { weights: weights.into(), ..self.clone() }
    }

    /// Its plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Its weights.
    pub fn weights(&self) -> &LazyWeights {
        &self.weights
    }

    /// The scaling of its data, if known; its inverse gives reconstructions in units of the data.
    pub fn scaler(&self) -> Option<&Scaler> {
        self.scaler.as_deref()
    }

    /// Builds the network; weights in a file are read.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`], [`EngineError::Weights`] if the weights belong to another
    /// plan, and [`EngineError::Unread`] if they cannot be read.
    pub fn network(&self, threads: usize) -> Result<Network, EngineError> {
        let weights = self.weights.read().map_err(EngineError::Unread)?;
        Network::trained(&self.plan, &weights, threads)
    }

    /// Whether a network of `plan` differs from this one in its weights only.
    fn is_built_like(&self, plan: &Plan) -> bool {
        let own = &*self.plan;
        // Everything else in a plan follows from these or concerns training: rows, and free memory.
        own.design() == plan.design()
            && own.shape() == plan.shape()
            && own.facts().value_range == plan.facts().value_range
    }
}

/// Caches the network of the [`Trained`] that was used last. It is rebuilt if the plan changes; if
/// only the weights change, they are copied into it.
pub struct Ready {
    threads: usize,
    cached: Option<(Network, LazyWeights)>,
}

impl Ready {
    /// An empty cache; its networks compute on `threads` threads.
    pub fn new(threads: usize) -> Ready {
        Ready { threads, cached: None }
    }

    /// The network of `trained`.
    ///
    /// # Errors
    /// Those of [`Trained::network`].
    pub fn network(&mut self, trained: &Trained) -> Result<&mut Network, EngineError> {
        // The old one is dropped first: there may not be memory for both.
        let cached = self.cached.take().filter(|(network, _)| trained.is_built_like(network.plan()));
        let network = match cached {
            Some((network, weights)) if weights.is(&trained.weights) => network,
            Some((mut network, _)) => {
                let weights = trained.weights.read().map_err(EngineError::Unread)?;
                network.load(&weights)?;
                network
            }
            None => trained.network(self.threads)?,
        };
        Ok(&mut self.cached.insert((network, trained.weights.clone())).0)
    }

    /// Drops the network to free its memory.
    pub fn clear(&mut self) {
        self.cached = None;
    }
}
