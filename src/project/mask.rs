use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Holes in damaged pictures, marked by pictures of the same sizes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mask {
    /// One picture as the mask of all pictures, or a folder with one of the same name for each.
    pub path: PathBuf,
    /// The shade that marks holes.
    #[serde(default)]
    pub holes: HoleShade,
}

/// The shade of a mask that marks holes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum HoleShade {
    /// White marks holes, black the kept part.
    #[default]
    White,
    /// Black marks holes, white the kept part.
    Black,
}

impl HoleShade {
    /// Both, in the order of menus.
    pub const ALL: [HoleShade; 2] = [HoleShade::White, HoleShade::Black];

    /// Its name on screen and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            HoleShade::White => "white",
            HoleShade::Black => "black",
        }
    }

    /// The other one.
    #[must_use]
    pub fn other(self) -> HoleShade {
        match self {
            HoleShade::White => HoleShade::Black,
            HoleShade::Black => HoleShade::White,
        }
    }
}
