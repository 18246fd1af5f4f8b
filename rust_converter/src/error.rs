//! The one error type of the crate: what went wrong, with which file, for the user to read.
//!
//! It covers what stops a run. A line that cannot be read does not: it is a [`crate::report::Reject`].

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// What stops a conversion.
#[derive(Debug)]
pub enum Error {
    /// The operating system refused something; the message names the path.
    Io {
        /// The file or directory that was worked on.
        path: PathBuf,
        /// What was being done, as a verb phrase: "read", "write".
        action: &'static str,
        /// The operating system's reason.
        source: io::Error,
    },
    /// The input is not what the converter reads; the message says which file and why.
    Input(String),
    /// An option that cannot be honoured.
    Option(String),
    /// `--strict` and a record was rejected; the message is the first reject.
    Strict(String),
    /// The caller asked to stop (Ctrl-C).
    Interrupted,
    /// A fault of the converter itself; the message is for a bug report.
    Internal(String),
}

/// The result of everything that can stop a run.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// Names the path of a failed operation.
    pub(crate) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { path: path.to_path_buf(), action, source }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { path, action, source } => {
                write!(f, "cannot {action} {}: {}", path.display(), plain_reason(source))
            }
            Self::Input(message) | Self::Option(message) | Self::Strict(message) => f.write_str(message),
            Self::Interrupted => f.write_str("interrupted; nothing was written"),
            Self::Internal(message) => write!(f, "internal error (please report it): {message}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}

/// The operating system's reason without Rust's " (os error N)".
fn plain_reason(source: &io::Error) -> String {
    let text = source.to_string();
    match text.find(" (os error") {
        Some(end) => text[..end].to_string(),
        None => text,
    }
}
