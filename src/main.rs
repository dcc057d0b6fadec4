//! The `hourglass` program.

fn main() {}
