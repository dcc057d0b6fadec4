use std::rc::Rc;

use dfdx::tensor::Cpu;

use super::EngineError;
use super::initialisation::fill_dense;
use super::kernels::dense::{Dense, DenseParts};
use super::kernels::dropout::Dropout;
use super::kernels::loss::{ReconstructionLoss, Sums};
use super::kernels::math::{sigmoid, vectorised};
use super::kernels::tape::{Recorder, Root};
use super::kernels::threads::Threads;
use super::kernels::variable::{Grads, Node, Variable};
use super::minibatch::{Noise, gather};
use crate::check::{Plan, Stage, StageKind, WeightSource};
use crate::dataset::Dataset;
use crate::dataset::random::{Purpose, Stream};
use crate::project::Activation;
use crate::run::{Array, Weights};

/// Rows that are computed at a time outside training, at least.
const INFERENCE_ROWS: usize = 256;

/// The encoder and decoder of a plan, with their parameters and with buffers for a fixed number of rows.
///
/// It belongs to one thread; another one builds its own from a copy of the weights.
pub struct Network {
    plan: Plan,
    threads: Rc<Threads>,
    root: Root,
    parameters: Vec<Parameter>,
    operations: Vec<Operation>,
    /// Number of operations from the input to the code.
    encoder_len: usize,
    input: Node,
    target: Node,
    code: Node,
    output: Node,
    loss: Rc<ReconstructionLoss>,
    /// Rows the buffers hold.
    capacity: usize,
    partial_sums: Vec<f32>,
}

/// One named parameter.
pub(super) struct Parameter {
    /// `encoder.0.weight`
    pub name: String,
    /// Outputs × inputs for weights, outputs for biases.
    pub shape: Vec<usize>,
    /// Its values.
    pub node: Node,
}

impl Parameter {
    /// Whether weight decay applies.
    pub fn is_decayed(&self) -> bool {
        self.shape.len() > 1
    }
}

enum Operation {
    Dense(Rc<Dense>),
    Dropout(Rc<Dropout>),
}

/// How good a network is on some samples: means over them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evaluation {
    /// Loss terms, summed over features, in the order of the run's history.
    pub losses: Vec<f64>,
    /// Squared reconstruction error per feature, in units of the scaled data.
    pub mse: f64,
    /// Samples looked at.
    pub samples: usize,
}

impl Network {
    /// The network of a plan with fresh weights, its buffers large enough for the plan's minibatch.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`].
    pub fn new(plan: &Plan, threads: usize) -> Result<Network, EngineError> {
        let batch = plan.design().training.batch_size.min(plan.facts().train_rows.max(1));
        Builder::new(plan, batch.max(INFERENCE_ROWS))?.build(threads)
    }

    /// A network for use only: with these weights.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`], and [`EngineError::Weights`] where they belong to another network.
    pub fn trained(plan: &Plan, weights: &Weights, threads: usize) -> Result<Network, EngineError> {
        let mut network = Builder::new(plan, INFERENCE_ROWS)?.build(threads)?;
        network.load(weights)?;
        Ok(network)
    }

    /// The plan it was built from.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// A copy of all parameters.
    pub fn weights(&self) -> Weights {
        let arrays = self.parameters.iter().map(|parameter| {
            let values = parameter.node.borrow().values().to_vec();
            (parameter.name.clone(), Array { shape: parameter.shape.clone(), values })
        });
        Weights(arrays.collect())
    }

    /// The first value among the parameters that is not finite.
    pub(super) fn spoilt(&self) -> Option<f32> {
        let spoilt = |parameter: &Parameter| {
            let node = parameter.node.borrow();
            node.values().iter().copied().find(|value| !value.is_finite())
        };
        self.parameters.iter().find_map(spoilt)
    }

    /// Copies all parameters into `weights`, which holds an earlier copy; no memory is allocated.
    pub fn copy_weights(&self, weights: &mut Weights) {
        for parameter in &self.parameters {
            if let Some(array) = weights.0.get_mut(&parameter.name) {
                array.values.copy_from_slice(parameter.node.borrow().values());
            }
        }
    }

    /// Replaces all parameters.
    ///
    /// # Errors
    /// [`EngineError::Weights`] where a parameter is missing, left over or of another shape; nothing is changed then.
    pub fn load(&mut self, weights: &Weights) -> Result<(), EngineError> {
        check_names(&self.parameters, weights, "")?;
        for parameter in &self.parameters {
            let array = &weights.0[&parameter.name];
            parameter.node.borrow_mut().values_mut().copy_from_slice(&array.values);
        }
        Ok(())
    }

    /// Codes of samples: `rows` holds scaled samples row by row, the result as many codes.
    pub fn encode(&mut self, rows: &[f32]) -> Vec<f32> {
        let (input, code) = (Rc::clone(&self.input), Rc::clone(&self.code));
        self.in_blocks(rows, &input, &code, 0..self.encoder_len)
    }

    /// Reconstructions of codes, row by row, in units of the scaled data.
    pub fn decode(&mut self, codes: &[f32]) -> Vec<f32> {
        let (code, output) = (Rc::clone(&self.code), Rc::clone(&self.output));
        let mut rows = self.in_blocks(codes, &code, &output, self.encoder_len..self.operations.len());
        self.squash(&mut rows);
        rows
    }

    /// Reconstructions of samples, row by row, in units of the scaled data.
    pub fn reconstruct(&mut self, rows: &[f32]) -> Vec<f32> {
        let (input, output) = (Rc::clone(&self.input), Rc::clone(&self.output));
        let mut rows = self.in_blocks(rows, &input, &output, 0..self.operations.len());
        self.squash(&mut rows);
        rows
    }

    /// Mean loss and error on rows of the data; inputs are clean unless `noise` corrupts them, the comparison is always
    /// with the clean ones. Any network can be shown noise, whether or not it was trained with some.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`], the first time a network trained without corruption is shown noise.
    pub fn evaluate(
        &mut self,
        data: &Dataset,
        rows: &[u32],
        noise: Option<Noise>,
    ) -> Result<Evaluation, EngineError> {
        if noise.is_some() {
            self.separate_target()?;
        }
        let mut sums = Sums::default();
        for block in rows.chunks(self.capacity) {
            self.gather(data, block, noise);
            let block = self.pass(block.len(), None, &mut Recorder::idle());
            sums.loss += block.loss;
            sums.squared_error += block.squared_error;
        }
        let samples = rows.len().max(1) as f64;
        let loss = sums.loss / samples;
        let mse = sums.squared_error / samples / self.plan.shape().features() as f64;
        Ok(Evaluation { losses: vec![loss, loss], mse, samples: rows.len() })
    }

    /// One minibatch forward and back; returns the sums over its samples and the gradients.
    pub(super) fn forward_backward(
        &mut self,
        rows: usize,
        dropout: (u64, u64),
        grads: Grads,
    ) -> Result<(Sums, Grads), EngineError> {
        for variable in self.variables() {
            variable.borrow().begin_step();
        }
        let mut recorder = Recorder::recording(&self.root, grads);
        let sums = self.pass(rows, Some(dropout), &mut recorder);
        let grads = recorder.backward(&self.root)?.unwrap_or_else(Grads::leaky);
        Ok((sums, grads))
    }

    /// Fills the input buffers.
    pub(super) fn gather(&mut self, data: &Dataset, rows: &[u32], noise: Option<Noise>) {
        gather(data, rows, noise, &self.target, &self.input, &self.threads);
    }

    /// What the encoder saw last, the first `rows` rows of it.
    pub(super) fn last_input(&self, rows: usize) -> Vec<f32> {
        let input = self.input.borrow();
        input.values()[..rows * input.columns()].to_vec()
    }

    /// All parameters, in the order of the computation.
    pub(super) fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// The kernels' threads.
    pub(super) fn threads(&self) -> &Rc<Threads> {
        &self.threads
    }

    /// Rows the buffers hold.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Gives the clean samples a buffer of their own: without corruption they share the encoder's.
    fn separate_target(&mut self) -> Result<(), EngineError> {
        if Rc::ptr_eq(&self.input, &self.target) {
            let features = self.input.borrow().columns();
            self.target = Variable::zeros(&Cpu::default(), self.capacity, features)?;
            let (output, target) = (Rc::clone(&self.output), Rc::clone(&self.target));
            self.loss = Rc::new(ReconstructionLoss { output, target, kind: self.loss.kind });
        }
        Ok(())
    }

    /// The whole way forward on the first `rows` rows of the input; `dropout` is (seed, step) while training.
    fn pass(&mut self, rows: usize, dropout: Option<(u64, u64)>, recorder: &mut Recorder) -> Sums {
        self.run(0..self.operations.len(), rows, dropout, recorder);
        let threads = Rc::clone(&self.threads);
        self.loss.forward(rows, &mut self.partial_sums, &threads, recorder)
    }

    fn run(
        &self,
        range: std::ops::Range<usize>,
        rows: usize,
        dropout: Option<(u64, u64)>,
        recorder: &mut Recorder,
    ) {
        for (index, operation) in self.operations.iter().enumerate().take(range.end).skip(range.start) {
            match operation {
                Operation::Dense(dense) => dense.forward(rows, &self.threads, recorder),
                Operation::Dropout(layer) => {
                    let stream =
                        dropout.map(|(seed, step)| Stream::new(seed, Purpose::Dropout, step, index as u64));
                    layer.forward(rows, stream, &self.threads, recorder);
                }
            }
        }
    }

    /// Runs a part of the network over any number of rows.
    fn in_blocks(
        &mut self,
        rows: &[f32],
        from: &Node,
        to: &Node,
        operations: std::ops::Range<usize>,
    ) -> Vec<f32> {
        let (inputs, outputs) = (from.borrow().columns(), to.borrow().columns());
        let mut result = Vec::with_capacity(rows.len() / inputs * outputs);
        for block in rows.chunks(self.capacity * inputs) {
            let count = block.len() / inputs;
            from.borrow_mut().values_mut()[..count * inputs].copy_from_slice(&block[..count * inputs]);
            self.run(operations.clone(), count, None, &mut Recorder::idle());
            result.extend_from_slice(&to.borrow().values()[..count * outputs]);
        }
        result
    }

    /// Turns logits into reconstructions where the loss works on logits.
    fn squash(&self, rows: &mut [f32]) {
        if self.plan.loss_on_logits() {
            vectorised(
                #[inline(always)]
                || rows.iter_mut().for_each(|value| *value = sigmoid(*value)),
            );
        }
    }

    fn variables(&self) -> impl Iterator<Item = &Node> {
        let outputs = self.operations.iter().map(|operation| match operation {
            Operation::Dense(dense) => dense.output(),
            Operation::Dropout(dropout) => &dropout.y,
        });
        let parameters = self.parameters.iter().map(|parameter| &parameter.node);
        outputs.chain(parameters).chain([&self.input])
    }
}

/// Whether `weights` has exactly one array of the right size for each parameter, its name behind `prefix`.
pub(super) fn check_names(
    parameters: &[Parameter],
    weights: &Weights,
    prefix: &str,
) -> Result<(), EngineError> {
    for parameter in parameters {
        let name = format!("{prefix}{}", parameter.name);
        match weights.0.get(&name) {
            None => return Err(EngineError::Weights(format!("{name} is missing"))),
            Some(array)
                if array.shape != parameter.shape
                    || array.values.len() != parameter.shape.iter().product::<usize>() =>
            {
                let (found, wanted) = (&array.shape, &parameter.shape);
                return Err(EngineError::Weights(format!("{name} has shape {found:?}, not {wanted:?}")));
            }
            Some(_) => {}
        }
    }
    let has_prefix = |name: &&String| name.starts_with(prefix);
    let found = weights.0.keys().filter(has_prefix).count();
    if found == parameters.len() {
        Ok(())
    } else {
        Err(EngineError::Weights(format!("{found} arrays for {} parameters", parameters.len())))
    }
}

/// Puts a network together stage by stage.
struct Builder<'a> {
    plan: &'a Plan,
    device: Cpu,
    capacity: usize,
    parameters: Vec<Parameter>,
    operations: Vec<Operation>,
    last: Node,
    /// Whether anything up to `last` learns.
    learns: bool,
}

impl<'a> Builder<'a> {
    fn new(plan: &'a Plan, capacity: usize) -> Result<Builder<'a>, EngineError> {
        let device = Cpu::default();
        let last = Variable::zeros(&device, capacity, plan.shape().features())?;
        let (parameters, operations) = (Vec::new(), Vec::new());
        Ok(Builder { plan, device, capacity, parameters, operations, last, learns: false })
    }

    fn build(mut self, threads: usize) -> Result<Network, EngineError> {
        let plan = self.plan;
        let input = Rc::clone(&self.last);
        let target = if plan.design().corruption == crate::project::Corruption::None {
            Rc::clone(&input)
        } else {
            Variable::zeros(&self.device, self.capacity, plan.shape().features())?
        };
        for stage in plan.encoder() {
            self.push(stage, false)?;
        }
        let (encoder_len, code) = (self.operations.len(), Rc::clone(&self.last));
        for (index, stage) in plan.decoder().iter().enumerate() {
            self.push(stage, index + 1 == plan.decoder().len() && plan.loss_on_logits())?;
        }
        let output = Rc::clone(&self.last);
        let loss = Rc::new(ReconstructionLoss {
            output: Rc::clone(&output),
            target: Rc::clone(&target),
            kind: plan.design().loss,
        });
        Ok(Network {
            plan: plan.clone(),
            threads: Rc::new(Threads::new(threads)),
            root: Root::new(&self.device)?,
            parameters: self.parameters,
            operations: self.operations,
            encoder_len,
            input,
            target,
            code,
            output,
            loss,
            capacity: self.capacity,
            partial_sums: vec![0.0; 2 * self.capacity],
        })
    }

    fn push(&mut self, stage: &Stage, stays_logit: bool) -> Result<(), EngineError> {
        let x = Rc::clone(&self.last);
        let y = Variable::zeros(&self.device, self.capacity, stage.outputs)?;
        self.last = Rc::clone(&y);
        let operation = match &stage.kind {
            StageKind::Dropout { rate } => {
                Operation::Dropout(Rc::new(Dropout { x, y, rate: *rate, wants_input_gradient: self.learns }))
            }
            StageKind::Dense { activation, weights } => {
                let activation = if stays_logit { Activation::Linear } else { *activation };
                let (weight, is_tied) = self.weight(stage, weights)?;
                let bias = self.parameter(stage, "bias", vec![stage.outputs])?;
                let wants_input_gradient = self.learns;
                let parts = DenseParts { x, weight, bias, y, activation, is_tied, wants_input_gradient };
                self.learns = true;
                Operation::Dense(Dense::new(&self.device, parts)?)
            }
        };
        self.operations.push(operation);
        Ok(())
    }

    fn weight(&mut self, stage: &Stage, source: &WeightSource) -> Result<(Node, bool), EngineError> {
        match source {
            WeightSource::Own => {
                Ok((self.parameter(stage, "weight", vec![stage.outputs, stage.inputs])?, false))
            }
            WeightSource::TransposeOf(name) => {
                let wanted = format!("{name}.weight");
                let found = self.parameters.iter().find(|parameter| parameter.name == wanted);
                // `check` ties mirrored layers only, and those come earlier.
                found
                    .map(|parameter| (Rc::clone(&parameter.node), true))
                    .ok_or_else(|| EngineError::Weights(format!("{wanted} is missing")))
            }
        }
    }

    fn parameter(&mut self, stage: &Stage, kind: &str, shape: Vec<usize>) -> Result<Node, EngineError> {
        let columns = shape.last().copied().unwrap_or(1);
        let rows = if shape.len() > 1 { shape[0] } else { 1 };
        let node = Variable::zeros(&self.device, rows, columns)?;
        let number = self.parameters.len() as u64;
        let seed = self.plan.design().training.seed;
        fill_dense(node.borrow_mut().values_mut(), stage.inputs, seed, number);
        let name = format!("{}.{kind}", stage.name);
        self.parameters.push(Parameter { name, shape, node: Rc::clone(&node) });
        Ok(node)
    }
}
