//! Hourglass builds, trains and explores autoencoders. This library contains everything that the
//! window and the command line do; without the feature `gui` it contains no window.
//!
//! # Train a network without a window
//!
//! ```
//! use std::sync::Arc;
//! use hourglass::{check, dataset, engine::Trainer, project::Recipe, run};
//!
//! let mut project = Recipe::Undercomplete.project();
//! project.training.epochs = 3;
//! let data = Arc::new(dataset::load(&project.data, &dataset::Progress::default())?);
//! let plan = check::plan(&project, &run::facts(&data)).map_err(|problems| format!("{problems:?}"))?;
//! let mut trainer = Trainer::new(&plan, Arc::clone(&data), 1)?;
//! while !trainer.is_done() {
//!     if let Some(epoch) = trainer.step()?.epoch {
//!         println!("epoch {}: loss {:.3}", epoch.epoch, epoch.train.total());
//!     }
//! }
//! let test = trainer.evaluate(dataset::Subset::Test)?;
//! assert!(test.mse < 0.1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A [`project::Project`] is plain data and describes everything about a training.
//! [`check::plan()`] turns it into a [`check::Plan`], or lists its problems. [`engine::Trainer`]
//! takes one training step at a time, and [`engine::Trained`] uses the result: encode, decode,
//! reconstruct, sample. [`session::Driver`] records a training as a [`run::Run`], which
//! [`io::save_project`] writes to a file.
//!
//! # Modules
//!
//! Each module uses only those above it in this table; `ARCHITECTURE.md` has the details.
//!
//! | module | contains |
//! |---|---|
//! | [`project`] | the document: data, network, loss, training settings |
//! | [`check`] | problems, shapes, plans |
//! | [`dataset`] | rows, labels, splits, and the readers of data files |
//! | [`run`] | the results of a training |
//! | [`figure`] | plots and pages of pictures as SVG, PNG, CSV and GIF |
//! | [`analysis`] | mathematics on plain slices: PCA, neighbours, mixtures |
//! | [`engine`] | training on dfdx's tensors and tape |
//! | [`io`] | project files, unsaved work, settings, exports |
//! | [`session`] | worker threads: training, computing, loading |
//! | [`prepared`] | the data of a run's plots |
//! | [`cli`] | the command line |
//! | `ui` | the window (feature `gui`) |
//!
//! # Errors and panics
//!
//! Errors are values, one enum per module: [`dataset::DataError`], [`engine::EngineError`],
//! [`io::FileError`], [`project::DesignError`]. A message says what happened, where (file, line,
//! column, row), and what to do. A panic in a thread of [`session`] becomes an event, so that the
//! window stays open; a panic in an image decoder only affects one picture.

// In the program only: tests write files, panic and name colours as they need.
#![cfg_attr(
    not(test),
    warn(
        clippy::disallowed_macros,
        clippy::disallowed_methods,
        clippy::expect_used,
        clippy::panic,
        clippy::unwrap_used
    )
)]

pub mod analysis;
pub mod check;
pub mod cli;
pub mod dataset;
pub mod engine;
pub mod figure;
pub mod io;
pub mod prepared;
pub mod project;
pub mod run;
pub mod session;
#[cfg(feature = "gui")]
pub mod ui;
