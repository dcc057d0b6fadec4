//! One layer that learns by itself.

use crate::check::{LayerTraining, Pair, Plan};
use crate::dataset::random::{Purpose, Stream};
use crate::engine::EngineError;
use crate::engine::kernels::draw::Draw;
use crate::engine::kernels::pass;
use crate::engine::kernels::rbm::{CdStep, HiddenUnits, Rbm, momentum};
use crate::engine::kernels::threads::Threads;
use crate::engine::kernels::variable::Grads;
use crate::engine::minibatch::Noise;
use crate::engine::network::Network;
use crate::engine::optimizer::Optimizer;
use crate::engine::parameter::check_names;
use crate::project::Activation;
use crate::run::{Array, Weights};

/// Marks a layer's initial weights among the keys of random numbers; a network uses the numbers of
/// its parameters there.
const INITIAL_WEIGHTS: u64 = u64::MAX - 1;

/// A layer that is trained by itself.
pub enum Learner {
    /// As a restricted Boltzmann machine.
    Machine { rbm: Box<Rbm>, units: HiddenUnits, inputs: usize, outputs: usize },
    /// As an autoencoder of one hidden layer.
    Autoencoder(Box<Autoencoder>),
}

/// An autoencoder with one hidden layer in training.
pub struct Autoencoder {
    network: Network,
    optimizer: Optimizer,
    grads: Option<Grads>,
    learning_rate: f32,
}

/// Position of a step in the training.
#[derive(Clone, Copy)]
pub struct Moment<'a> {
    /// Its random numbers.
    pub draw: Draw,
    /// The layer being trained, counted from 0.
    pub layer: usize,
    /// Its epoch, counted from 0.
    pub epoch: u32,
    /// Rows of the data in the minibatch.
    pub rows: &'a [u32],
    /// Weights of the input's values (rows × inputs) and of inputs; `None` if all are equal.
    pub weights: [Option<&'a [f32]>; 2],
}

/// Learned weights of a layer, in the order of weight files: outputs × inputs.
pub struct Learned {
    pub encoder_weight: Vec<f32>,
    pub encoder_bias: Vec<f32>,
    pub decoder_weight: Vec<f32>,
    pub decoder_bias: Vec<f32>,
}

impl Learner {
    /// Layer `number` (from 0) of a plan, untrained.
    pub fn new(
        plan: &Plan,
        training: &LayerTraining,
        number: usize,
        threads: usize,
    ) -> Result<Learner, EngineError> {
        let Pair { inputs, outputs, activation, .. } = training.pair;
        match &training.autoencoder {
            None => {
                let is_linear = activation == Activation::Linear;
                let units = if is_linear { HiddenUnits::Linear } else { HiddenUnits::Logistic };
                let seed = plan.design().training.seed;
                let stream = Stream::new(seed, Purpose::Initialisation, INITIAL_WEIGHTS, number as u64);
                let rbm = Box::new(Rbm::new(inputs, outputs, units, plan.batch_rows(), stream)?);
                Ok(Learner::Machine { rbm, units, inputs, outputs })
            }
            Some(own) => Autoencoder::new(own, threads).map(Box::new).map(Learner::Autoencoder),
        }
    }

    /// One step on `input` (rows × inputs); returns the squared error summed over it.
    pub fn step(&mut self, input: &[f32], moment: Moment<'_>, threads: &Threads) -> Result<f64, EngineError> {
        match self {
            Learner::Machine { rbm, units, inputs, .. } => {
                let step = CdStep {
                    learning_rate: units.learning_rate(),
                    momentum: momentum(moment.epoch + 1),
                    stream: moment.draw.stream(Purpose::Gibbs, moment.layer),
                };
                Ok(rbm.step(input.len() / *inputs, input, moment.weights[0], step, threads))
            }
            Learner::Autoencoder(autoencoder) => autoencoder.step(input, moment),
        }
    }

    /// Learning rate of its steps.
    pub fn learning_rate(&self) -> f32 {
        match self {
            Learner::Machine { units, .. } => units.learning_rate(),
            Learner::Autoencoder(autoencoder) => autoencoder.learning_rate,
        }
    }

    /// The learned weights.
    pub fn learned(&self) -> Learned {
        match self {
            Learner::Machine { rbm, inputs, outputs, .. } => Learned {
                encoder_weight: rbm.weight().to_vec(),
                encoder_bias: rbm.hidden_bias().to_vec(),
                decoder_weight: transposed(rbm.weight(), *outputs, *inputs),
                decoder_bias: rbm.visible_bias().to_vec(),
            },
            Learner::Autoencoder(autoencoder) => {
                let mut weights = autoencoder.network.weights();
                let mut take = |name: &str| weights.0.remove(name).unwrap_or_default().values;
                Learned {
                    encoder_weight: take("code.weight"),
                    encoder_bias: take("code.bias"),
                    decoder_weight: take("output.weight"),
                    decoder_bias: take("output.bias"),
                }
            }
        }
    }

    /// Everything needed to resume.
    pub fn state(&self) -> Weights {
        match self {
            Learner::Machine { rbm, .. } => Weights(
                rbm.state()
                    .into_iter()
                    .map(|(name, values)| {
                        (name.to_owned(), Array { shape: vec![values.len()], values: values.to_vec() })
                    })
                    .collect(),
            ),
            Learner::Autoencoder(autoencoder) => autoencoder.state(),
        }
    }

    /// Restores such a state.
    pub fn restore(&mut self, state: &Weights) -> Result<(), EngineError> {
        match self {
            Learner::Machine { rbm, .. } => {
                let fits = |(name, values): &(&str, &mut [f32])| {
                    state.0.get(*name).is_some_and(|array| array.values.len() == values.len())
                };
                if state.0.len() != 6 || !rbm.state_mut().iter().all(fits) {
                    let message = "the state of a Boltzmann machine is not this layer's".to_owned();
                    return Err(EngineError::Weights(message));
                }
                for (name, values) in rbm.state_mut() {
                    values.copy_from_slice(&state.0[name].values);
                }
                Ok(())
            }
            Learner::Autoencoder(autoencoder) => autoencoder.restore(state),
        }
    }
}

/// Prefix of an autoencoder's weights in its state.
const WEIGHTS: &str = "weights.";

impl Autoencoder {
    fn new(plan: &Plan, threads: usize) -> Result<Autoencoder, EngineError> {
        let training = &plan.design().training;
        let network = Network::new(plan, threads)?;
        let optimizer = Optimizer::new(training, network.parameters());
        Ok(Autoencoder {
            network,
            optimizer,
            grads: Some(Grads::leaky()),
            learning_rate: training.learning_rate,
        })
    }

    fn step(&mut self, input: &[f32], moment: Moment<'_>) -> Result<f64, EngineError> {
        let plan = self.network.plan();
        let noise = plan.design().corruption.corrupts().then_some(Noise {
            corruption: plan.design().corruption,
            shape: plan.shape(),
            range: plan.facts().value_range,
            seed: plan.design().training.seed,
            purpose: Purpose::Corruption,
            epoch: u64::from(moment.epoch),
        });
        let rows = moment.rows.len();
        self.network.present(input, moment.rows, noise);
        self.network.set_loss_weights(moment.weights);
        let epochs = f64::from(moment.epoch);
        let now = pass::Moment { draw: moment.draw, epochs, share: 1.0 };
        let grads = self.grads.take().unwrap_or_else(Grads::leaky);
        let (error, mut grads) = self.network.forward_backward(rows, now, grads)?;
        let threads = std::rc::Rc::clone(self.network.threads());
        let (parameters, rate) = (self.network.parameters(), self.learning_rate);
        self.optimizer.update(parameters, &mut grads, rate, moment.draw.step + 1, &threads)?;
        self.grads = Some(grads);
        Ok(error)
    }

    fn state(&self) -> Weights {
        let weights = self.network.weights().0.into_iter();
        let mut state = self.optimizer.state(self.network.parameters());
        state.0.extend(weights.map(|(name, array)| (format!("{WEIGHTS}{name}"), array)));
        state
    }

    fn restore(&mut self, state: &Weights) -> Result<(), EngineError> {
        let (mut weights, mut moments) = (Weights::default(), Weights::default());
        for (name, array) in &state.0 {
            match name.strip_prefix(WEIGHTS) {
                Some(own) => weights.0.insert(own.to_owned(), array.clone()),
                None => moments.0.insert(name.clone(), array.clone()),
            };
        }
        check_names(self.network.parameters(), &weights, "")?;
        self.optimizer.check(self.network.parameters(), &moments)?;
        self.network.load(&weights)?;
        self.optimizer.restore(self.network.parameters(), &moments);
        Ok(())
    }
}

fn transposed(matrix: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    (0..columns).flat_map(|column| (0..rows).map(move |row| matrix[row * columns + column])).collect()
}
