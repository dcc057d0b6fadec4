//! Residual blocks (He, Zhang, Ren & Sun 2016), as torchvision's `BasicBlock` and `Bottleneck`, and
//! their enlarging counterparts: a main path of transposed convolutions, which undoes that of the
//! residual block step by step (`RedNet`, Jiang et al. 2018), and a shortcut that repeats pixels
//! (Odena, Dumoulin & Olah 2016: transposed 1×1 convolutions would leave holes).

use super::family::{
    AppliedLayer, Before, Family, MOST_SIDE, SettingProblem, Undone, picture, refuse, size_problem,
};
use crate::check::Window;
use crate::check::stage::{Cost, StageKind};
use crate::project::{Activation, BlockForm, BlockNorm, Layer, Norm, Padding, Shape};

/// [`Layer::Residual`] or [`Layer::ResidualTranspose`]
#[derive(Clone, Copy)]
pub(super) struct Residual {
    pub form: BlockForm,
    pub channels: usize,
    pub stride: usize,
    pub norm: BlockNorm,
    pub inner: Activation,
    pub activation: Activation,
    pub direction: Direction,
}

/// From the large picture to the small one, or the reverse.
#[derive(Clone, Copy)]
pub(super) enum Direction {
    /// A block that may shrink pictures.
    Down,
    /// A block that may enlarge pictures.
    Up {
        /// As in [`Layer::ResidualTranspose`].
        output_padding: Option<(usize, usize)>,
    },
}

/// One computation of a layer that has several.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::check) struct Part {
    /// Suffix of its parameters' names.
    pub name: &'static str,
    /// Its computation.
    pub kind: StageKind,
    /// Shape of its output.
    pub output: Shape,
    /// Parameters and multiply-adds.
    pub cost: Cost,
    /// As in [`Stage`](crate::check::Stage).
    pub skips: usize,
    /// The part of the undone layer whose weights it shares if both are tied.
    pub undoes: Option<&'static str>,
}

impl Family for Residual {
    fn setting_problem(&self) -> Option<SettingProblem> {
        let name = self.layer().name();
        let problem = |size, value, label, fixed: Residual| {
            size_problem((name, size), value, MOST_SIDE, label, || fixed.layer())
        };
        problem("number of channels", self.channels, "Use 16 channels", Residual { channels: 16, ..*self })
            .or_else(|| problem("stride", self.stride, "Use a stride of 1", Residual { stride: 1, ..*self }))
            .or_else(|| {
                let BlockNorm::Group { groups } = self.norm else { return None };
                let fixed = Residual { norm: BlockNorm::Group { groups: 1 }, ..*self };
                problem("number of groups", groups, "Use 1 group", fixed)
            })
            .or_else(|| self.output_padding_problem())
    }

    fn apply(&self, input: Shape) -> Result<AppliedLayer, String> {
        let parts = self.blocks(input)?;
        let add = |cost: Cost, part: &Part| Cost {
            weights: cost.weights.saturating_add(part.cost.weights),
            own: cost.own.saturating_add(part.cost.own),
            macs: cost.macs.saturating_add(part.cost.macs),
        };
        let cost = parts.iter().fold(Cost::default(), add);
        let output = parts.last().map_or(input, |part| part.output);
        Ok(AppliedLayer { output, kind: parts.last().map(|part| part.kind), takes_rows: false, cost })
    }

    fn parts(&self, input: Shape) -> Vec<Part> {
        self.blocks(input).unwrap_or_default()
    }

    fn undo(&self, before: Before) -> Undone {
        let direction = match self.direction {
            Direction::Down => {
                let padding = match before.input {
                    Some(Shape::Image { height, width, .. }) if before.applied.is_some() => {
                        Window::over((height, width), 3, self.stride, Padding::Pixels(1))
                            .map(|window| window.output_padding(Padding::Pixels(1)))
                    }
                    Some(_) | None => None,
                };
                Direction::Up { output_padding: padding }
            }
            Direction::Up { .. } => Direction::Down,
        };
        let undone =
            Residual { channels: before.channels(), activation: before.activation(), direction, ..*self };
        Undone::by(undone.layer(), before.applied.is_some())
    }

    fn has_weights(&self) -> bool {
        true
    }

    fn needs_picture(&self) -> bool {
        true
    }

    fn comparison(&self) -> Option<&'static str> {
        match self.norm {
            BlockNorm::Batch => Some("Batch norm"),
            BlockNorm::None | BlockNorm::Group { .. } => None,
        }
    }
}

impl Residual {
    fn layer(self) -> Layer {
        let Residual { form, channels, stride, norm, inner, activation, direction } = self;
        match direction {
            Direction::Down => Layer::Residual { form, channels, stride, norm, inner, activation },
            Direction::Up { output_padding } => {
                Layer::ResidualTranspose { form, channels, stride, output_padding, norm, inner, activation }
            }
        }
    }

    fn output_padding_problem(self) -> Option<SettingProblem> {
        let (Direction::Up { output_padding: Some((rows, columns)) }, stride) = (self.direction, self.stride)
        else {
            return None;
        };
        (rows.max(columns) >= stride).then(|| SettingProblem {
            message: format!(
                "ResidualTranspose: {rows} extra rows and {columns} extra columns are added, and both must be below the stride, which is {stride}."
            ),
            label: "Choose the output size automatically",
            fixed: Residual { direction: Direction::Up { output_padding: None }, ..self }.layer(),
        })
    }

    /// All computations, in order: the main path, the shortcut unless it is the identity, the sum.
    fn blocks(self, input: Shape) -> Result<Vec<Part>, String> {
        refuse(self.setting_problem())?;
        let name = self.layer().name();
        let (_, from) = picture(name, input)?;
        let mut path = Path { block: self, shape: input, parts: Vec::new() };
        let (to, inner) = (self.channels, self.inner);
        let is_up = matches!(self.direction, Direction::Up { .. });
        let impossible = || format!("{name}: this stride is not possible for an input of {input}.");
        // The convolution that changes the size is the counterpart of the one in the block that is
        // undone.
        match self.form {
            BlockForm::Basic => {
                let (first, second) = if is_up { (from, 1) } else { (to, self.stride) };
                path.convolve(("conv1", "bn1", "conv2"), (first, 3, second), inner).ok_or_else(impossible)?;
                let last = if is_up { self.stride } else { 1 };
                path.convolve(("conv2", "bn2", "conv1"), (to, 3, last), Activation::Linear)
                    .ok_or_else(impossible)?;
            }
            BlockForm::Bottleneck => {
                let width = if is_up { from } else { to }.div_ceil(4);
                path.convolve(("conv1", "bn1", "conv3"), (width, 1, 1), inner).ok_or_else(impossible)?;
                path.convolve(("conv2", "bn2", "conv2"), (width, 3, self.stride), inner)
                    .ok_or_else(impossible)?;
                path.convolve(("conv3", "bn3", "conv1"), (to, 1, 1), Activation::Linear)
                    .ok_or_else(impossible)?;
            }
        }
        let (main, end) = (path.parts.len(), path.shape);
        if from != to || self.stride != 1 {
            path.shape = input;
            let stride = if is_up { 1 } else { self.stride };
            let names = if is_up {
                ("upsample.0", "upsample.1", "downsample.0")
            } else {
                ("downsample.0", "downsample.1", "upsample.0")
            };
            path.convolve(names, (to, 1, stride), Activation::Linear).ok_or_else(impossible)?;
            path.parts[main].skips = main;
            if is_up {
                path.enlarge(end).ok_or_else(impossible)?;
            }
        }
        let shortcut = path.parts.len() - main;
        let activation = self.activation;
        path.push("add", StageKind::Add { main, shortcut, activation }, end, Cost::default(), None);
        Ok(path.parts)
    }
}

/// The computations of a block so far.
struct Path {
    block: Residual,
    /// Output shape of the last one.
    shape: Shape,
    parts: Vec<Part>,
}

impl Path {
    fn push(
        &mut self,
        name: &'static str,
        kind: StageKind,
        output: Shape,
        cost: Cost,
        undoes: Option<&'static str>,
    ) {
        self.parts.push(Part { name, kind, output, cost, skips: 0, undoes });
        self.shape = output;
    }

    /// A convolution to `channels` channels, with a kernel and a stride, and its norm; `None` if
    /// the output would be empty. A norm has its own shift, so the convolution before it has no
    /// bias.
    fn convolve(
        &mut self,
        (name, norm_name, undoes): (&'static str, &'static str, &'static str),
        (channels, kernel, stride): (usize, usize, usize),
        function: Activation,
    ) -> Option<()> {
        let Shape::Image { height, width, channels: from } = self.shape else { return None };
        let (sides, padding) = ((height, width), Padding::Pixels(kernel / 2));
        let norm = match self.block.norm {
            BlockNorm::None => None,
            BlockNorm::Batch => Some(Norm::Batch),
            BlockNorm::Group { groups } => Some(Norm::Group { groups: common_divisor(groups, channels) }),
        };
        let activation = if norm.is_some() { Activation::Linear } else { function };
        let (groups, has_bias) = (1, norm.is_none());
        let (window, kind, sides) = match self.block.direction {
            Direction::Down => {
                let window = Window::over(sides, kernel, stride, padding)?;
                (window, StageKind::Conv { window, groups, has_bias, activation }, window.small)
            }
            Direction::Up { output_padding } => {
                let extra =
                    if stride > 1 { output_padding.unwrap_or((stride - 1, stride - 1)) } else { (0, 0) };
                let window = Window::under(sides, kernel, stride, padding, extra)?;
                (window, StageKind::ConvTranspose { window, groups, has_bias, activation }, window.large)
            }
        };
        if sides.0 > MOST_SIDE || sides.1 > MOST_SIDE {
            return None;
        }
        let product = |sizes: &[usize]| sizes.iter().fold(1_u64, |all, &one| all.saturating_mul(one as u64));
        let weights = product(&[kernel, kernel, from, channels]);
        let macs = weights.saturating_mul(product(&[window.small.0, window.small.1]));
        let own = if has_bias { channels as u64 } else { 0 };
        let output = Shape::Image { height: sides.0, width: sides.1, channels };
        self.push(name, kind, output, Cost { weights, own, macs }, Some(undoes));
        if let Some(norm) = norm {
            let cost = Cost { own: (channels as u64).saturating_mul(2), ..Cost::default() };
            self.push(norm_name, StageKind::Norm { norm, activation: function }, output, cost, None);
        }
        Some(())
    }

    /// Repeats pixels up to the size of `end`; `None` if that is too large.
    fn enlarge(&mut self, end: Shape) -> Option<()> {
        let (factor, Shape::Image { height, width, channels }) = (self.block.stride, self.shape) else {
            return None;
        };
        if factor > 1 {
            let (height, width) = (height.saturating_mul(factor), width.saturating_mul(factor));
            if height > MOST_SIDE || width > MOST_SIDE {
                return None;
            }
            let output = Shape::Image { height, width, channels };
            self.push("upsample.2", StageKind::Upsample { factor }, output, Cost::default(), None);
        }
        if self.shape != end {
            self.push("upsample.3", StageKind::CropOrPad, end, Cost::default(), None);
        }
        Some(())
    }
}

/// The largest number that divides both.
fn common_divisor(a: usize, b: usize) -> usize {
    if b == 0 { a.max(1) } else { common_divisor(b, a % b) }
}
