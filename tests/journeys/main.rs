//! Complete user journeys through the window: the real window with its real threads, and everything
//! located by the names and roles that assistive tools read.

#[path = "../common/mod.rs"]
mod common;

mod channels;
mod editors;
mod explore;
mod folder;
mod keyboard;
mod problems;
mod runs;
mod safety;
mod selection;
mod stack;
mod table;
mod training;
