//! Short notation for the keys of commands.

use egui::Modifiers;

/// Control, or Command on a Mac.
pub const CTRL: Modifiers = Modifiers::COMMAND;
/// Alt, or Option on a Mac.
pub const ALT: Modifiers = Modifiers::ALT;
/// Shift.
pub const SHIFT: Modifiers = Modifiers::SHIFT;
/// A key alone.
pub const NONE: Modifiers = Modifiers::NONE;
/// Control and Shift.
pub const CTRL_SHIFT: Modifiers = Modifiers::COMMAND.plus(Modifiers::SHIFT);
/// Control and Alt.
pub const CTRL_ALT: Modifiers = Modifiers::COMMAND.plus(Modifiers::ALT);

/// Shortcuts: modifiers and a key; alternatives after a semicolon.
macro_rules! keys {
    ($($modifiers:ident, $key:ident);*) => {{
        const KEYS: &[egui::KeyboardShortcut] =
            &[$(egui::KeyboardShortcut::new($crate::ui::keys::$modifiers, egui::Key::$key)),*];
        KEYS
    }};
}
pub(super) use keys;
