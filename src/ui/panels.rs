//! One file a view.
