mod codes;
mod health;
mod likelihood;
mod objective;
mod prior;
mod projection;
mod samples;
mod starting;

pub use codes::Codes;
pub use health::code_thresholds;
pub use likelihood::Likelihood;
pub use samples::{OnProgress, Samples};

use std::rc::Rc;
use std::sync::Arc;

use self::objective::{comparison, loss_weights, penalties, variance};
use super::EngineError;
use super::code_layer::CodeLayer;
use super::kernels::contractive::Contractive;
use super::kernels::draw::Draw;
use super::kernels::loss::{LossWeights, ReconstructionLoss};
use super::kernels::math::{first_non_finite, sigmoid, vectorised};
use super::kernels::operation::Operation;
use super::kernels::pass::{Mode, Moment, Pass};
use super::kernels::quantiser::VarianceTerm;
use super::kernels::selector::chosen;
use super::kernels::tape::{Recorder, Root};
use super::kernels::threads::Threads;
use super::kernels::variable::{Grads, Node, Variable};
use super::layers::Builder;
use super::minibatch::{Noise, corrupt_rows, gather};
use super::parameter::{Parameter, check_names};
use super::terms::Penalised;
use crate::check::Plan;
use crate::dataset::Dataset;
use crate::project::Place;
use crate::run::{LossSums, Losses, Terms, Weights};

/// Input values per shard of a copy.
const COPIED: usize = 1 << 14;
/// Name of the reconstruction term.
const RECONSTRUCTION: &str = "reconstruction";
/// Name of the variance term of a mean reconstruction.
const VARIANCE: &str = "variance";

/// The encoder and decoder of a plan, with their parameters and with buffers for a fixed number of
/// rows.
///
/// It belongs to one thread; other threads build their own from a copy of the weights.
pub struct Network {
    plan: Plan,
    threads: Rc<Threads>,
    root: Root,
    parameters: Vec<Parameter>,
    operations: Vec<Rc<dyn Operation>>,
    /// Every buffer that gets a gradient, except the parameters.
    nodes: Vec<Node>,
    /// Number of operations from the input to the code.
    encoder_len: usize,
    /// Output of each operation of the encoder, with its card.
    encoded: Vec<(Place, Node)>,
    /// Output of each operation of the decoder, with its card.
    decoded: Vec<(Place, Node)>,
    input: Node,
    target: Node,
    /// Weights of the target's values, if missing values are masked, and of features, if they
    /// differ.
    weights: LossWeights,
    /// Fingerprint of the data that the weights of features belong to.
    weighed: Option<u64>,
    code: Node,
    output: Node,
    code_layer: CodeLayer,
    loss: Rc<ReconstructionLoss>,
    /// The difference between the mean error and the error of a mean reconstruction, and its
    /// weight.
    variance: Option<(Rc<VarianceTerm>, f32)>,
    penalties: Vec<Penalised>,
    /// The derivative of the code, once its norm has been requested.
    jacobian: Option<Rc<Contractive>>,
    /// Row numbers, in the data, of the samples in the input buffer.
    samples: Vec<u32>,
    /// Every term of the latest pass, weighted and summed over its rows.
    losses: Losses,
    /// Rows the buffers hold.
    capacity: usize,
}

/// Loss and error of a network on some samples: means over them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evaluation {
    /// Loss terms, summed over features.
    pub losses: Losses,
    /// Squared reconstruction error per feature, in units of the scaled data.
    pub mse: f64,
    /// Number of samples.
    pub samples: usize,
}

impl Network {
    /// The network of a plan with new weights; its buffers fit the plan's minibatch.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`].
    pub fn new(plan: &Plan, threads: usize) -> Result<Network, EngineError> {
        Network::build(plan, plan.batch_rows().max(plan.inference_rows()), threads, Some(0))
    }

    /// Initial weights of a plan's network in attempt `attempt`.
    pub(super) fn fresh_weights(plan: &Plan, attempt: u32) -> Result<Weights, EngineError> {
        Ok(Network::build(plan, 1, 1, Some(attempt))?.weights())
    }

    /// A network with these weights, for inference only.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`], and [`EngineError::Weights`] if they belong to another
    /// network.
    pub fn trained(plan: &Plan, weights: &Weights, threads: usize) -> Result<Network, EngineError> {
        let mut network = Network::build(plan, plan.inference_rows(), threads, None)?;
        network.load(weights)?;
        Ok(network)
    }

    /// The plan it was built from.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// A copy of all parameters.
    pub fn weights(&self) -> Weights {
        let array = |parameter: &Parameter| parameter.to_array("", parameter.node.borrow().values());
        Weights(self.parameters.iter().map(array).collect())
    }

    /// The first parameter value that is not finite, and the card it belongs to.
    pub(super) fn non_finite(&self) -> Option<(String, f32)> {
        let non_finite = |parameter: &Parameter| {
            let node = parameter.node.borrow();
            let value = first_non_finite(node.values())?;
            Some((parameter.place.to_string(), value))
        };
        self.parameters.iter().find_map(non_finite)
    }

    /// Copies all parameters over an earlier copy; memory is allocated only if that copy is shared.
    pub(super) fn copy_weights(&self, weights: &mut Arc<Weights>) {
        let Some(weights) = Arc::get_mut(weights) else {
            *weights = Arc::new(self.weights());
            return;
        };
        for parameter in &self.parameters {
            if let Some(array) = weights.0.get_mut(&parameter.name) {
                parameter.export(parameter.node.borrow().values(), &mut array.values);
            }
        }
    }

    /// Replaces all parameters.
    ///
    /// # Errors
    /// [`EngineError::Weights`] if a parameter is missing, unexpected or has another shape; then
    /// nothing is changed.
    pub fn load(&mut self, weights: &Weights) -> Result<(), EngineError> {
        check_names(&self.parameters, weights, "")?;
        for parameter in &self.parameters {
            let array = &weights.0[&parameter.name];
            parameter.import(&array.values, parameter.node.borrow_mut().values_mut());
        }
        Ok(())
    }

    /// Codes of samples: `rows` holds scaled samples row by row; the result is as many codes.
    pub fn encode(&mut self, rows: &[f32]) -> Vec<f32> {
        let (input, code) = (Rc::clone(&self.input), Rc::clone(&self.code));
        self.in_blocks(rows, &input, &code, Part::Encoder)
    }

    /// Reconstructions of codes, row by row, in units of the scaled data.
    pub fn decode(&mut self, codes: &[f32]) -> Vec<f32> {
        let (code, output) = (Rc::clone(&self.code), Rc::clone(&self.output));
        let mut rows = self.in_blocks(codes, &code, &output, Part::Decoder);
        self.squash(&mut rows);
        rows
    }

    /// Reconstructions of samples, row by row, in units of the scaled data.
    pub fn reconstruct(&mut self, rows: &[f32]) -> Vec<f32> {
        let (input, output) = (Rc::clone(&self.input), Rc::clone(&self.output));
        let mut rows = self.in_blocks(rows, &input, &output, Part::Whole);
        self.squash(&mut rows);
        rows
    }

    /// Mean loss and error on rows of the data. Inputs are clean unless `noise` corrupts them;
    /// targets are always clean. Noise is possible for any network, even one trained without.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`], the first time a network trained without corruption is used
    /// with noise.
    pub fn evaluate(
        &mut self,
        data: &Dataset,
        rows: &[u32],
        noise: Option<Noise>,
    ) -> Result<Evaluation, EngineError> {
        self.evaluate_while(data, rows, noise, &mut |_| true)
    }

    /// [`Network::evaluate`] that can be cancelled by `on_progress`.
    ///
    /// # Errors
    /// Those of [`Network::evaluate`], and [`EngineError::Cancelled`].
    pub fn evaluate_while(
        &mut self,
        data: &Dataset,
        rows: &[u32],
        noise: Option<Noise>,
        on_progress: OnProgress<'_>,
    ) -> Result<Evaluation, EngineError> {
        if noise.is_some() {
            self.separate_target()?;
        }
        let draw = Draw { seed: self.plan.design().training.seed, step: u64::MAX };
        let moment = Moment { draw, epochs: f64::INFINITY, share: 1.0 };
        let (mut sums, mut done) = (LossSums::zero(self.terms()), 0);
        for block in rows.chunks(self.measured_rows()) {
            self.measure_block(data, block, noise, moment, &mut sums);
            done += block.len();
            if !on_progress(done) {
                return Err(EngineError::Cancelled);
            }
        }
        Ok(self.evaluation(&sums, rows.len()))
    }

    /// Rows that are measured at a time, independent of the minibatch size: draws and comparisons
    /// within a block must not depend on the buffers.
    pub(super) fn measured_rows(&self) -> usize {
        self.capacity.min(self.plan.inference_rows())
    }

    /// Adds the losses and errors of one block.
    pub(super) fn measure_block(
        &mut self,
        data: &Dataset,
        block: &[u32],
        noise: Option<Noise>,
        moment: Moment,
        sums: &mut LossSums,
    ) {
        self.gather(data, block, noise);
        let mut error = self.pass(block.len(), Mode::Measure(moment), &mut Recorder::idle());
        sums.losses.add(&self.losses);
        if self.code_layer.draws() {
            // The error of the code itself, not of a sample around it.
            error = self.pass(block.len(), Mode::Use, &mut Recorder::idle());
        }
        sums.squared_error += error;
    }

    /// Means of sums over `samples` samples.
    pub(super) fn evaluation(&self, sums: &LossSums, samples: usize) -> Evaluation {
        let count = samples.max(1) as f64;
        let mse = sums.squared_error / count / self.plan.shape().features() as f64;
        Evaluation { losses: sums.losses.over(count), mse, samples }
    }

    /// Corrupted samples and their reconstructions, in units of the scaled data.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`], the first time a network trained without corruption is used
    /// with noise.
    pub fn restore(
        &mut self,
        data: &Dataset,
        rows: &[u32],
        noise: Noise,
    ) -> Result<(Vec<f32>, Vec<f32>), EngineError> {
        self.separate_target()?;
        let (mut corrupted, mut restored) = (Vec::new(), Vec::new());
        for rows in rows.chunks(self.capacity) {
            self.gather(data, rows, Some(noise));
            let seen = self.last_input(rows.len());
            restored.extend(self.reconstruct(&seen));
            corrupted.extend(seen);
        }
        Ok((corrupted, restored))
    }

    /// The feature each unit of a selector has chosen; `None` for other kinds of code.
    pub fn chosen_features(&self) -> Option<Vec<u32>> {
        let logits = self.parameters.iter().find(|parameter| parameter.name == "code.logits")?;
        let node = logits.node.borrow();
        Some(chosen(node.values(), node.columns()))
    }

    /// Names of the loss terms.
    pub fn terms(&self) -> &Terms {
        self.losses.terms()
    }

    /// Every term of the latest pass, weighted and summed over its rows.
    pub(super) fn losses(&self) -> &Losses {
        &self.losses
    }

    /// Updates everything learned without gradients; call after the update of a step.
    pub(super) fn after_step(&self, draw: Draw) {
        self.code_layer.after_step(draw, &self.threads);
    }

    /// One minibatch forward and backward; returns the squared error summed over its samples, and
    /// the gradients. Its terms are then in [`Network::losses`].
    pub(super) fn forward_backward(
        &mut self,
        rows: usize,
        moment: Moment,
        grads: Grads,
    ) -> Result<(f64, Grads), EngineError> {
        for node in self.parameters.iter().map(|parameter| &parameter.node).chain(&self.nodes) {
            node.borrow().begin_step();
        }
        let mut recorder = Recorder::recording(&self.root, grads);
        let squared_error = self.pass(rows, Mode::Train(moment), &mut recorder);
        let grads = recorder.backward(&self.root)?.unwrap_or_else(Grads::leaky);
        Ok((squared_error, grads))
    }

    /// The loss of one minibatch, averaged over its samples, without the backward pass.
    #[cfg(test)]
    pub(super) fn training_loss(&mut self, rows: usize, moment: Moment) -> f64 {
        self.pass(rows, Mode::Train(moment), &mut Recorder::idle());
        self.losses.total() / rows as f64
    }

    /// Fills the input buffers.
    pub(super) fn gather(&mut self, data: &Dataset, rows: &[u32], noise: Option<Noise>) {
        self.samples.clear();
        self.samples.extend_from_slice(rows);
        gather(data, rows, noise, &self.target, &self.input, &self.threads);
        if let Some(weights) = &self.weights.values {
            data.gaps.fill_weights(rows, data.shape.features(), weights.borrow_mut().values_mut());
        }
        self.set_feature_weights(data);
    }

    /// Sets the weights of features for these data.
    fn set_feature_weights(&mut self, data: &Dataset) {
        let Some(node) = self.weights.features.as_ref().filter(|_| self.weighed != Some(data.fingerprint))
        else {
            return;
        };
        let weights = data.feature_weights(&self.plan.design().feature_weights);
        let mut node = node.borrow_mut();
        if weights.len() == node.values().len() {
            node.values_mut().copy_from_slice(&weights);
        }
        self.weighed = Some(data.fingerprint);
    }

    /// The weights of values and features in the loss, for the first `rows` rows of the buffers.
    pub(super) fn loss_weights(&self, rows: usize) -> [Option<Vec<f32>>; 2] {
        let values = |node: &Node, rows: usize| {
            let node = node.borrow();
            node.values()[..rows * node.columns()].to_vec()
        };
        let LossWeights { values: of_values, features } = &self.weights;
        [of_values.as_ref().map(|node| values(node, rows)), features.as_ref().map(|node| values(node, 1))]
    }

    /// Sets the weights of values and features in the loss, if it has any.
    pub(super) fn set_loss_weights(&self, [values, features]: [Option<&[f32]>; 2]) {
        for (node, weights) in [(&self.weights.values, values), (&self.weights.features, features)] {
            if let (Some(node), Some(weights)) = (node, weights) {
                node.borrow_mut().values_mut()[..weights.len()].copy_from_slice(weights);
            }
        }
    }

    /// Fills the input buffers with the given values, in units of the network's input; `rows` are
    /// their row numbers.
    pub(super) fn present(&mut self, values: &[f32], rows: &[u32], noise: Option<Noise>) {
        self.samples.clear();
        self.samples.extend_from_slice(rows);
        self.target.borrow_mut().values_mut()[..values.len()].copy_from_slice(values);
        if let Some(weights) = &self.weights.values {
            weights.borrow_mut().values_mut()[..values.len()].fill(1.0);
        }
        let features = self.target.borrow().columns();
        corrupt_rows(rows, features, noise, &self.target, &self.input, &self.threads);
    }

    /// Input of the encoder's operation number `stage`, its first `rows` rows computed from the
    /// input buffers.
    pub(super) fn input_of(&self, stage: usize, rows: usize) -> Node {
        self.run(0..stage, &Pass::new(rows, Mode::Use, &self.threads), &mut Recorder::idle());
        Rc::clone(stage.checked_sub(1).map_or(&self.target, |before| &self.encoded[before].1))
    }

    /// The encoder's latest input, its first `rows` rows.
    pub(super) fn last_input(&self, rows: usize) -> Vec<f32> {
        let input = self.input.borrow();
        input.values()[..rows * input.columns()].to_vec()
    }

    /// All operations, one per stage of the plan.
    #[cfg(test)]
    pub(super) fn operations(&self) -> &[Rc<dyn Operation>] {
        &self.operations
    }

    /// All parameters, in order of computation.
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

    /// Gives the clean samples their own buffer: without corruption they share the encoder's.
    fn separate_target(&mut self) -> Result<(), EngineError> {
        if Rc::ptr_eq(&self.input, &self.target) {
            let features = self.input.borrow().columns();
            self.target = Variable::zeros(self.capacity, features)?;
            self.loss = self.loss.with_target(Rc::clone(&self.target));
        }
        Ok(())
    }

    /// The whole forward pass on the first `rows` rows of the input, with every term; returns the
    /// squared error summed over them.
    fn pass(&mut self, rows: usize, mode: Mode, recorder: &mut Recorder) -> f64 {
        let pass = self.forward(Part::Whole, rows, mode, recorder);
        let sums = self.loss.forward(&pass, 1.0, recorder);
        self.losses.set(RECONSTRUCTION, sums.loss);
        if let Some(name) = self.code_layer.terms() {
            self.losses.set(name, self.code_layer.term(&pass, sums.loss, recorder));
        }
        if let Some((variance, weight)) = &self.variance {
            self.losses.set(VARIANCE, f64::from(*weight) * recorder.add(variance, &pass, *weight));
        }
        for penalty in &self.penalties {
            self.losses.set(penalty.name(), penalty.value(&pass, recorder));
        }
        self.losses.add_up();
        sums.squared_error
    }

    /// Runs a part of the network on the first `rows` rows; returns the pass it used.
    fn forward(&self, part: Part, rows: usize, mode: Mode, recorder: &mut Recorder) -> Pass {
        let samples = self.code_layer.samples(mode);
        let pass = Pass { samples, ..Pass::new(rows, mode, &self.threads) };
        if part != Part::Decoder {
            self.run(0..self.encoder_len, &pass, recorder);
            self.code_layer.forward(&pass, &self.samples, recorder);
        }
        if part != Part::Encoder {
            self.run(self.encoder_len..self.operations.len(), &pass.of_codes(), recorder);
        }
        pass
    }

    fn run(&self, range: std::ops::Range<usize>, pass: &Pass, recorder: &mut Recorder) {
        for operation in &self.operations[range] {
            recorder.run(operation, pass);
        }
    }

    /// Runs a part of the network over any number of rows.
    fn in_blocks(&mut self, rows: &[f32], from: &Node, to: &Node, part: Part) -> Vec<f32> {
        let (inputs, outputs) = (from.borrow().columns(), to.borrow().columns());
        let mut result = Vec::with_capacity(rows.len() / inputs * outputs);
        for block in rows.chunks(self.capacity * inputs) {
            let count = block.len() / inputs;
            let (mut input, len) = (from.borrow_mut(), count * inputs);
            self.threads.for_each_piece(&mut input.values_mut()[..len], COPIED, 16 * len, |start, out| {
                out.copy_from_slice(&block[start..start + out.len()]);
            });
            drop(input);
            self.forward(part, count, Mode::Use, &mut Recorder::idle());
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

    /// Builds a network with the weights of an attempt, or without, to be loaded.
    fn build(
        plan: &Plan,
        capacity: usize,
        threads: usize,
        attempt: Option<u32>,
    ) -> Result<Network, EngineError> {
        let threads = Rc::new(Threads::new(threads));
        let mut builder = Builder::new(plan, capacity, attempt, Rc::clone(&threads))?;
        let input = Rc::clone(&builder.last);
        let target = if plan.design().corruption.corrupts() {
            Variable::zeros(capacity, plan.shape().features())?
        } else {
            Rc::clone(&input)
        };
        for stage in plan.encoder() {
            builder.push(stage)?;
        }
        let (encoder_len, encoded) = (builder.operations.len(), builder.outputs.clone());
        let code_layer = CodeLayer::new(&mut builder, plan)?;
        let code = Rc::clone(&builder.last);
        let penalties = penalties(&builder, &code_layer, &input, capacity)?;
        let before_decoder = builder.outputs.len();
        for stage in plan.decoder() {
            builder.push(stage)?;
        }
        let decoded = builder.outputs[before_decoder..].to_vec();
        let output = Rc::clone(&builder.last);
        let comparison = comparison(&mut builder, plan.design().loss)?;
        let variance = variance(&builder, &code_layer, &code)?;
        let weights = loss_weights(plan, capacity)?;
        let loss = ReconstructionLoss::weighted(
            builder.last_output(),
            Rc::clone(&target),
            comparison,
            code_layer.importance(),
            weights.clone(),
        );
        #[cfg(test)]
        assert_planned(plan, &builder);
        let own = [Some(RECONSTRUCTION), code_layer.terms(), variance.as_ref().map(|_| VARIANCE)];
        let own = own.into_iter().flatten().map(str::to_owned);
        let terms = Terms::new(own.chain(penalties.iter().map(|penalty| penalty.name().to_owned())));
        Ok(Network {
            plan: plan.clone(),
            threads,
            root: Root::new()?,
            parameters: builder.parameters,
            operations: builder.operations,
            nodes: builder.nodes,
            encoder_len,
            encoded,
            decoded,
            input,
            target,
            weights,
            weighed: None,
            code,
            output,
            code_layer,
            loss,
            variance,
            penalties,
            jacobian: None,
            samples: Vec::with_capacity(capacity),
            losses: Losses::zero(&terms),
            capacity,
        })
    }
}

/// A part of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Encoder,
    Decoder,
    Whole,
}

/// `check` lists the arrays of a plan without building it, and files are checked against that list;
/// every test that builds a network compares the two.
#[cfg(test)]
fn assert_planned(plan: &Plan, builder: &Builder<'_>) {
    let mut planned = plan.arrays();
    let mut built: Vec<_> = (builder.parameters.iter())
        .map(|parameter| crate::check::PlannedArray {
            name: parameter.name.clone(),
            shape: parameter.shape.clone(),
            is_learned: parameter.is_learned(),
        })
        .collect();
    planned.sort_by(|a, b| a.name.cmp(&b.name));
    built.sort_by(|a, b| a.name.cmp(&b.name));
    assert_eq!(planned, built);
}
