use super::*;
use crate::dataset::random::Purpose;
use crate::engine::kernels::pass::Mode;
use crate::engine::kernels::reference::{
    backward, check_bits, check_loss_gradients, empty_node, node, pass, project, random_node,
};

struct Fixture {
    x: Node,
    y: Node,
    entries: Node,
    idle: Node,
    averages: Option<(Node, Node)>,
    code: Rc<Codebook>,
}

/// A codebook of `count` × `width` for rows of `groups` vectors.
fn code(rows: usize, groups: usize, (count, width): (usize, usize), decay: Option<f32>) -> Fixture {
    let (x, y) = (random_node(rows, groups * width, 1), random_node(rows, groups * width, 2));
    let (entries, idle) = (random_node(count, width, 3), empty_node(1, count));
    let (counts, sums) = (node(1, count, &vec![1.0; count]), node(count, width, entries.borrow().values()));
    let averages = decay.map(|_| (Rc::clone(&counts), Rc::clone(&sums)));
    let learning = match decay {
        Some(decay) => Learning::MovingAverage { counts, sums, decay },
        None => Learning::Gradient,
    };
    let code = Codebook::new(CodebookParts {
        x: Rc::clone(&x),
        y: Rc::clone(&y),
        entries: Rc::clone(&entries),
        idle: Rc::clone(&idle),
        learning,
        wants_input_gradient: true,
    });
    Fixture { x, y, entries, idle, averages, code }
}

fn one_thread() -> Rc<Threads> {
    Rc::new(Threads::new(1))
}

/// The entry that each vector of the latest minibatch chose.
fn choices(code: &Codebook) -> Vec<usize> {
    let scratch = code.scratch.borrow();
    scratch.choices[..scratch.vectors].iter().map(|&choice| choice as usize).collect()
}

fn distance(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)).sum()
}

#[test]
fn every_vector_becomes_its_nearest_entry() {
    for (count, width) in [(1, 3), (5, 2), (40, 4), (600, 7)] {
        let (rows, groups) = (70, 3);
        let Fixture { x, y, entries, code, .. } = code(rows + 1, groups, (count, width), None);
        let error = code.forward(&pass(rows, 1), 1.0, &mut Recorder::idle());
        let (x, y, entries) = (x.borrow(), y.borrow(), entries.borrow());
        let mut expected = 0.0;
        let mut usage = vec![0; count];
        let vectors = x.values().chunks_exact(width).zip(y.values().chunks_exact(width));
        for ((x, y), choice) in vectors.zip(choices(&code)) {
            let least = entries.values().chunks_exact(width).map(|e| distance(x, e)).fold(f64::MAX, f64::min);
            assert_eq!(y, &entries.values()[choice * width..][..width]);
            assert!(distance(x, y) <= least + 1e-5, "{count} × {width}: {} {least}", distance(x, y));
            expected += distance(x, y);
            usage[choice] += 1;
        }
        assert_eq!((choices(&code).len(), &*code.usage()), (rows * groups, &usage[..]));
        assert!((error - expected).abs() < 1e-4 * expected, "{error} {expected}");
    }
}

#[test]
fn ties_go_to_the_lower_index() {
    // Entries 3, 20 and 36 are equal, in three different lanes and the remainder; all others are
    // far away.
    let Fixture { x, entries, code, .. } = code(1, 2, (37, 2), None);
    entries.borrow_mut().values_mut().fill(9.0);
    for entry in [20, 36, 3] {
        entries.borrow_mut().values_mut()[2 * entry..2 * entry + 2].fill(1.0);
    }
    x.borrow_mut().values_mut().copy_from_slice(&[1.0, 1.5, 9.0, 9.0]);
    code.forward(&pass(1, 1), 1.0, &mut Recorder::idle());
    assert_eq!(choices(&code), [3, 0]);
    // Halfway between two: exact in f32.
    entries.borrow_mut().values_mut()[..4].copy_from_slice(&[0.0, 2.0, 2.0, 0.0]);
    x.borrow_mut().values_mut()[..2].fill(0.5);
    code.forward(&pass(1, 1), 1.0, &mut Recorder::idle());
    assert_eq!(choices(&code)[0], 3);
    entries.borrow_mut().values_mut()[4..].fill(9.0);
    code.forward(&pass(1, 1), 1.0, &mut Recorder::idle());
    assert_eq!(choices(&code)[0], 0);
}

#[test]
fn gradients_go_straight_through_and_pull_towards_the_entry() {
    let rows = 3;
    for commitment in [0.0, 0.25] {
        let Fixture { x, y, code, .. } = code(4, 2, (5, 2), Some(0.9));
        check_loss_gradients(&[(&x, rows)], &[&y], 1e-3, &mut |recorder| {
            let error = code.forward(&pass(rows, 1), commitment, recorder);
            project(&y, rows, 5, recorder);
            // Straight-through: the gradient of z_q is that of z_e.
            let through = project(&x, rows, 5, &mut Recorder::idle());
            through + f64::from(commitment) / rows as f64 * error
        });
    }
}

#[test]
fn entries_follow_the_gradient_of_their_vectors() {
    let rows = 3;
    let Fixture { x, y, entries, code, .. } = code(4, 2, (5, 2), None);
    check_loss_gradients(&[(&entries, 5)], &[&x, &y], 1e-3, &mut |recorder| {
        let error = code.forward(&pass(rows, 1), 0.25, recorder);
        project(&y, rows, 5, recorder);
        error / rows as f64
    });
    assert!(code.usage().contains(&0), "an entry without vectors must be among them");
}

#[test]
fn averages_have_no_gradient() {
    let Fixture { x, y, entries, code, .. } = code(4, 2, (5, 2), Some(0.9));
    let mut forward = |recorder: &mut Recorder| {
        code.forward(&pass(3, 1), 0.25, recorder);
        project(&y, 3, 5, recorder)
    };
    backward(&[(&x, 3)], &[&y, &entries], &mut forward);
    assert!(!entries.borrow().has_gradient());
}

#[test]
fn averages_follow_the_paper() {
    let (rows, groups, count, width, decay) = (6, 2, 4, 3, 0.8);
    let Fixture { x, entries, averages, code, .. } = code(rows, groups, (count, width), Some(decay));
    let (counts, sums) = averages.expect("averages");
    let f64s = |node: &Node| node.borrow().values().iter().map(|&v| f64::from(v)).collect::<Vec<f64>>();
    let (mut n, mut m) = (f64s(&counts), f64s(&sums));
    for _ in 0..3 {
        code.forward(&pass(rows, 1), 0.25, &mut Recorder::idle());
        code.after_step(None, &one_thread());
        let gamma = f64::from(decay);
        n.iter_mut().for_each(|n| *n *= gamma);
        m.iter_mut().for_each(|m| *m *= gamma);
        for (vector, &choice) in choices(&code).iter().enumerate() {
            n[choice] += 1.0 - gamma;
            let x = &f64s(&x)[vector * width..(vector + 1) * width];
            let m = &mut m[choice * width..][..width];
            m.iter_mut().zip(x).for_each(|(m, x)| *m += (1.0 - gamma) * x);
        }
        let total: f64 = n.iter().sum();
        for (entry, n) in n.iter().enumerate() {
            let smoothed = (n + 1e-5) / (total + count as f64 * 1e-5) * total;
            let sums = &m[entry * width..(entry + 1) * width];
            for (ours, m) in f64s(&entries)[entry * width..].iter().zip(sums) {
                let expected = m / smoothed;
                assert!(
                    (ours - expected).abs() < 1e-5 * (1.0 + expected.abs()),
                    "{entry}: {ours} {expected}"
                );
            }
        }
    }
    let (ours, expected) = (f64s(&counts), n);
    assert!(ours.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-5), "{ours:?} {expected:?}");
}

#[test]
fn averages_find_the_centres_of_clusters() {
    let Fixture { x, entries, code, .. } = code(40, 1, (2, 2), Some(0.9));
    entries.borrow_mut().values_mut().copy_from_slice(&[-0.1, 0.0, 0.1, 0.0]);
    let mut mean = [0.0; 4];
    for (row, x) in x.borrow_mut().values_mut().chunks_exact_mut(2).enumerate() {
        x[0] = 0.1 * x[0] + if row % 2 == 0 { -3.0 } else { 3.0 };
        mean[2 * (row % 2)] += x[0] / 20.0;
        mean[2 * (row % 2) + 1] += x[1] / 20.0;
    }
    let mut error = 0.0;
    for _ in 0..200 {
        error = code.forward(&pass(40, 1), 0.25, &mut Recorder::idle());
        code.after_step(None, &one_thread());
    }
    let entries = entries.borrow();
    assert!(distance(entries.values(), &mean) < 1e-6, "{:?} {mean:?} {error}", entries.values());
}

#[test]
fn dead_entries_are_put_where_vectors_lie() {
    let stream = Stream::new(1, Purpose::Codebook, 7, 0);
    for decay in [None, Some(0.9)] {
        let Fixture { x, entries, idle, averages, code, .. } = code(6, 1, (3, 2), decay);
        entries.borrow_mut().values_mut().copy_from_slice(&[0.0, 0.0, 50.0, 50.0, -50.0, 50.0]);
        if let Some((_, sums)) = &averages {
            sums.borrow_mut().values_mut().copy_from_slice(entries.borrow().values());
        }
        let reseed = Some(Reseed { after: 3, stream });
        let step = || {
            code.forward(&pass(5, 1), 0.25, &mut Recorder::idle());
            code.after_step(reseed, &one_thread())
        };
        assert_eq!([step(), step()], [0, 0]);
        assert_eq!(idle.borrow().values(), [0.0, 2.0, 2.0]);
        assert_eq!(step(), 2);
        assert_eq!(idle.borrow().values(), [0.0; 3]);
        for entry in [1, 2] {
            let vector = stream.below(entry as u64, 5);
            let expected = x.borrow().values()[2 * vector..][..2].to_vec();
            assert_eq!(entries.borrow().values()[2 * entry..][..2], expected);
            if let Some((counts, sums)) = &averages {
                assert_eq!(counts.borrow().values()[entry], 1.0);
                assert_eq!(sums.borrow().values()[2 * entry..][..2], expected);
            }
        }
    }
}

#[test]
fn bits_do_not_depend_on_threads() {
    for decay in [None, Some(0.9)] {
        check_bits(|threads| {
            let Fixture { x, y, entries, code, .. } = code(200, 16, (100, 32), decay);
            let mut error = 0.0;
            let mut forward = |recorder: &mut Recorder| {
                error = code.forward(&Pass::new(199, Mode::Use, threads), 0.25, recorder);
                project(&y, 199, 5, recorder)
            };
            let mut inputs = vec![(&x, 199)];
            inputs.extend(decay.is_none().then_some((&entries, 100)));
            let mut values = backward(&inputs, &[&y], &mut forward).concat();
            code.after_step(None, threads);
            values.extend(entries.borrow().values());
            values.extend(choices(&code).iter().map(|&choice| choice as f32));
            values.push(error as f32);
            values
        });
    }
}
