//! The files of a conversion: each under its own name only when all are whole.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::{Layout, Options, Schema};
use crate::columns::nested_schema;
use crate::error::{Error, Result};
use crate::ocsf::flat_schema;
use crate::ocsf::schema::CLASSES;
use crate::parquet::{Closed, EncodedGroup, Encoder, Spares, Target, TextFile};
use crate::report::{Output, Reject, Report, Signal};
use crate::text::push_json_string;
use crate::unit::Part;

/// The encoder of each part, made when the first batch of it comes.
#[derive(Clone)]
pub(super) struct Encoders {
    core: bool,
    spare: Spares,
    made: Arc<Mutex<BTreeMap<Part, Arc<Encoder>>>>,
}

impl Encoders {
    pub(super) fn of(&self, part: Part) -> Result<Arc<Encoder>> {
        let mut made = self.made.lock().map_err(|_| Error::Internal("an encoder panicked".into()))?;
        if let Some(encoder) = made.get(&part) {
            return Ok(Arc::clone(encoder));
        }
        let schema = match part {
            Part::Flat(signal) => flat_schema(signal),
            Part::Nested(class, _) => nested_schema(CLASSES[class], self.core),
        };
        let encoder = Arc::new(Encoder::new(schema, self.spare.clone())?);
        made.insert(part, Arc::clone(&encoder));
        Ok(encoder)
    }
}

/// The files of a run.
pub(super) struct Writer<'o> {
    options: &'o Options,
    pub(super) encoders: Encoders,
    targets: BTreeMap<Part, Target>,
    rejects: Option<TextFile>,
}

impl<'o> Writer<'o> {
    /// Opens the flat files, which are written even when they stay empty.
    pub(super) fn new(options: &'o Options, spare: Spares) -> Result<Self> {
        let encoders = Encoders { core: options.schema == Schema::Core, spare, made: Arc::default() };
        let mut writer = Self { options, encoders, targets: BTreeMap::new(), rejects: None };
        if options.layout != Layout::Nested {
            for signal in &options.signals {
                writer.target(Part::Flat(*signal))?;
            }
        }
        Ok(writer)
    }

    fn path(&self, part: Part) -> PathBuf {
        match part {
            Part::Flat(signal) => self.options.out.join(format!("ocsf_{}.parquet", signal.name())),
            Part::Nested(class, signal) => nested_path(&self.options.out, CLASSES[class].key, signal),
        }
    }

    fn target(&mut self, part: Part) -> Result<&mut Target> {
        if !self.targets.contains_key(&part) {
            let target = Target::create(&self.path(part), &*self.encoders.of(part)?)?;
            self.targets.insert(part, target);
        }
        self.targets.get_mut(&part).ok_or_else(|| Error::Internal("a target vanished".into()))
    }

    /// Appends a row group, or opens the file for one to come.
    pub(super) fn append(&mut self, part: Part, group: Option<EncodedGroup>) -> Result<()> {
        let target = self.target(part)?;
        group.map_or(Ok(()), |group| target.append(group))
    }

    fn rejects_path(&self) -> PathBuf {
        self.options.out.join("rejects.jsonl")
    }

    pub(super) fn reject(&mut self, file: &str, reject: &Reject) -> Result<()> {
        let path = self.rejects_path();
        let rejects = match &mut self.rejects {
            Some(rejects) => rejects,
            None => self.rejects.insert(TextFile::create(&path)?),
        };
        rejects.line(&reject_line(file, reject))
    }

    /// Closes every file, then names them all, then removes what earlier runs left of the same signals.
    pub(super) fn finish(mut self, report: &mut Report) -> Result<()> {
        let mut closed: Vec<(Part, Closed)> = Vec::new();
        for (part, target) in std::mem::take(&mut self.targets) {
            closed.push((part, target.close()?));
        }
        let written: Vec<Part> = closed.iter().map(|(part, _)| *part).collect();
        for (part, file) in closed {
            let rows = file.rows;
            let (path, bytes) = file.publish()?;
            let (Part::Flat(signal) | Part::Nested(_, signal)) = part;
            report.outputs.push(Output { path: path.display().to_string(), bytes, rows, signal });
        }
        match self.rejects.take() {
            Some(rejects) => report.rejects_path = Some(rejects.publish()?.display().to_string()),
            None => remove(&self.rejects_path())?,
        }
        if self.options.layout != Layout::Flat {
            for (index, class) in CLASSES.iter().enumerate() {
                for signal in &self.options.signals {
                    if !written.contains(&Part::Nested(index, *signal)) {
                        remove(&nested_path(&self.options.out, class.key, *signal))?;
                    }
                }
            }
        }
        Ok(())
    }
}

fn nested_path(out: &Path, class: &str, signal: Signal) -> PathBuf {
    out.join("ocsf").join(class).join(format!("{}.parquet", signal.name()))
}

/// Removes a file of an earlier run; one that is not there is fine.
fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Error::io("remove", path, error)),
    }
}

/// A line of `rejects.jsonl`: where, why, and the piece itself (base64 when it is not text).
fn reject_line(file: &str, reject: &Reject) -> String {
    use base64::Engine as _;
    let mut out = String::from("{\"file\":");
    push_json_string(&mut out, file);
    out.push_str(&format!(",\"line\":{},\"offset\":{},\"reason\":", reject.line, reject.offset));
    push_json_string(&mut out, &reject.reason);
    match std::str::from_utf8(&reject.bytes) {
        Ok(text) => {
            out.push_str(",\"text\":");
            push_json_string(&mut out, text);
        }
        Err(_) => {
            out.push_str(",\"base64\":\"");
            base64::engine::general_purpose::STANDARD.encode_string(&reject.bytes, &mut out);
            out.push('"');
        }
    }
    out.push('}');
    out
}
