//! Test helpers for kernels: `PyTorch`'s values from files, gradients through a short tape, finite
//! differences, and identical bits on any number of threads.

use std::rc::Rc;

use safetensors::{Dtype, SafeTensors};

use super::draw::Draw;
use super::operation::Operation;
use super::pass::{Mode, Moment, Pass};
use super::tape::{Recorder, Root};
use super::threads::Threads;
use super::variable::{Grads, Node, Variable, Write, gradients};
use crate::dataset::random::{Purpose, Stream};

/// Step of the central differences: large enough that the rounding of `f32` (1e-7 of the value)
/// stays below 1e-4.
const STEP: f32 = 1e-2;

/// A file in `tests/reference`, written by the scripts there.
pub struct File {
    bytes: Vec<u8>,
}

/// One tensor of a file.
pub struct Stored {
    pub shape: Vec<usize>,
    pub values: Vec<f32>,
}

impl File {
    pub fn open(name: &str) -> File {
        let path = format!("{}/tests/reference/{name}.safetensors", env!("CARGO_MANIFEST_DIR"));
        File { bytes: std::fs::read(path).expect("the file is part of the sources") }
    }

    fn tensors(&self) -> SafeTensors<'_> {
        SafeTensors::deserialize(&self.bytes).expect("written by safetensors")
    }

    /// Names of all cases.
    pub fn cases(&self) -> Vec<String> {
        let tensors = self.tensors();
        let mut cases: Vec<String> =
            tensors.names().iter().filter_map(|name| name.split('/').next()).map(str::to_owned).collect();
        cases.sort();
        cases.dedup();
        assert!(!cases.is_empty());
        cases
    }

    pub fn tensor(&self, case: &str, name: &str) -> Stored {
        let tensors = self.tensors();
        let view = tensors.tensor(&format!("{case}/{name}")).expect(name);
        assert_eq!(view.dtype(), Dtype::F32);
        let values =
            view.data().chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
        Stored { shape: view.shape().to_vec(), values }
    }

    pub fn config(&self, case: &str) -> Vec<i32> {
        let tensors = self.tensors();
        let view = tensors.tensor(&format!("{case}/config")).expect("config");
        assert_eq!(view.dtype(), Dtype::I32);
        view.data().chunks_exact(4).map(|b| i32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
    }
}

impl Stored {
    /// Channels last: NCHW becomes NHWC and OIHW (output, row, column, input); matrices are
    /// unchanged.
    pub fn channels_last(&self) -> Vec<f32> {
        let [outer, channels, height, width] = self.shape[..] else { return self.values.clone() };
        let pixels = height * width;
        (0..outer * pixels * channels)
            .map(|index| {
                let (channel, rest) = (index % channels, index / channels);
                self.values[(rest / pixels * channels + channel) * pixels + rest % pixels]
            })
            .collect()
    }

    /// A node with one row for each entry of the first axis, channels last.
    pub fn node(&self) -> Node {
        let rows = self.shape[0];
        node(rows, self.values.len() / rows, &self.channels_last())
    }

    /// A node with a single row.
    pub fn row(&self) -> Node {
        node(1, self.values.len(), &self.values)
    }

    /// Height and width.
    pub fn sides(&self) -> (usize, usize) {
        (self.shape[2], self.shape[3])
    }
}

pub fn node(rows: usize, columns: usize, values: &[f32]) -> Node {
    let node = Variable::zeros(rows, columns).expect("small");
    node.borrow_mut().values_mut().copy_from_slice(values);
    node
}

/// Standard normal numbers.
pub fn normals(len: usize, seed: u64) -> Vec<f32> {
    let stream = Stream::new(seed, Purpose::Synthetic, 0, 0);
    (0..len as u64).map(|position| stream.normal(position)).collect()
}

pub fn random_node(rows: usize, columns: usize, seed: u64) -> Node {
    scaled_node(rows, columns, seed, 1.0)
}

/// A node of random values, `scale` times standard normal.
pub fn scaled_node(rows: usize, columns: usize, seed: u64, scale: f32) -> Node {
    let values: Vec<f32> = normals(rows * columns, seed).iter().map(|value| scale * value).collect();
    node(rows, columns, &values)
}

/// Node of zeros.
pub fn empty_node(rows: usize, columns: usize) -> Node {
    node(rows, columns, &vec![0.0; rows * columns])
}

/// Asserts that `ours` equals `expected` within `tolerance` times the largest expected value.
pub fn assert_close(ours: &[f32], expected: &[f32], tolerance: f32, what: &str) {
    assert_eq!(ours.len(), expected.len(), "{what}");
    let scale = expected.iter().fold(1e-3_f32, |most, value| most.max(value.abs()));
    for (index, (ours, expected)) in ours.iter().zip(expected).enumerate() {
        let is_close = (ours - expected).abs() <= tolerance * scale;
        assert!(is_close, "{what}: value {index} is {ours}, not {expected} (scale {scale})");
    }
}

/// A pass without noise.
pub fn pass(rows: usize, threads: usize) -> Pass {
    Pass::new(rows, Mode::Use, &Rc::new(Threads::new(threads)))
}

/// The mode of one training step.
pub fn training(seed: u64, step: u64) -> Mode {
    Mode::Train(Moment { draw: Draw { seed, step }, epochs: 0.0, share: 0.0 })
}

/// Runs a forward pass on some threads and records its backward pass.
pub type Forward<'a> = &'a dyn Fn(&Rc<Threads>, &mut Recorder);

/// Runs `rows` rows of an operation, without noise.
pub fn recorded<O: Operation + 'static>(
    operation: &Rc<O>,
    rows: usize,
) -> impl Fn(&Rc<Threads>, &mut Recorder) {
    recorded_in(Mode::Use, operation, rows)
}

/// Runs `rows` rows of an operation in some mode.
pub fn recorded_in<O: Operation + 'static>(
    mode: Mode,
    operation: &Rc<O>,
    rows: usize,
) -> impl Fn(&Rc<Threads>, &mut Recorder) {
    move |threads, recorder| recorder.run(operation, &Pass::new(rows, mode, threads))
}

/// Records `Σ c y` over the first `rows` rows with fixed random `c`: this turns any output into a
/// scalar with a known gradient.
pub fn project(y: &Node, rows: usize, seed: u64, recorder: &mut Recorder) -> f64 {
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

/// Records that the gradient of the first values of `y` is `dy`; returns 0.
pub fn seed(y: &Node, dy: &[f32], recorder: &mut Recorder) -> f64 {
    let (y, dy) = (Rc::clone(y), dy.to_vec());
    recorder.push(move |grads| {
        let y = y.borrow();
        let _ = y.claim_gradient();
        let [gradient] = gradients(grads, [&y])?;
        gradient[..dy.len()].copy_from_slice(&dy);
        Ok(())
    });
    0.0
}

/// Gradients of the first `rows` rows of each of `inputs`, after `loss` ran forward and backward.
/// All buffers are NaN before, so that reading an unwritten value shows.
pub fn backward(
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

/// The gradients of `of` if that of `y` is `dy`.
pub fn gradients_of(
    forward: Forward<'_>,
    y: &Node,
    dy: &[f32],
    of: &[&Node],
    threads: usize,
) -> Vec<Vec<f32>> {
    let threads = Rc::new(Threads::new(threads));
    let gradients = backward(&whole(of), &[y], &mut |recorder| {
        forward(&threads, recorder);
        seed(y, dy, recorder)
    });
    assert!(of.iter().all(|node| node.borrow().has_gradient()));
    gradients
}

/// Every row of some nodes.
fn whole<'a>(nodes: &[&'a Node]) -> Vec<(&'a Node, usize)> {
    nodes.iter().map(|node| (*node, node.borrow().values().len() / node.borrow().columns())).collect()
}

/// Compares the gradient of `loss` with central differences for every value in the first `rows`
/// rows of each input, within `tolerance · (1 + |derivative|)`; then again with a second use of
/// each input, whose gradient must be added. `others` are the nodes in between. Returns the
/// gradients.
pub fn check_loss_gradients(
    inputs: &[(&Node, usize)],
    others: &[&Node],
    tolerance: f64,
    loss: &mut dyn FnMut(&mut Recorder) -> f64,
) -> Vec<Vec<f32>> {
    let all = backward(inputs, others, loss);
    for (input, (&(node, _), exact)) in inputs.iter().zip(&all).enumerate() {
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
    for (exact, twice) in all.iter().zip(&twice) {
        for (position, (exact, twice)) in (0..).zip(exact.iter().zip(twice)) {
            let expected = exact + stream.normal(position);
            assert!((twice - expected).abs() <= 1e-5 * (1.0 + expected.abs()), "{twice} is not {expected}");
        }
    }
    all
}

/// [`check_loss_gradients`] for an operation with the output `y`; every input must affect it.
pub fn check_gradients(forward: Forward<'_>, y: &Node, of: &[&Node], what: &str) {
    let threads = Rc::new(Threads::new(1));
    let [(_, rows)] = whole(&[y])[..] else { unreachable!("one node") };
    let all = check_loss_gradients(&whole(of), &[y], 2e-3, &mut |recorder| {
        forward(&threads, recorder);
        project(y, rows, 99, recorder)
    });
    for (number, gradient) in all.iter().enumerate() {
        assert!(gradient.iter().any(|value| value.abs() > 1e-3), "{what}: input {number} has no influence");
    }
}

/// Asserts that `run` gives the same bits on 1, 2 and 3 threads. Its work must be large enough to
/// fork.
pub fn check_bits(run: impl Fn(&Rc<Threads>) -> Vec<f32>) {
    same_bits(|threads| run(&Rc::new(Threads::new(threads))));
}

/// [`check_bits`] for an operation with the output `y`: compares the output and the gradients of
/// `of`.
pub fn check_threads(forward: Forward<'_>, y: &Node, of: &[&Node]) {
    let dy = normals(y.borrow().values().len(), 98);
    same_bits(|threads| {
        y.borrow_mut().values_mut().fill(f32::NAN);
        let mut all = gradients_of(forward, y, &dy, of, threads).concat();
        all.extend(y.borrow().values());
        all
    });
}

fn same_bits(run: impl Fn(usize) -> Vec<f32>) {
    let bits = |threads| {
        let values = run(threads);
        assert!(values.iter().all(|value| value.is_finite()));
        values.iter().map(|value| value.to_bits()).collect::<Vec<u32>>()
    };
    let one = bits(1);
    assert!(bits(2) == one && bits(3) == one);
}
