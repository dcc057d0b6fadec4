use std::fmt;
use std::sync::Arc;

use super::Figure;

/// An animated figure. Its pictures are created when it is written, since they may be many.
#[derive(Clone)]
pub struct Animation {
    /// Seconds for which each picture is shown.
    pub secs: f32,
    frames: Arc<dyn Fn() -> Vec<Figure> + Send + Sync>,
}

impl Animation {
    /// An animation of these pictures.
    pub fn new(secs: f32, frames: impl Fn() -> Vec<Figure> + Send + Sync + 'static) -> Animation {
        Animation { secs, frames: Arc::new(frames) }
    }

    /// Its pictures.
    pub fn frames(&self) -> Vec<Figure> {
        (self.frames)()
    }
}

impl fmt::Debug for Animation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Animation").field("secs", &self.secs).finish_non_exhaustive()
    }
}
