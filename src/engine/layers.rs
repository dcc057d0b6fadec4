//! A plan's stages as operations, built one after another.

use std::rc::Rc;

use super::EngineError;
use super::initialisation::{Fans, fill_uniform, fill_weight};
use super::kernels::add::{Add, AddParts};
use super::kernels::apply::Apply;
use super::kernels::batch_norm::{BatchNorm, BatchNormParts};
use super::kernels::columns::Direction;
use super::kernels::conv::{Conv, ConvParts};
use super::kernels::crop_or_pad::CropOrPad;
use super::kernels::dense::{Dense, DenseParts};
use super::kernels::dropout::Dropout;
use super::kernels::group_norm::{GroupNorm, GroupNormParts};
use super::kernels::grouped_conv::{GroupedConv, GroupedConvParts};
use super::kernels::layer_norm::{LayerNorm, LayerNormParts};
use super::kernels::operation::Operation;
use super::kernels::output::Output;
use super::kernels::permute::{Order, Permute};
use super::kernels::pool::{Pool, PoolKind, PoolParts};
use super::kernels::prelu::{INITIAL_SLOPE, Prelu, PreluParts};
use super::kernels::threads::Threads;
use super::kernels::upsample::Upsample;
use super::kernels::variable::{Node, Variable};
use super::parameter::{MemoryLayout, Parameter, Role};
use crate::check::{Plan, Stage, StageKind, Window};
use crate::dataset::random::{Purpose, Stream};
use crate::project::{Activation, Initialisation, Norm, Place, Project, Shape};

/// Builds a network stage by stage.
pub(super) struct Builder<'a> {
    plan: &'a Plan,
    capacity: usize,
    threads: Rc<Threads>,
    /// How often training was restarted; `None` if the weights are not drawn but loaded.
    pub attempt: Option<u32>,
    /// All arrays so far.
    pub parameters: Vec<Parameter>,
    /// All operations so far.
    pub operations: Vec<Rc<dyn Operation>>,
    /// The last operation, if it is a convolution without groups.
    last_conv: Option<Rc<Conv>>,
    /// The last operation's output, if the next one may apply its activation's derivative.
    last_output: Option<Rc<Output>>,
    /// Every node that gets a gradient, except the parameters.
    pub nodes: Vec<Node>,
    /// The output of each stage.
    pub outputs: Vec<(Place, Node)>,
    /// The output of the last operation.
    pub last: Node,
    /// Output before each stage, and whether anything up to there learns.
    before: Vec<(Node, bool)>,
    /// Whether anything up to `last` learns.
    learns: bool,
}

impl<'a> Builder<'a> {
    /// A builder at the input of a plan, for buffers of `capacity` rows. Weights are those of
    /// attempt `attempt`, or not drawn; `threads` draw them.
    pub fn new(
        plan: &'a Plan,
        capacity: usize,
        attempt: Option<u32>,
        threads: Rc<Threads>,
    ) -> Result<Builder<'a>, EngineError> {
        let last = Variable::zeros(capacity, plan.shape().features())?;
        Ok(Builder {
            plan,
            capacity,
            threads,
            attempt,
            parameters: Vec::new(),
            operations: Vec::new(),
            last_conv: None,
            last_output: None,
            nodes: vec![Rc::clone(&last)],
            outputs: Vec::new(),
            last,
            before: Vec::new(),
            learns: false,
        })
    }

    /// Adds the operation of one stage; the only place that knows all kinds.
    pub fn push(&mut self, stage: &Stage) -> Result<(), EngineError> {
        let learned = self.learns;
        self.before.push((Rc::clone(&self.last), learned));
        let (x, learns) = self.passed_on(stage.skips);
        self.learns = learns;
        let y = self.advance(stage.outputs())?;
        self.outputs.push((stage.place, Rc::clone(&y)));
        let wants_input_gradient = self.learns;
        let (last_conv, last_output) = (self.last_conv.take(), self.last_output.take());
        let operation: Rc<dyn Operation> = match stage.kind {
            StageKind::Dense { activation } => {
                let dense = self.dense(stage, x, y, activation)?;
                if let Some(output) = &last_output {
                    dense.follow(output);
                }
                self.last_output = Some(Rc::clone(dense.output()));
                dense
            }
            StageKind::Conv { window, groups, has_bias, activation } => {
                self.conv(stage, (x, y), (Direction::Down, window), (groups, has_bias), activation)?
            }
            StageKind::ConvTranspose { window, groups, has_bias, activation } => {
                self.conv(stage, (x, y), (Direction::Up, window), (groups, has_bias), activation)?
            }
            StageKind::MaxPool { window } => self.pool(x, y, PoolKind::Max, window)?,
            StageKind::AvgPool { window } => self.pool(x, y, PoolKind::Average, window)?,
            StageKind::Upsample { factor } => {
                let sides = sides(stage.input);
                Rc::new(Upsample { x, y, sides, factor, wants_input_gradient })
            }
            StageKind::CropOrPad => {
                let (from, to) = (sides(stage.input), sides(stage.output));
                Rc::new(CropOrPad { x, y, from, to, wants_input_gradient })
            }
            StageKind::Norm { norm: Norm::Batch, activation } => {
                let norm = self.batch_norm(stage, x, y, activation)?;
                if let Some(conv) = last_conv {
                    conv.end_passes_of(&norm);
                }
                self.last_output = Some(Rc::clone(norm.output()));
                norm
            }
            StageKind::Norm { norm: Norm::Group { groups }, activation } => {
                self.group_norm(stage, (x, y), groups, activation)?
            }
            StageKind::Norm { norm: Norm::Layer, activation } => self.layer_norm(stage, x, y, activation)?,
            StageKind::Prelu { slopes } => self.prelu(stage, x, y, slopes)?,
            StageKind::ChannelsFirst => self.permute(x, y, stage.input, Order::ChannelsFirst),
            StageKind::ChannelsLast => self.permute(x, y, stage.output, Order::ChannelsLast),
            StageKind::MomentsApart => self.permute(x, y, stage.input, Order::MomentsApart),
            StageKind::Add { main, shortcut, activation } => {
                // The shortcut's end follows the main path's; without stages it is the block's
                // input.
                let (other, other_wants_gradient) =
                    self.passed_on(if shortcut > 0 { shortcut } else { main });
                Add::new(AddParts { x, other, y, main, shortcut, activation, other_wants_gradient })?
            }
            StageKind::Activation(activation) => Rc::new(Apply { x, y, activation, wants_input_gradient }),
            StageKind::Dropout { rate } => {
                let index = self.operations.len();
                Rc::new(Dropout { x, y, rate, index, wants_input_gradient })
            }
        };
        if let Some(conv) = &self.last_conv {
            if let Some(output) = &last_output {
                conv.follow(output);
            }
            self.last_output = Some(Rc::clone(conv.output()));
        }
        self.learns |= learned || operation.learns();
        self.operations.push(operation);
        Ok(())
    }

    /// Ends the encoder: its output may be changed by the code before the decoder reads it.
    pub fn end_encoder(&mut self) {
        (self.last_conv, self.last_output) = (None, None);
    }

    /// The output of the last operation, for what comes directly after it.
    pub fn last_output(&self) -> Rc<Output> {
        self.last_output.clone().unwrap_or_else(|| Output::linear(Rc::clone(&self.last)))
    }

    /// Output before the stage `back` stages before the newest, and whether anything up to there
    /// learns.
    fn passed_on(&self, back: usize) -> (Node, bool) {
        let (node, learns) = &self.before[self.before.len() - 1 - back];
        (Rc::clone(node), *learns)
    }

    /// Whether anything so far learns.
    pub fn learns(&self) -> bool {
        self.learns
    }

    /// The design being built.
    pub fn design(&self) -> &Project {
        self.plan.design()
    }

    /// From here on there are `samples` rows for each row of the data.
    pub fn widen(&mut self, samples: usize) {
        self.capacity *= samples;
    }

    /// A buffer for the network's rows without a gradient.
    pub fn buffer(&self, columns: usize) -> Result<Node, EngineError> {
        Variable::zeros(self.capacity, columns)
    }

    /// A new buffer for the output of the next operation.
    pub fn advance(&mut self, columns: usize) -> Result<Node, EngineError> {
        let node = self.node(columns)?;
        self.last = Rc::clone(&node);
        Ok(node)
    }

    /// A buffer for the network's rows.
    pub fn node(&mut self, columns: usize) -> Result<Node, EngineError> {
        let node = Variable::zeros(self.capacity, columns)?;
        self.nodes.push(Rc::clone(&node));
        Ok(node)
    }

    fn dense(
        &mut self,
        stage: &Stage,
        x: Node,
        y: Node,
        activation: Activation,
    ) -> Result<Rc<Dense>, EngineError> {
        let (inputs, outputs) = (stage.inputs(), stage.outputs());
        let (weight, is_tied) = if let Some(weight) = self.shared(stage)? {
            (weight, true)
        } else {
            let weight = self.array(stage, "weight", &[outputs, inputs], MemoryLayout::Same, Role::Weight)?;
            self.fill_weight(Fans { inputs, outputs });
            (weight, false)
        };
        let bias = self.array(stage, "bias", &[outputs], MemoryLayout::Same, Role::Bias)?;
        self.fill_bias(inputs);
        let wants_input_gradient = self.learns;
        let parts = DenseParts { x, weight, bias, y, activation, is_tied, wants_input_gradient };
        Dense::new(parts)
    }

    /// A convolution or a transposed one. Both store the weight of the convolution: the small
    /// side's channels × kernel pixels × the large side's channels of one group.
    fn conv(
        &mut self,
        stage: &Stage,
        (x, y): (Node, Node),
        (direction, window): (Direction, Window),
        (groups, has_bias): (usize, bool),
        activation: Activation,
    ) -> Result<Rc<dyn Operation>, EngineError> {
        let (from, to) = (stage.input.channels(), stage.output.channels());
        let (inner, outer) = direction.arrange(from, to);
        let (side, inner) = (window.kernel, inner / groups);
        // PyTorch takes the second axis of the weight as the fan-in, transposed or not.
        let fans = Fans { inputs: inner * side * side, outputs: outer * side * side };
        let weight = if let Some(weight) = self.shared(stage)? {
            weight
        } else {
            let layout = MemoryLayout::ChannelsLast { pixels: side * side, channels: inner };
            let weight = self.array(stage, "weight", &[outer, inner, side, side], layout, Role::Weight)?;
            self.fill_weight(fans);
            weight
        };
        let bias = if has_bias {
            let bias = self.array(stage, "bias", &[to], MemoryLayout::Same, Role::Bias)?;
            self.fill_bias(fans.inputs);
            bias
        } else {
            // A bias of zeros, which is not a parameter and stays 0.
            let bias = Variable::zeros(1, to)?;
            self.nodes.push(Rc::clone(&bias));
            bias
        };
        let wants_input_gradient = self.learns;
        if groups > 1 || window.dilation > 1 {
            return Ok(GroupedConv::new(GroupedConvParts {
                x,
                weight,
                bias,
                y,
                window,
                groups,
                direction,
                activation,
                wants_input_gradient,
            })?);
        }
        let parts = ConvParts { x, weight, bias, y, window, direction, activation, wants_input_gradient };
        let conv = Conv::new(parts)?;
        self.last_conv = Some(Rc::clone(&conv));
        Ok(conv)
    }

    fn pool(&self, x: Node, y: Node, kind: PoolKind, window: Window) -> Result<Rc<Pool>, EngineError> {
        let wants_input_gradient = self.learns;
        Pool::new(PoolParts { x, y, kind, window, wants_input_gradient })
    }

    /// A reordering of the values of a picture.
    pub fn permute(&self, x: Node, y: Node, picture: Shape, order: Order) -> Rc<Permute> {
        let ((height, width), channels) = (sides(picture), picture.channels());
        let (pixels, wants_input_gradient) = (height * width, self.learns);
        Rc::new(Permute { x, y, pixels, channels, order, wants_input_gradient })
    }

    fn batch_norm(
        &mut self,
        stage: &Stage,
        x: Node,
        y: Node,
        activation: Activation,
    ) -> Result<Rc<BatchNorm>, EngineError> {
        let shape = [stage.input.channels()];
        let weight = self.array(stage, "weight", &shape, MemoryLayout::Same, Role::Bias)?;
        self.fill(1.0);
        let bias = self.array(stage, "bias", &shape, MemoryLayout::Same, Role::Bias)?;
        let running_mean = self.array(stage, "running_mean", &shape, MemoryLayout::Same, Role::Buffer)?;
        let running_var = self.array(stage, "running_var", &shape, MemoryLayout::Same, Role::Buffer)?;
        self.fill(1.0);
        let wants_input_gradient = self.learns;
        let parts = BatchNormParts {
            x,
            y,
            weight,
            bias,
            running_mean,
            running_var,
            activation,
            wants_input_gradient,
        };
        BatchNorm::new(parts)
    }

    fn layer_norm(
        &mut self,
        stage: &Stage,
        x: Node,
        y: Node,
        activation: Activation,
    ) -> Result<Rc<LayerNorm>, EngineError> {
        let (shape, layout) = match stage.input {
            Shape::Vector(features) => (vec![features], MemoryLayout::Same),
            Shape::Image { height, width, channels } => (
                vec![channels, height, width],
                MemoryLayout::ChannelsLast { pixels: height * width, channels },
            ),
        };
        let weight = self.array(stage, "weight", &shape, layout, Role::Bias)?;
        self.fill(1.0);
        let bias = self.array(stage, "bias", &shape, layout, Role::Bias)?;
        let wants_input_gradient = self.learns;
        let parts = LayerNormParts { x, y, weight, bias, activation, wants_input_gradient };
        LayerNorm::new(parts)
    }

    fn group_norm(
        &mut self,
        stage: &Stage,
        (x, y): (Node, Node),
        groups: usize,
        activation: Activation,
    ) -> Result<Rc<GroupNorm>, EngineError> {
        let shape = [stage.input.channels()];
        let weight = self.array(stage, "weight", &shape, MemoryLayout::Same, Role::Bias)?;
        self.fill(1.0);
        let bias = self.array(stage, "bias", &shape, MemoryLayout::Same, Role::Bias)?;
        let wants_input_gradient = self.learns;
        GroupNorm::new(GroupNormParts { x, y, weight, bias, groups, activation, wants_input_gradient })
    }

    fn prelu(&mut self, stage: &Stage, x: Node, y: Node, slopes: usize) -> Result<Rc<Prelu>, EngineError> {
        let slopes = self.array(stage, "weight", &[slopes], MemoryLayout::Same, Role::Bias)?;
        self.fill(INITIAL_SLOPE);
        Prelu::new(PreluParts { x, y, slopes, wants_input_gradient: self.learns })
    }

    /// The weights of the stage this one mirrors, if they are tied.
    fn shared(&self, stage: &Stage) -> Result<Option<Node>, EngineError> {
        let Some(name) = &stage.tied_to else { return Ok(None) };
        let wanted = format!("{name}.weight");
        let found = self.parameters.iter().find(|parameter| parameter.name == wanted);
        // `check` ties mirrored layers only, and those come earlier.
        found
            .map(|parameter| Some(Rc::clone(&parameter.node)))
            .ok_or_else(|| EngineError::Weights(format!("{wanted} is missing")))
    }

    /// An array of the code.
    pub fn code_array(&mut self, kind: &str, shape: &[usize], role: Role) -> Result<Node, EngineError> {
        self.learns |= role != Role::Buffer;
        self.named_array(Place::Code, format!("code.{kind}"), shape, MemoryLayout::Same, role)
    }

    /// A learned number of the loss.
    pub fn loss_array(&mut self, kind: &str) -> Result<Node, EngineError> {
        self.named_array(Place::Output, format!("output.{kind}"), &[1], MemoryLayout::Same, Role::Bias)
    }

    /// A new array of zeros: a matrix with one row per entry of the first axis of `shape`, or a
    /// single row if there is only one axis.
    fn array(
        &mut self,
        stage: &Stage,
        kind: &str,
        shape: &[usize],
        layout: MemoryLayout,
        role: Role,
    ) -> Result<Node, EngineError> {
        self.named_array(stage.place, format!("{}.{kind}", stage.name), shape, layout, role)
    }

    fn named_array(
        &mut self,
        place: Place,
        name: String,
        shape: &[usize],
        layout: MemoryLayout,
        role: Role,
    ) -> Result<Node, EngineError> {
        let len: usize = shape.iter().product();
        let rows = if shape.len() > 1 && role != Role::Bias { shape[0] } else { 1 };
        let node = Variable::zeros(rows, len / rows.max(1))?;
        let (shape, own) = (shape.to_vec(), Rc::clone(&node));
        self.parameters.push(Parameter { place, name, shape, node: own, role, layout });
        Ok(node)
    }

    /// Initialises the newest array as a weight, as the design says.
    fn fill_weight(&mut self, fans: Fans) {
        let (kind, threads) = (self.initialisation(), Rc::clone(&self.threads));
        self.draw(|values, rows, stream| fill_weight(values, rows, fans, kind, stream, &threads));
    }

    /// Initialises the newest array as a bias: 0, except with `PyTorch`'s default.
    fn fill_bias(&mut self, inputs: usize) {
        if self.initialisation() == Initialisation::PyTorch {
            self.fill_uniform(inputs);
        }
    }

    /// Initialises the newest array with `PyTorch`'s default weights.
    pub fn fill_uniform(&mut self, inputs: usize) {
        self.draw(|values, _, stream| fill_uniform(values, inputs, stream));
    }

    fn initialisation(&self) -> Initialisation {
        self.plan.design().training.initialisation
    }

    /// Fills the newest array, of `rows` rows, with its own random numbers, which are the same in
    /// every attempt.
    fn draw(&mut self, fill: impl FnOnce(&mut [f32], usize, Stream)) {
        let number = self.parameters.len().saturating_sub(1) as u64;
        let seed = self.plan.design().training.seed;
        if let (Some(parameter), Some(attempt)) = (self.parameters.last(), self.attempt) {
            let stream = Stream::new(seed, Purpose::Initialisation, number, u64::from(attempt));
            fill(parameter.node.borrow_mut().values_mut(), parameter.shape[0], stream);
        }
    }

    /// Sets all values of the newest array.
    pub fn fill(&mut self, value: f32) {
        if let Some(parameter) = self.parameters.last() {
            parameter.node.borrow_mut().values_mut().fill(value);
        }
    }
}

/// Height and width of a picture; a row counts as a column of pixels.
fn sides(shape: Shape) -> (usize, usize) {
    match shape {
        Shape::Image { height, width, .. } => (height, width),
        Shape::Vector(features) => (features, 1),
    }
}
