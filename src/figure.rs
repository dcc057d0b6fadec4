//! **Pictures without a screen**: the colours that the window, its plots and every exported figure share. Knows numbers
//! and bytes, nothing of a window.

pub mod palette;

pub use palette::{Palette, Rgb, error_color};
