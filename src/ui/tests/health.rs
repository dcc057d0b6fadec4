//! Findings in the window.

use std::sync::Arc;

use super::*;
use crate::project::Activation;
use crate::run::RunId;
use crate::ui::views::samples;

#[test]
fn advice_changes_the_design_in_one_step_and_says_so() {
    let mut window = Window::new();
    let mut run = samples::run(1, 100);
    run.health = Some(Arc::new(samples::health(run.shape, 20)));
    window.state().runs.push(run);
    window.state().shown_run = Some(RunId(1));
    window.key(Modifiers::COMMAND, Key::Num8);
    let relu = window.project().encoder.clone();
    window.click("Use LeakyReLU instead of ReLU");
    let leaky: Vec<Layer> =
        relu.iter().map(|layer| layer.clone().with_activation(Activation::LeakyRelu)).collect();
    assert_eq!(window.project().encoder, leaky);
    let toasts = &window.state().notices.toasts;
    assert!(toasts.iter().any(|toast| toast.text.contains("LeakyReLU")), "{:?}", toasts.len());
    window.key(Modifiers::COMMAND, Key::Z);
    assert_eq!(window.project().encoder, relu);
}
