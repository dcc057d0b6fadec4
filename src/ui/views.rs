//! **The views** of the centre, one file each. A view receives plain references to its content and
//! its own small state; it returns the user's requests and changes nothing else. Its implementation
//! of `View` connects it with the [`State`](super::state::State), and its line in `registry.rs`
//! adds it to the window.

mod arrangement;
mod channels;
mod data_preview;
mod dates;
mod differences;
mod explore;
mod figure_menu;
mod health;
mod in_sight;
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
