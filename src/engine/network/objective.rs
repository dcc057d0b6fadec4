//! The loss of a design as operations: the reconstruction loss and the regularizers.

use std::rc::Rc;

use crate::check::Plan;
use crate::engine::EngineError;
use crate::engine::code_layer::CodeLayer;
use crate::engine::kernels::jacobian::Chain;
use crate::engine::kernels::loss::{self, Comparison, LossWeights};
use crate::engine::kernels::operation::Operation;
use crate::engine::kernels::quantiser::VarianceTerm;
use crate::engine::kernels::variable::{Node, Variable};
use crate::engine::layers::Builder;
use crate::engine::parameter::Role;
use crate::engine::terms::Penalised;
use crate::project::{Loss, Place, Site, Variance};

/// The comparison of a design's loss, with its learned values.
pub(super) fn comparison(builder: &mut Builder<'_>, loss: Loss) -> Result<Comparison, EngineError> {
    Ok(match loss {
        Loss::SquaredError => Comparison::SquaredError,
        Loss::BinaryCrossEntropy => Comparison::BinaryCrossEntropy,
        Loss::AbsoluteError => Comparison::AbsoluteError,
        Loss::Huber { delta } => Comparison::Huber { delta },
        Loss::Gaussian { variance: Variance::Fixed { std } } => {
            Comparison::Gaussian(loss::Variance::Fixed { std })
        }
        Loss::Gaussian { variance: Variance::Learned } => {
            let log_variance = builder.loss_array("log_variance")?;
            Comparison::Gaussian(loss::Variance::Learned { log_variance })
        }
    })
}

/// Memory for the weights of values and features, if a design has any; those of features are 1.
pub(super) fn loss_weights(plan: &Plan, capacity: usize) -> Result<LossWeights, EngineError> {
    let (design, features) = (plan.design(), plan.shape().features());
    let zeros = |is_wanted: bool, rows: usize| is_wanted.then(|| Variable::zeros(rows, features)).transpose();
    let weights = LossWeights {
        values: zeros(design.data.masks_missing(), capacity)?,
        features: zeros(design.weighs_features(), 1)?,
    };
    if let Some(node) = &weights.features {
        node.borrow_mut().values_mut().fill(1.0);
    }
    Ok(weights)
}

/// The variance of the reconstruction, if the decoder is given the distributions of the quantisers'
/// choices.
pub(super) fn variance(
    builder: &Builder<'_>,
    code_layer: &CodeLayer,
    code: &Node,
) -> Result<Option<(Rc<VarianceTerm>, f32)>, EngineError> {
    let (Some(choices), Loss::Gaussian { variance: Variance::Fixed { std } }) =
        (code_layer.expected_choices(), builder.design().loss)
    else {
        return Ok(None);
    };
    // The linear decoder is a single stage: the output's, or the one layer of a free decoder.
    let weight = builder.parameters.iter().rev().find(|parameter| parameter.role == Role::Weight);
    let Some(weight) = weight else { return Ok(None) };
    let term = VarianceTerm::new(Rc::clone(code), Rc::clone(&weight.node), choices)?;
    Ok(Some((term, 0.5 / (std * std))))
}

/// The regularizers of a design, once encoder and code are built.
pub(super) fn penalties(
    builder: &Builder<'_>,
    code_layer: &CodeLayer,
    input: &Node,
    capacity: usize,
) -> Result<Vec<Penalised>, EngineError> {
    // A layer that changes nothing, such as flattening a row, has the output of the layer before
    // it.
    let output_of = |index: usize| {
        let is_before = |place: Place| matches!(place, Place::Encoder(layer) if layer <= index);
        builder.outputs.iter().rev().find(|(place, _)| is_before(*place)).map_or(input, |(_, node)| node)
    };
    let node = |site: Site| match site {
        Site::Code => Rc::clone(&builder.last),
        Site::Encoder(index) => Rc::clone(output_of(index)),
    };
    Penalised::all(builder.design(), node, || jacobian_of_code(&builder.operations, code_layer), capacity)
}

/// The Jacobian of the code with respect to the input.
pub(super) fn jacobian_of_code(
    encoder: &[Rc<dyn Operation>],
    code_layer: &CodeLayer,
) -> Result<Chain, EngineError> {
    let mut chain = Chain::default();
    encoder.iter().try_for_each(|operation| {
        chain.begin_operation();
        Rc::clone(operation).linearise(&mut chain)
    })?;
    code_layer.linearise(&mut chain)?;
    Ok(chain)
}
