//! Widgets that depend only on egui and the theme.

pub mod button;
pub mod empty;
pub mod form;
pub mod header;
pub mod hint;
pub mod scroll;
