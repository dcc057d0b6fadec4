//! Plots of plain slices.
