//! Elementwise activations and their derivatives.

use super::math;
use crate::project::Activation;

/// Adds a bias to a row of sums and applies the activation, in place; `pre` receives the sums where
/// the derivative needs them.
#[inline(always)]
pub fn forward_row(activation: Activation, bias: &[f32], row: &mut [f32], pre: Option<&mut [f32]>) {
    let sums = (bias, row, pre);
    match activation {
        Activation::Linear => map(
            sums,
            #[inline(always)]
            |a| a,
        ),
        Activation::Relu => map(
            sums,
            #[inline(always)]
            // Written so that −0 and −∞ become 0, and NaN stays NaN.
            |a| if a <= 0.0 { 0.0 } else { a },
        ),
        Activation::LeakyRelu => map(
            sums,
            #[inline(always)]
            |a| if a > 0.0 { a } else { 0.01 * a },
        ),
        Activation::Elu => map(
            sums,
            #[inline(always)]
            |a| if a > 0.0 { a } else { math::exp(a) - 1.0 },
        ),
        Activation::Gelu => map(
            sums,
            #[inline(always)]
            |a| a * math::normal_cdf(a),
        ),
        Activation::Silu => map(
            sums,
            #[inline(always)]
            |a| a * math::sigmoid(a),
        ),
        Activation::Sigmoid => map(sums, math::sigmoid),
        Activation::Tanh => map(sums, math::tanh),
        Activation::Softplus => map(sums, math::softplus),
    }
}

/// Multiplies the gradient of the outputs `y` by the derivative, in place, to give the gradient of
/// the sums. `pre` holds the sums where [`Activation::needs_sums`] says so.
#[inline(always)]
pub fn backward_row(activation: Activation, y: &[f32], pre: &[f32], gradient: &mut [f32]) {
    match activation {
        Activation::Linear => {}
        // Selected, not multiplied: an inactive unit passes no gradient, not even an infinite one.
        Activation::Relu => each(
            gradient,
            y,
            #[inline(always)]
            |g, y| if y <= 0.0 { 0.0 } else { g },
        ),
        Activation::LeakyRelu => scale(
            gradient,
            y,
            #[inline(always)]
            |y| if y > 0.0 { 1.0 } else { 0.01 },
        ),
        Activation::Elu => scale(
            gradient,
            y,
            #[inline(always)]
            |y| if y > 0.0 { 1.0 } else { y + 1.0 },
        ),
        Activation::Gelu => scale(
            gradient,
            pre,
            #[inline(always)]
            |a| math::normal_cdf(a) + a * math::normal_pdf(a),
        ),
        Activation::Silu => scale(
            gradient,
            pre,
            #[inline(always)]
            |a| {
                let s = math::sigmoid(a);
                s * (1.0 + a * (1.0 - s))
            },
        ),
        Activation::Sigmoid => scale(
            gradient,
            y,
            #[inline(always)]
            |y| y * (1.0 - y),
        ),
        Activation::Tanh => scale(
            gradient,
            y,
            #[inline(always)]
            |y| 1.0 - y * y,
        ),
        Activation::Softplus => scale(
            gradient,
            y,
            #[inline(always)]
            |y| 1.0 - math::exp(-y),
        ),
    }
}

/// Writes the derivative of the derivative f′ by the *output* y, which is f″ / f′: [`backward_row`]
/// turns it into f″ at the sums. Arguments as in [`backward_row`].
#[inline(always)]
pub fn curvature_row(activation: Activation, y: &[f32], pre: &[f32], out: &mut [f32]) {
    match activation {
        Activation::Linear | Activation::Relu | Activation::LeakyRelu => out.fill(0.0),
        Activation::Elu => put(
            out,
            y,
            #[inline(always)]
            |y| if y > 0.0 { 0.0 } else { 1.0 },
        ),
        Activation::Gelu => put(
            out,
            pre,
            #[inline(always)]
            |a| {
                let density = math::normal_pdf(a);
                ratio(density * (2.0 - a * a), math::normal_cdf(a) + a * density)
            },
        ),
        Activation::Silu => put(
            out,
            pre,
            #[inline(always)]
            |a| {
                let s = math::sigmoid(a);
                ratio(s * (1.0 - s) * (2.0 + a * (1.0 - 2.0 * s)), s * (1.0 + a * (1.0 - s)))
            },
        ),
        Activation::Sigmoid => put(
            out,
            y,
            #[inline(always)]
            |y| 1.0 - 2.0 * y,
        ),
        Activation::Tanh => put(
            out,
            y,
            #[inline(always)]
            |y| -2.0 * y,
        ),
        Activation::Softplus => put(
            out,
            y,
            #[inline(always)]
            |y| math::exp(-y),
        ),
    }
}

/// f″ / f′ where f′ can cross 0 (near a = −0.75 for GELU, −1.28 for SiLU): large enough to give f″
/// when multiplied by f′ again. Where f′ is exactly 0, at one number in millions, f″ is lost.
#[inline(always)]
fn ratio(second: f32, first: f32) -> f32 {
    if first.abs() < 1e-20 { 0.0 } else { second / first }
}

#[inline(always)]
fn put(out: &mut [f32], of: &[f32], f: impl Fn(f32) -> f32) {
    for (out, of) in out.iter_mut().zip(of) {
        *out = f(*of);
    }
}

/// Adds the bias and applies `f` in one pass. A separate pass in place would not vectorise for
/// `ReLU`, which changes only some of the values.
#[inline(always)]
fn map((bias, row, pre): (&[f32], &mut [f32], Option<&mut [f32]>), f: impl Fn(f32) -> f32) {
    let pairs = row.iter_mut().zip(bias);
    if let Some(pre) = pre {
        for ((value, bias), pre) in pairs.zip(pre) {
            *pre = *value + bias;
            *value = f(*pre);
        }
        return;
    }
    for (value, bias) in pairs {
        *value = f(*value + bias);
    }
}

#[inline(always)]
fn scale(gradient: &mut [f32], of: &[f32], derivative: impl Fn(f32) -> f32) {
    each(
        gradient,
        of,
        #[inline(always)]
        |g, value| g * derivative(value),
    );
}

#[inline(always)]
fn each(gradient: &mut [f32], of: &[f32], f: impl Fn(f32, f32) -> f32) {
    for (gradient, value) in gradient.iter_mut().zip(of) {
        *gradient = math::flushed(f(*gradient, *value), math::LEAST_GRADIENT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forward(activation: Activation, a: f32) -> f32 {
        let mut row = [a];
        forward_row(activation, &[0.0], &mut row, None);
        row[0]
    }

    #[test]
    fn values_equal_pytorch() {
        // torch 2.15, torch.nn.functional on the inputs −2, −0.5, 0.5, 2, in float64, printed to
        // seven digits.
        let inputs = [-2.0, -0.5, 0.5, 2.0];
        let expected = [
            (Activation::Linear, [-2.0, -0.5, 0.5, 2.0]),
            (Activation::Relu, [0.0, 0.0, 0.5, 2.0]),
            (Activation::LeakyRelu, [-0.02, -0.005, 0.5, 2.0]),
            (Activation::Elu, [-0.864_664_7, -0.393_469_3, 0.5, 2.0]),
            (Activation::Gelu, [-0.045_500_3, -0.154_268_8, 0.345_731_2, 1.954_499_7]),
            (Activation::Silu, [-0.238_405_8, -0.188_770_3, 0.311_229_7, 1.761_594_2]),
            (Activation::Sigmoid, [0.119_202_9, 0.377_540_7, 0.622_459_3, 0.880_797_1]),
            (Activation::Tanh, [-0.964_027_6, -0.462_117_2, 0.462_117_2, 0.964_027_6]),
            (Activation::Softplus, [0.126_928, 0.474_077, 0.974_077, 2.126_928]),
        ];
        assert_eq!(expected.map(|(activation, _)| activation), Activation::ALL);
        for (activation, outputs) in expected {
            for (input, output) in inputs.into_iter().zip(outputs) {
                let ours = forward(activation, input);
                assert!((ours - output).abs() < 1e-6, "{activation:?}({input}) = {ours}, not {output}");
            }
        }
    }

    #[test]
    fn derivatives_equal_finite_differences() {
        for activation in Activation::ALL {
            for a in [-3.0_f32, -1.1, -0.3, 0.2, 0.9, 2.5] {
                let h = 1e-2;
                let numeric = (forward(activation, a + h) - forward(activation, a - h)) / (2.0 * h);
                let mut gradient = [1.0];
                backward_row(activation, &[forward(activation, a)], &[a], &mut gradient);
                assert!(
                    (gradient[0] - numeric).abs() < 2e-4,
                    "{activation:?}'({a}): {} {numeric}",
                    gradient[0]
                );
            }
        }
    }

    #[test]
    fn curvatures_arrive_as_second_derivatives() {
        // At and near the zeros of the derivatives of GELU and SiLU.
        let points = [-4.0, -3.0, -1.278_47, -1.278_46, -0.7518, -0.751_78, -0.3, 0.2, 0.9, 2.5];
        for activation in Activation::ALL {
            let slope = |a: f32| {
                let mut gradient = [1.0];
                backward_row(activation, &[forward(activation, a)], &[a], &mut gradient);
                gradient[0]
            };
            let mut largest = 0.0_f32;
            for a in points {
                let h = 1e-2;
                let numeric = (slope(a + h) - slope(a - h)) / (2.0 * h);
                let (y, mut gradient) = ([forward(activation, a)], [f32::NAN]);
                curvature_row(activation, &y, &[a], &mut gradient);
                backward_row(activation, &y, &[a], &mut gradient);
                assert!(
                    (gradient[0] - numeric).abs() < 2e-4,
                    "{activation:?}''({a}): {gradient:?} {numeric}"
                );
                largest = largest.max(gradient[0].abs());
            }
            assert_eq!(largest > 0.0, activation.is_curved(), "{activation:?}");
        }
    }

    #[test]
    fn saturated_units_have_no_subnormal_gradient() {
        let mut gradient = [1e-17, 1e-3];
        backward_row(Activation::Sigmoid, &[1e-25, 1e-3], &[0.0; 2], &mut gradient);
        assert!(gradient[0] == 0.0 && gradient[1] > 0.0, "{gradient:?}");
    }

    #[test]
    fn rectifiers_treat_the_ends_and_the_middle_as_pytorch_does() {
        // torch 2.15: relu, leaky_relu and their gradients for an output gradient of 2. PyTorch's
        // relu gives −0 or 0 depending on the kernel; here it is always 0.
        const INF: f32 = f32::INFINITY;
        const NAN: f32 = f32::NAN;
        let inputs = [-INF, -1.0, -0.0, 0.0, 1.0, INF, NAN];
        let cases = [
            (Activation::Relu, [0.0, 0.0, 0.0, 0.0, 1.0, INF, NAN], [0.0, 0.0, 0.0, 0.0, 2.0, 2.0, 2.0]),
            (
                Activation::LeakyRelu,
                [-INF, -0.01, -0.0, 0.0, 1.0, INF, NAN],
                [0.02, 0.02, 0.02, 0.02, 2.0, 2.0, 0.02],
            ),
        ];
        for (activation, outputs, slopes) in cases {
            for ((a, output), slope) in inputs.into_iter().zip(outputs).zip(slopes) {
                // A long row as well, to test the vectorised loop.
                for len in [1, 37] {
                    let mut row = vec![a; len];
                    // A bias of −0 keeps −0.
                    forward_row(activation, &vec![-0.0; len], &mut row, None);
                    let same = |y: &f32| y.to_bits() == output.to_bits() || y.is_nan() && output.is_nan();
                    assert!(row.iter().all(same), "{activation:?}({a}) = {row:?}, not {output}");
                    let mut gradient = vec![2.0; len];
                    backward_row(activation, &row, &row, &mut gradient);
                    assert!(gradient.iter().all(|g| *g == slope), "{activation:?}'({a}) = {gradient:?}");
                }
            }
        }
        let mut gradient = [INF, NAN];
        backward_row(Activation::Relu, &[0.0, 0.0], &[0.0; 2], &mut gradient);
        assert_eq!(gradient, [0.0, 0.0], "a unit that is off lets nothing through");
    }

    #[test]
    fn not_a_number_passes_through() {
        for activation in Activation::ALL {
            assert!(forward(activation, f32::NAN).is_nan(), "{activation:?}");
        }
    }
}
