use super::super::reference::{
    File, assert_close, check_gradients, check_threads, empty_node, gradients_of, random_node, recorded,
    training,
};
use super::super::tape::Recorder;
use super::super::threads::Threads;
use super::*;
use crate::check::{DataFacts, plan};
use crate::engine::layers::Builder;
use crate::project::{BlockForm, BlockNorm, Layer, Place, Project, Recipe, Shape};

fn sum(rows: usize, columns: usize, activation: Activation) -> Rc<Add> {
    let (x, other) = (random_node(rows, columns, 1), random_node(rows, columns, 2));
    let y = empty_node(rows, columns);
    let parts = AddParts { x, other, y, main: 1, shortcut: 0, activation, other_wants_gradient: true };
    Add::new(parts).expect("small")
}

#[test]
fn gradients_equal_finite_differences() {
    for activation in [Activation::Linear, Activation::Tanh, Activation::Silu, Activation::Gelu] {
        let add = sum(3, 5, activation);
        let of = [&add.parts.x, &add.parts.other];
        check_gradients(&recorded(&add, 3), &add.parts.y, &of, &format!("{activation:?}"));
    }
}

#[test]
fn threads_change_nothing() {
    let add = sum(101, 1111, Activation::Gelu);
    check_threads(&recorded(&add, 101), &add.parts.y, &[&add.parts.x, &add.parts.other]);
}

/// The layer of a case of `tests/reference/residual.py`.
fn block(config: &[i32]) -> Layer {
    let [up, form, channels, stride, groups, rows, columns] = *config else { panic!("another config") };
    let size = |value: i32| usize::try_from(value).expect("a size");
    let (channels, stride) = (size(channels), size(stride));
    let form = if form == 1 { BlockForm::Bottleneck } else { BlockForm::Basic };
    let norm = match groups {
        0 => BlockNorm::None,
        1 => BlockNorm::Batch,
        groups => BlockNorm::Group { groups: size(groups) },
    };
    let (inner, activation) = (Activation::Relu, Activation::Relu);
    if up == 1 {
        let output_padding = Some((size(rows), size(columns)));
        Layer::ResidualTranspose { form, channels, stride, output_padding, norm, inner, activation }
    } else {
        Layer::Residual { form, channels, stride, norm, inner, activation }
    }
}

#[test]
fn blocks_equal_pytorch() {
    let file = File::open("residual");
    for case in file.cases() {
        let tensor = |name: &str| file.tensor(&case, name);
        let (input, output) = (tensor("x"), tensor("y"));
        let ((height, width), channels, rows) = (input.sides(), input.shape[1], input.shape[0]);
        // A layer before the block, so that the gradient of its input is needed; it is not run.
        let encoder =
            vec![Layer::point_convolution(channels, Activation::Linear), block(&file.config(&case))];
        let facts = DataFacts {
            shape: Shape::Image { height, width, channels },
            train_rows: 64,
            validation_rows: 1,
            value_range: (0.0, 1.0),
            is_binary: false,
            available_bytes: u64::MAX,
        };
        let plan = plan(&Project { encoder, ..Recipe::Undercomplete.project() }, &facts).expect(&case);
        let mut builder = Builder::new(&plan, rows, Some(0), Rc::new(Threads::new(1))).expect("small");
        for stage in plan.encoder().iter().filter(|stage| matches!(stage.place, Place::Encoder(_))) {
            builder.push(stage).expect("small");
        }
        let (x, y) = (Rc::clone(&builder.outputs[0].1), Rc::clone(&builder.last));
        x.borrow_mut().values_mut().copy_from_slice(&input.channels_last());
        let own: Vec<_> = builder
            .parameters
            .iter()
            .filter_map(|parameter| Some((parameter.name.strip_prefix("encoder.1.")?, parameter)))
            .collect();
        for (name, parameter) in own.iter().filter(|(_, parameter)| parameter.is_learned()) {
            let stored = tensor(name);
            assert_eq!(stored.shape, parameter.shape, "{case} {name}");
            parameter.import(&stored.values, parameter.node.borrow_mut().values_mut());
        }
        let operations = builder.operations[1..].to_vec();
        let forward = |threads: &Rc<Threads>, recorder: &mut Recorder| {
            let pass = Pass::new(rows, training(1, 1), threads);
            operations.iter().for_each(|operation| recorder.run(operation, &pass));
        };
        let learned: Vec<_> = own.iter().filter(|(_, parameter)| parameter.is_learned()).collect();
        let of: Vec<&Node> =
            std::iter::once(&x).chain(learned.iter().map(|(_, parameter)| &parameter.node)).collect();
        let gradients = gradients_of(&forward, &y, &tensor("dy").channels_last(), &of, 2);
        assert_close(y.borrow().values(), &output.channels_last(), 2e-5, &case);
        assert_close(&gradients[0], &tensor("dx").channels_last(), 1e-4, &format!("{case} dx"));
        for ((name, parameter), gradient) in learned.iter().zip(&gradients[1..]) {
            let mut outside = vec![0.0; gradient.len()];
            parameter.export(gradient, &mut outside);
            assert_close(&outside, &tensor(&format!("d{name}")).values, 1e-4, &format!("{case} d{name}"));
        }
        // Running statistics follow.
        for (name, parameter) in own.iter().filter(|(_, parameter)| !parameter.is_learned()) {
            let what = format!("{case} {name}");
            assert_close(parameter.node.borrow().values(), &tensor(name).values, 1e-5, &what);
        }
    }
}
