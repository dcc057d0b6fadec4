//! **The window**.

pub mod panels;
pub mod plots;
