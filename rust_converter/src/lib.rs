//! OpenTelemetry Collector files in, valid OCSF 1.8.0 Parquet out.
//!
//! [`convert`](convert::convert) turns files into files, [`read`](convert::read) into Arrow tables,
//! [`events`](convert::events) into JSON Lines. Without the feature `python` the crate is plain Rust.

mod cells;
mod columns;
pub mod convert;
mod encodings;
mod error;
#[cfg(fuzzing)]
pub mod fuzzing;
mod input;
mod ocsf;
mod otlp;
mod pages;
mod parquet;
mod pieces;
pub mod report;
mod semconv;
#[cfg(feature = "budget")]
pub mod stages;
mod text;
mod unit;
mod values;

#[cfg(feature = "python")]
mod python;

pub use error::{Error, Result};

/// The version of crate and wheel.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
