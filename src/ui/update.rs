//! Changes of the [`State`], one file per concern. `refresh` runs after every change. Nothing here
//! depends on a view or a command.
//!
//! - `session_events` and `file_events` handle events from outside.
//! - `data` loads data and keeps those of runs that the design no longer uses.
//! - `training` starts and resumes runs; `runs` names, hides and deletes them and keeps their
//!   results.
//! - `stack` edits the network, `remedies` fixes a problem with one click, `choices` applies a
//!   choice together with the options it needs.
//! - `analysis` requests computations; `samples` and `set_codes` request what views show of a set,
//!   piece by piece; `explore` requests what Explore shows, and changes pins.
//! - `selection` changes, names and exports the selection; `showing` shows other data to a run's
//!   network.
//! - `export` and `figures` write the files requested in their dialogs.

mod analysis;
mod choices;
mod comparison;
mod data;
mod documents;
mod dropped;
mod edits;
mod explore;
mod export;
mod figures;
mod file_events;
mod remedies;
mod runs;
mod samples;
mod selection;
mod session_events;
mod set_codes;
mod showing;
pub mod stack;
mod training;

pub use data::OLD_RULES;
pub use explore::MOST_AT_ONCE;
pub use remedies::{LOCATE, RELOAD, Remedy};
pub use selection::Origin;
pub use training::NOT_YET;

use crate::session;
use crate::ui::state::{Effect, State};

impl State {
    /// Updates everything derived from the document; called around every frame. `is_editing`: a
    /// widget is being dragged or typed into, so that an edit is in progress.
    pub fn refresh(&mut self, is_editing: bool) {
        self.history.observe(&self.project, is_editing);
        self.sources.remember(&self.project.data.source);
        self.keep_selection();
        self.follow_others();
        if !is_editing {
            self.load_if_changed();
            self.keep_if_changed();
            self.offer_found();
        }
        // The cards are updated at once: shapes remain known while data from the same source are
        // only split again.
        self.derived.follow(&self.project, &self.data, is_editing);
        if self.derived.errors() == 0 {
            self.notices.remove_outdated(NOT_YET);
        }
        self.withdraw_rules_offer();
        self.follow_live_settings(is_editing);
        self.want_baseline();
    }

    /// Sends a request to the session.
    pub fn send(&mut self, request: session::Request) {
        self.effects.push(Effect::Session(request));
    }
}
