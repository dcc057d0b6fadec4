//! What the tests of operations on pictures share: `PyTorch`'s values from files, gradients through a tape of one operation,
//! finite differences.

use std::rc::Rc;

use safetensors::{Dtype, SafeTensors};

use super::tape::{Recorder, Root};
use super::threads::Threads;
use super::variable::{Node, Variable, gradients};
use crate::dataset::random::{Purpose, Stream};

/// A file of `tests/reference`; the scripts there made them.
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
    /// Channels last: NCHW becomes NHWC and OIHW (output, row, column, input); a matrix stays what it is.
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
    node(rows, columns, &normals(rows * columns, seed))
}

/// Node of zeros.
pub fn empty_node(rows: usize, columns: usize) -> Node {
    node(rows, columns, &vec![0.0; rows * columns])
}

/// One operation: pushes itself on the recorder.
pub type Operation<'a> = &'a dyn Fn(&Rc<Threads>, &mut Recorder);

/// Runs the operation forward and back from the gradient `dy` of `y`; the gradients of `of`.
pub fn gradients_of(
    operation: Operation<'_>,
    y: &Node,
    dy: &[f32],
    of: &[&Node],
    threads: usize,
) -> Vec<Vec<f32>> {
    let root = Root::new().expect("small");
    let threads = Rc::new(Threads::new(threads));
    // What an earlier step left must not matter.
    let mut grads = Grads::leaky();
    for node in of {
        let [gradient] = gradients(&mut grads, [&node.borrow()]).expect("small");
        gradient.fill(f32::NAN);
    }
    for node in of.iter().chain([&y]) {
        node.borrow().begin_step();
    }
    let mut recorder = Recorder::recording(&root, grads);
    operation(&threads, &mut recorder);
    let (end, dy) = (Rc::clone(y), dy.to_vec());
    recorder.push(move |grads| {
        let [gradient] = gradients(grads, [&end.borrow()])?;
        gradient.copy_from_slice(&dy);
        Ok(())
    });
    let mut grads = recorder.backward(&root).expect("small").expect("was recording");
    of.iter()
        .map(|node| {
            assert!(node.borrow().has_gradient());
            let [gradient] = gradients(&mut grads, [&node.borrow()]).expect("small");
            gradient.to_vec()
        })
        .collect()
}

/// Asserts that `ours` equals `expected` within `tolerance` of the largest value expected.
pub fn assert_close(ours: &[f32], expected: &[f32], tolerance: f32, what: &str) {
    assert_eq!(ours.len(), expected.len(), "{what}");
    let scale = expected.iter().fold(1e-3_f32, |most, value| most.max(value.abs()));
    for (index, (ours, expected)) in ours.iter().zip(expected).enumerate() {
        let is_close = (ours - expected).abs() <= tolerance * scale;
        assert!(is_close, "{what}: value {index} is {ours}, not {expected} (scale {scale})");
    }
}

/// Compares gradients with central differences of `Σ dy · y` (in f64) for a random `dy`, entry by entry, and sees that a
/// second use of a node adds to its gradient instead of overwriting it. Tolerance: 2e-3 of the largest entry.
pub fn check_gradients(operation: Operation<'_>, y: &Node, of: &[&Node], what: &str) {
    let dy = normals(y.borrow().values().len(), 99);
    let threads = Rc::new(Threads::new(1));
    let loss = || {
        operation(&threads, &mut Recorder::idle());
        let y = y.borrow();
        y.values().iter().zip(&dy).map(|(y, dy)| f64::from(*y) * f64::from(*dy)).sum::<f64>()
    };
    let analytic = gradients_of(operation, y, &dy, of, 1);
    for (number, (node, gradient)) in of.iter().zip(&analytic).enumerate() {
        let h = 1e-2;
        let numeric: Vec<f32> = (0..gradient.len())
            .map(|index| {
                let value = node.borrow().values()[index];
                let at = |value: f32| {
                    node.borrow_mut().values_mut()[index] = value;
                    (f64::from(value), loss())
                };
                let (right, left) = (at(value + h), at(value - h));
                at(value);
                ((right.1 - left.1) / (right.0 - left.0)) as f32
            })
            .collect();
        assert!(numeric.iter().any(|value| value.abs() > 1e-3), "{what}: input {number} has no influence");
        assert_close(gradient, &numeric, 2e-3, &format!("{what}: input {number}"));
    }
    // The seed of the gradients has to run before the operation's way back, so it is recorded after it.
    let added = {
        let seeded = |threads: &Rc<Threads>, recorder: &mut Recorder| {
            operation(threads, recorder);
            let nodes: Vec<Node> = of.iter().map(|node| Rc::clone(node)).collect();
            recorder.push(move |grads| {
                for node in &nodes {
                    let [gradient] = gradients(grads, [&node.borrow()])?;
                    gradient.fill(0.5);
                    let _ = node.borrow().claim_gradient();
                }
                Ok(())
            });
        };
        gradients_of(&seeded, y, &dy, of, 1)
    };
    for (number, (added, gradient)) in added.iter().zip(&analytic).enumerate() {
        let expected: Vec<f32> = gradient.iter().map(|value| value + 0.5).collect();
        assert_close(added, &expected, 1e-5, &format!("{what}: input {number}, added"));
    }
}

/// Asserts that outputs and gradients are the same, bit by bit, on one, two and three threads.
pub fn check_threads(operation: Operation<'_>, y: &Node, of: &[&Node], what: &str) {
    let dy = normals(y.borrow().values().len(), 98);
    let run = |threads| {
        y.borrow_mut().values_mut().fill(f32::NAN);
        let mut all = gradients_of(operation, y, &dy, of, threads);
        all.push(y.borrow().values().to_vec());
        all.into_iter()
            .map(|values| values.into_iter().map(f32::to_bits).collect())
            .collect::<Vec<Vec<u32>>>()
    };
    let one = run(1);
    assert!(
        one.iter().flatten().all(|bits| !f32::from_bits(*bits).is_nan()),
        "{what}: everything is written"
    );
    for threads in [2, 3] {
        assert!(one == run(threads), "{what}: {threads} threads differ");
    }
}
