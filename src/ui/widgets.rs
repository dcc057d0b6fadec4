//! Widgets that know egui and the look only.

pub mod button;
pub mod empty;
pub mod form;
pub mod header;
pub mod hint;
pub mod scroll;
