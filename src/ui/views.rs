//! **The views** in the centre, one file each. A view gets plain references to the data it shows
//! and its own small state; it returns the user's requests and changes nothing else. Its
//! implementation of `View` connects it to the [`State`](super::state::State), and its line in
//! `registry.rs` adds it to the window. `tiles` shows views side by side.
//!
//! - Only the visible part of a long list is drawn (`visible_lines`), its pictures by `thumbs`.
//! - `channels` lays out the channels of codes that are pictures and selects their units; their
//!   names come from `Shape::unit_name`.
//! - `View::figures` returns the content of a view as figures, from the numbers that it draws;
//!   `figure_menu` saves and copies them for all views.
//! - `differences` compares two designs by their text form. `differences::words` has words for
//!   fields and kinds; a field without words is shown by its own name.
//! - A column of the table of runs is a variant of `RunColumn`; `runs::columns` defines its content
//!   and sort key.

mod arrangement;
mod channels;
mod data_preview;
mod dates;
mod differences;
mod explore;
mod figure_menu;
mod health;
mod latent;
mod layout;
mod loss;
mod page_figure;
mod parts;
mod reconstructions;
mod registry;
mod replay;
mod runs;
mod sample;
mod selection;
mod set_choice;
mod thumbs;
mod tiles;
mod view;
mod visible_lines;

pub use self::dates::format_time;
pub use self::differences::difference;
pub use self::layout::{WindowLayout, WrittenLayout};
pub use self::registry::ENTRIES;
pub use self::replay::Design;
pub use self::tiles::{Views, table_ui, views_ui};
pub use self::view::Entry;

#[cfg(test)]
pub(super) mod samples;
#[cfg(test)]
mod tests;
