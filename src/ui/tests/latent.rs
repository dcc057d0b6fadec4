//! The codes of any set, with the weights of the shown run.

use std::sync::Arc;

use super::*;
use crate::session::Request;
use crate::ui::state::{Effect, Set, State};

/// The codes of a set, computed with the network of the shown run.
fn encoded(state: &State, set: &Set) -> Vec<f32> {
    let resolved = state.resolve(set, false).expect("weights and data");
    let trial = resolved.trial(state, &resolved.weights).expect("a plan");
    let rows = resolved.rows.all();
    let mut values = vec![0.0; rows.len() * resolved.data.shape.features()];
    resolved.data.gather(&rows, &mut values);
    trial.trained.network(1).expect("small").encode(&values)
}

fn is_trained(state: &State) -> bool {
    state.runs.first().is_some_and(|run| run.status == Status::Done && run.checkpoint.is_some())
}

fn shown_set(state: &State) -> Option<Set> {
    state.set_codes.shown().map(|shown| shown.set.clone())
}

#[test]
fn the_latent_space_shows_any_set_with_the_newest_weights() {
    let mut window = Window::sized(1400.0, 1000.0, Theme::Dark);
    window.state().project.training.epochs = 1;
    window.key(Modifiers::NONE, Key::F5);
    window.until("it is trained", is_trained);
    for set in [Set::All, Set::Validation] {
        window.state().view.latent_set = Some(set.clone());
        window.until("the set is encoded", |state| shown_set(state).as_ref() == Some(&set));
        let state = window.state();
        let shown = state.set_codes.shown().expect("codes");
        let rows = state.resolve(&set, false).expect("a look").rows.all();
        assert_eq!((&shown.rows[..], shown.places.points.len()), (&rows[..], rows.len()), "{set:?}");
        let expected = encoded(state, &set);
        let is_near = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-4 * b.abs().max(1.0);
        assert!(shown.codes.len() == expected.len() && shown.codes.iter().zip(&expected).all(is_near));
    }
    // Newer weights replace older ones once everything is complete; until then nothing flickers.
    let before = window.state().set_codes.shown().expect("codes").of;
    let mut checkpoint = (**window.state().runs[0].checkpoint.as_ref().expect("weights")).clone();
    checkpoint.progress.step += 1;
    window.state().runs[0].checkpoint = Some(Arc::new(checkpoint));
    window.until("the newer weights have encoded it", |state| {
        state.set_codes.shown().expect("the older ones stay").of != before
    });
    window.state().view.latent_set = Some(Set::Watched);
    window.until("the watched samples are back", |state| state.set_codes.shown().is_none());
}

#[test]
fn choosing_another_set_cancels_the_current_encoding() {
    let mut window = Window::new();
    window.state().project.training.epochs = 1;
    window.key(Modifiers::NONE, Key::F5);
    window.until("it is trained", is_trained);
    let state = window.state();
    let asked = |state: &mut State, set: Set| {
        state.effects.clear();
        state.follow_set_codes(&set, crate::session::CodePlane::Units([0, 1]));
        let cancelled = state.effects.iter().any(|e| matches!(e, Effect::Session(Request::Cancel(_))));
        let coming = state.set_codes.coming().map(|coming| coming.found.set.clone());
        (cancelled, coming)
    };
    assert_eq!(asked(state, Set::Train), (false, Some(Set::Train)));
    assert_eq!(asked(state, Set::Train), (false, Some(Set::Train)), "its answer is waited for");
    assert_eq!(asked(state, Set::Test), (true, Some(Set::Test)));
    assert_eq!(asked(state, Set::Watched), (true, None));
    assert_eq!(asked(state, Set::Named("gone".to_owned())), (false, None));
    state.effects.clear();
}
