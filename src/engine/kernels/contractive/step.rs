//! The layers of an encoder, taken apart into linear maps.

use std::ops::Range;
use std::rc::Rc;

use super::factor::{Factor, Kind};
use super::indexed::Indexed;
use super::kernel::Kernel;
use super::normed::Normed;
use super::stage::Stage;
use super::weights::Weights;
use crate::engine::EngineError;
use crate::engine::kernels::apply::Apply;
use crate::engine::kernels::batch_norm::BatchNorm;
use crate::engine::kernels::conv::Conv;
use crate::engine::kernels::dense::Dense;
use crate::engine::kernels::dropout::Dropout;
use crate::engine::kernels::layer_norm::LayerNorm;
use crate::engine::kernels::permute::Permute;
use crate::engine::kernels::pool::Pool;
use crate::engine::kernels::upsample::Upsample;
use crate::engine::kernels::variable::Node;
use crate::project::Activation;

/// One operation between the input and the code, in the order of the forward pass.
#[derive(Clone)]
pub enum Step {
    /// A dense layer with its activation.
    Dense(Rc<Dense>),
    /// A convolution, or a transposed one, with its activation.
    Conv(Rc<Conv>),
    /// Pooling; the largest values are those of the forward pass.
    Pool(Rc<Pool>),
    /// Nearest-neighbour upsampling.
    Upsample(Rc<Upsample>),
    /// A change of order.
    Permute(Rc<Permute>),
    /// An activation alone.
    Apply(Rc<Apply>),
    /// A batch norm with its activation; the statistics it used last are constants.
    BatchNorm(Rc<BatchNorm>),
    /// A layer norm with its activation.
    LayerNorm(Rc<LayerNorm>),
    /// A dropout with the mask of the step.
    Dropout {
        /// The layer.
        dropout: Rc<Dropout>,
        /// Its place in the network, for which its random numbers were drawn.
        index: usize,
    },
    /// A mask, rows × features, that the forward pass left: the kept entries of a k-sparse code.
    Mask(Node),
    /// Some of the columns alone: the means of a variational head.
    Columns {
        /// Number of columns before.
        of: usize,
        /// Those that go on.
        range: Range<usize>,
    },
    /// An elementwise function whose output is `y`, with what it was applied to where its derivative needs that
    /// (`activation::needs_sums`); for codes with an operation of their own.
    Function {
        /// The function.
        activation: Activation,
        /// Output: rows × features.
        y: Node,
        /// What it was applied to, of the same size.
        sums: Option<Node>,
    },
}

impl Step {
    /// Appends its linear maps.
    pub(super) fn take_apart(&self, stages: &mut Vec<Stage>) -> Result<(), EngineError> {
        match self {
            Step::Dense(dense) => {
                stages.push(Stage::Weights(Weights::new(Rc::clone(dense.weight()), dense.is_tied())));
                push_slope(dense.activation(), dense.output(), dense.sums(), stages)
            }
            Step::Conv(conv) => {
                stages.push(Stage::Kernel(Kernel::new(conv)));
                push_slope(conv.activation(), conv.output(), conv.sums(), stages)
            }
            Step::Pool(pool) => {
                stages.push(Stage::Indexed(Indexed::pool(pool)?));
                Ok(())
            }
            Step::Upsample(upsample) => {
                stages.push(Stage::Indexed(Indexed::upsample(upsample)?));
                Ok(())
            }
            Step::Permute(permute) => {
                stages.push(Stage::Indexed(Indexed::permute(permute)?));
                Ok(())
            }
            Step::Apply(apply) => push_slope(apply.activation, &apply.y, Some(&apply.x), stages),
            Step::BatchNorm(norm) => {
                stages.push(Stage::Factor(Factor::new(Kind::Norm(Rc::clone(norm)))?));
                push_slope(norm.parts().activation, &norm.parts().y, norm.sums(), stages)
            }
            Step::LayerNorm(norm) => {
                stages.push(Stage::Normed(Box::new(Normed::new(Rc::clone(norm)))));
                push_slope(norm.parts().activation, &norm.parts().y, norm.sums(), stages)
            }
            Step::Dropout { dropout, index } => {
                let kind = Kind::Dropout { dropout: Rc::clone(dropout), index: *index };
                stages.push(Stage::Factor(Factor::new(kind)?));
                Ok(())
            }
            Step::Mask(mask) => {
                stages.push(Stage::Factor(Factor::new(Kind::Mask(Rc::clone(mask)))?));
                Ok(())
            }
            Step::Columns { of, range } => {
                stages.push(Stage::Indexed(Indexed::part(*of, range.clone())?));
                Ok(())
            }
            Step::Function { activation, y, sums } => push_slope(*activation, y, sums.as_ref(), stages),
        }
    }
}

fn push_slope(
    activation: Activation,
    y: &Node,
    sums: Option<&Node>,
    stages: &mut Vec<Stage>,
) -> Result<(), EngineError> {
    if activation != Activation::Linear {
        let kind = Kind::Slope { activation, y: Rc::clone(y), sums: sums.map(Rc::clone) };
        stages.push(Stage::Factor(Factor::new(kind)?));
    }
    Ok(())
}
