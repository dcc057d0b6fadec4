//! Choices that are made in the window with the mouse and the keyboard: forms of a code, of blocks
//! and of convolutions, how training starts and how its rate changes, and losses.

use egui::accesskit::Role;
use hourglass::project::{
    Activation, BlockForm, BlockNorm, Bottleneck, Code, CodeForm, Competition, Initialisation, Layer, Loss,
    Place, Project, Schedule,
};
use hourglass::run::Status;

use crate::common::{CTRL, Home, NONE, Window};

/// The default data and a code of channels after one convolution.
fn with_channels() -> Project {
    let mut project = Project {
        encoder: vec![Layer::Conv2d {
            channels: 8,
            kernel: 3,
            stride: 2,
            padding: hourglass::project::Padding::Same,
            dilation: 1,
            groups: 1,
            activation: Activation::Linear,
        }],
        code: Code::plain(16),
        ..Project::default()
    };
    project.training.epochs = 1;
    project
}

fn open(home: &Home, project: &Project) -> Window {
    let file = home.path("design.ron");
    std::fs::write(&file, project.to_ron()).expect("written");
    let mut window = home.window_of(1440.0, 2600.0);
    window.key(CTRL, egui::Key::O);
    window.type_path(&file);
    window.until("the design is open", |state| state.project.code == project.code);
    window.run_until_idle();
    window
}

/// Trains the design on screen to its end.
fn train(window: &mut Window) {
    let errors = window.state().derived.errors();
    assert_eq!(errors, 0, "{:?}", window.state().derived.problems);
    window.key(NONE, egui::Key::F5);
    window.until_status(&Status::Done);
}

#[test]
fn a_code_becomes_a_picture_and_a_row_again() {
    let home = Home::new();
    let mut window = open(&home, &with_channels());
    window.select("Code 16 card", Place::Code);
    window.choose("Form", "channels");
    assert_eq!(window.project().code, Code::channels(16));
    window.number("Channels", "4");
    train(&mut window);
    assert_eq!(window.run().code_shape().to_string(), "4×4×4");

    window.click(Role::RadioButton, "k-sparse");
    let within = |window: &Window| {
        let Bottleneck::KSparse { within, .. } = window.project().code.kind else {
            panic!("{:?}", window.project().code.kind)
        };
        within
    };
    assert_eq!(within(&window), Competition::Position);
    window.choose("Among", "the positions of each channel");
    window.number("Keep", "1");
    assert_eq!(within(&window), Competition::Channel);
    train(&mut window);
    window.choose("Form", "units");
    assert_eq!(within(&window), Competition::Code, "units have no positions");
    assert_eq!(window.state().derived.errors(), 0);

    // One vector at each position, whatever the number of channels.
    window.click(Role::RadioButton, "Quantised");
    window.number("Dimension", "2");
    window.choose("Form", "channels");
    window.number("Channels", "6");
    let Bottleneck::Quantised { dimension, .. } = window.project().code.kind else { panic!("quantised") };
    assert_eq!((dimension, window.project().code.form), (6, CodeForm::Channels));
    train(&mut window);
}

#[test]
fn forms_of_blocks_and_convolutions_are_chosen_and_trained() {
    let home = Home::new();
    let mut window = open(&home, &with_channels());
    window.press("Add a layer at position 2 of the encoder");
    window.press("Add Residual");
    window.number("Channels", "8");
    window.choose("Convolutions", "bottleneck");
    window.choose("Norm", "group norm");
    window.choose("Between", "SiLU");
    let chosen = Layer::Residual {
        form: BlockForm::Bottleneck,
        channels: 8,
        stride: 1,
        norm: BlockNorm::Group { groups: 8 },
        inner: Activation::Silu,
        activation: Activation::Relu,
    };
    assert_eq!(window.project().encoder[1], chosen);
    train(&mut window);

    window.click(Role::RadioButton, "Conv2d");
    for (field, number) in [("Channels", "8"), ("Dilation", "2"), ("Groups", "8")] {
        window.number(field, number);
    }
    let Layer::Conv2d { dilation, groups, .. } = window.project().encoder[1] else { panic!("a convolution") };
    assert_eq!((dilation, groups), (2, 8), "depthwise, with gaps");
    train(&mut window);

    window.click(Role::RadioButton, "PReLU");
    window.click(Role::CheckBox, "Slopes");
    assert_eq!(window.project().encoder[1], Layer::Prelu { shared: true });
    train(&mut window);
    let weights = &window.run().checkpoint.as_ref().expect("trained").weights.0;
    let slope = &weights["encoder.1.weight"].values;
    assert!(slope.len() == 1 && slope[0] != 0.25, "one slope, which has learned: {slope:?}");
}

#[test]
fn the_start_the_rate_and_the_loss_are_chosen_and_trained() {
    let home = Home::new();
    let mut window = open(&home, &with_channels());
    window.choose("Initialisation", "orthogonal");
    window.choose("Schedule", "one cycle");
    window.number("Rises for, value", "0.5");
    window.press("Output card");
    window.click(Role::RadioButton, "absolute error");
    train(&mut window);
    let of_run = window.run().design.clone();
    assert_eq!(of_run.loss, Loss::AbsoluteError);
    assert_eq!(of_run.training.initialisation, Initialisation::Orthogonal);
    let Schedule::OneCycle { rise, .. } = of_run.training.schedule else { panic!("one cycle") };
    assert!((rise - 0.5).abs() < 1e-6, "{rise}");
    window.click(Role::RadioButton, "Huber");
    window.number("δ, value", "0.25");
    train(&mut window);
    assert_eq!(window.run().design.loss, Loss::Huber { delta: 0.25 });
}
