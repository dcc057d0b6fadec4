//! Finite differences and thread identity: what the tests of kernels share.

use std::rc::Rc;

use super::tape::{Recorder, Root};
use super::threads::Threads;
use super::variable::{Grads, Node, Variable, Write, gradients};
use crate::dataset::random::{Purpose, Stream};

/// Step of the central differences: large enough that the rounding of `f32` (1e-7 of the value) stays below 1e-4.
const STEP: f32 = 1e-2;

/// A node of random values, `scale` times standard normal.
pub(super) fn random_node(rows: usize, columns: usize, seed: u64, scale: f32) -> Node {
    let stream = Stream::new(seed, Purpose::Synthetic, 0, 0);
    let node = Variable::zeros(rows, columns).expect("small");
    for (position, value) in (0..).zip(node.borrow_mut().values_mut()) {
        *value = scale * stream.normal(position);
    }
    node
}

/// `Σ c y` over the first `rows` rows with fixed random `c`: turns any output into a scalar with a known gradient.
pub(super) fn project(y: &Node, rows: usize, seed: u64, recorder: &mut Recorder) -> f64 {
    let stream = Stream::new(seed, Purpose::Probe, 0, 0);
    let len = rows * y.borrow().columns();
    let node = Rc::clone(y);
    recorder.push(move |grads| {
        let node = node.borrow();
        let [gradient] = gradients(grads, [&node])?;
        let adds = node.claim_gradient() == Write::Add;
        for (position, gradient) in (0..).zip(&mut gradient[..len]) {
            *gradient = stream.normal(position) + if adds { *gradient } else { 0.0 };
        }
        Ok(())
    });
    let y = y.borrow();
    (0..).zip(&y.values()[..len]).map(|(i, &y)| f64::from(stream.normal(i)) * f64::from(y)).sum()
}

/// Gradients of the first `rows` rows of each of `inputs`, after `loss` ran forwards and backwards. All buffers hold
/// not-a-number before, so that what is read unwritten shows.
pub(super) fn backward(
    inputs: &[(&Node, usize)],
    others: &[&Node],
    loss: &mut dyn FnMut(&mut Recorder) -> f64,
) -> Vec<Vec<f32>> {
    let root = Root::new().expect("a scalar");
    let mut grads = Grads::leaky();
    for node in inputs.iter().map(|(node, _)| node).chain(others) {
        node.borrow().begin_step();
        let [gradient] = gradients(&mut grads, [&node.borrow()]).expect("small");
        gradient.fill(f32::NAN);
    }
    let mut recorder = Recorder::recording(&root, grads);
    loss(&mut recorder);
    let mut grads = recorder.backward(&root).expect("small").expect("recorded");
    let of = |&(node, rows): &(&Node, usize)| {
        let [gradient] = gradients(&mut grads, [&node.borrow()]).expect("small");
        gradient[..rows * node.borrow().columns()].to_vec()
    };
    inputs.iter().map(of).collect()
}

/// Compares the gradient of `loss` with central differences for every value in the first `rows` rows of each input, within
/// `tolerance · (1 + |derivative|)`; then once more with a second use of each input, whose gradient must add. `others` are the
/// nodes between.
pub(super) fn check_gradients(
    inputs: &[(&Node, usize)],
    others: &[&Node],
    tolerance: f64,
    loss: &mut dyn FnMut(&mut Recorder) -> f64,
) {
    let exact = backward(inputs, others, loss);
    for (input, (&(node, _), exact)) in inputs.iter().zip(&exact).enumerate() {
        for (index, &exact) in exact.iter().enumerate() {
            let mut at = |x: f32| {
                node.borrow_mut().values_mut()[index] = x;
                (f64::from(x), loss(&mut Recorder::idle()))
            };
            let x = node.borrow().values()[index];
            let ((right, above), (left, below)) = (at(x + STEP), at(x - STEP));
            node.borrow_mut().values_mut()[index] = x;
            let numeric = (above - below) / (right - left);
            let error = (f64::from(exact) - numeric).abs();
            assert!(
                error <= tolerance * (1.0 + numeric.abs()),
                "input {input}, value {index}: {exact} by the tape, {numeric} by differences"
            );
        }
    }
    let twice = backward(inputs, others, &mut |recorder| {
        let value = loss(recorder);
        inputs.iter().map(|(node, rows)| project(node, *rows, 77, recorder)).sum::<f64>() + value
    });
    let stream = Stream::new(77, Purpose::Probe, 0, 0);
    for (exact, twice) in exact.iter().zip(&twice) {
        for (position, (exact, twice)) in (0..).zip(exact.iter().zip(twice)) {
            let expected = exact + stream.normal(position);
            assert!((twice - expected).abs() <= 1e-5 * (1.0 + expected.abs()), "{twice} is not {expected}");
        }
    }
}

/// Whether `run` gives the same bits on 1, 2 and 3 threads. Its work must be large enough to fork.
pub(super) fn check_threads(run: impl Fn(&Rc<Threads>) -> Vec<f32>) {
    let bits = |count| {
        let values = run(&Rc::new(Threads::new(count)));
        assert!(values.iter().all(|value| value.is_finite()));
        values.iter().map(|value| value.to_bits()).collect::<Vec<u32>>()
    };
    let one = bits(1);
    assert!(bits(2) == one && bits(3) == one);
}
