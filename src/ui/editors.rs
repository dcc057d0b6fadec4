//! One form for each enum of the document.

pub mod code;
pub mod corruption;
pub mod layer;
pub mod output;
pub mod regularizer;
mod schedule_plot;
pub mod source;
pub mod training;

#[cfg(test)]
mod tests;
