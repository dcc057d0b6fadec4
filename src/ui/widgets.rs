//! Widgets that know egui only.

pub mod button;
pub mod empty;
pub mod form;
pub mod scroll;
