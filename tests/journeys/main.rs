//! Complete user journeys through the real window with its real threads. Everything is located by
//! the names and roles that assistive tools read.

#[path = "../common/mod.rs"]
mod common;

mod channels;
mod choices;
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
