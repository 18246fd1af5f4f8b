//! From paths to files in reading order.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::reader::format_of;
use super::{Compression, Format, Framing, InputFile, Inputs, Skipped};
use crate::error::{Error, Result};

/// Finds the files of the given paths. The folder `exclude`, the output's, is not read unless it is given itself.
pub(crate) fn discover(paths: &[PathBuf], exclude: Option<&Path>) -> Result<Inputs> {
    let mut inputs = Inputs::default();
    let mut seen = HashSet::new();
    let excluded = exclude.and_then(|path| fs::canonicalize(path).ok());
    for path in paths {
        if path.as_os_str() == "-" {
            if seen.insert(path.clone()) {
                inputs.files.push(stream(path, "standard input"));
            }
            continue;
        }
        let metadata = fs::metadata(path).map_err(|error| Error::io("read", path, error))?;
        if metadata.is_dir() {
            let own = fs::canonicalize(path).ok();
            let excluded = excluded.as_deref().filter(|excluded| own.as_deref() != Some(*excluded));
            let mut found = Vec::new();
            walk(path, excluded, &mut found)?;
            found.sort_by_cached_key(|path| order(path));
            for path in found {
                add_found(&path, &mut inputs, &mut seen)?;
            }
        } else {
            add_named(path, &metadata, &mut inputs, &mut seen)?;
        }
    }
    if inputs.files.is_empty() {
        return Err(nothing(paths, &inputs));
    }
    Ok(inputs)
}

fn nothing(paths: &[PathBuf], inputs: &Inputs) -> Error {
    let names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    let found = match inputs.skipped.as_slice() {
        [] => "no file".to_string(),
        [one] => format!("{} ({})", one.name, one.reason),
        [first, rest @ ..] => format!("{} ({}) and {} more", first.name, first.reason, rest.len()),
    };
    Error::Input(format!("no OpenTelemetry data in {}: found {found}", names.join(", ")))
}

fn stream(path: &Path, name: &str) -> InputFile {
    let format = Format { compression: Compression::None, framing: Framing::Stream };
    InputFile { path: path.to_path_buf(), name: name.to_string(), bytes: 0, format, is_stream: true, range: None }
}

fn named(path: &Path, bytes: u64) -> InputFile {
    let format = Format { compression: Compression::None, framing: Framing::Empty };
    InputFile {
        path: path.to_path_buf(),
        name: path.display().to_string(),
        bytes,
        format,
        is_stream: false,
        range: None,
    }
}

/// A file that the user named: what is wrong with it is an error.
fn add_named(path: &Path, metadata: &fs::Metadata, inputs: &mut Inputs, seen: &mut HashSet<PathBuf>) -> Result<()> {
    if !metadata.is_file() {
        inputs.files.push(stream(path, &path.display().to_string()));
        return Ok(());
    }
    if let Some(mut file) = once(path, metadata.len(), seen) {
        file.format = format_of(&file)?;
        inputs.files.push(file);
    }
    Ok(())
}

/// A file that was found: one that is not telemetry is passed over.
fn add_found(path: &Path, inputs: &mut Inputs, seen: &mut HashSet<PathBuf>) -> Result<()> {
    let metadata = fs::metadata(path).map_err(|error| Error::io("read", path, error))?;
    if !metadata.is_file() {
        let reason = "not a regular file".to_string();
        inputs.skipped.push(Skipped { name: path.display().to_string(), reason });
        return Ok(());
    }
    let Some(mut file) = once(path, metadata.len(), seen) else { return Ok(()) };
    match format_of(&file) {
        Ok(format) => {
            file.format = format;
            inputs.files.push(file);
        }
        Err(Error::Input(message)) => {
            let reason = message.rsplit_once("not OpenTelemetry data: ").map_or(message.as_str(), |(_, why)| why);
            inputs.skipped.push(Skipped { name: file.name, reason: reason.to_string() });
        }
        Err(other) => return Err(other),
    }
    Ok(())
}

/// The file, unless it has been reached before.
fn once(path: &Path, bytes: u64, seen: &mut HashSet<PathBuf>) -> Option<InputFile> {
    let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    seen.insert(real).then(|| named(path, bytes))
}

/// Collects the files below a folder; links to folders are not followed, hidden and temporary files not seen.
fn walk(folder: &Path, excluded: Option<&Path>, found: &mut Vec<PathBuf>) -> Result<()> {
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(|error| Error::io("read", &folder, error))? {
            let entry = entry.map_err(|error| Error::io("read", &folder, error))?;
            let path = entry.path();
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.starts_with('.') || name.ends_with(".tmp") {
                continue;
            }
            let kind = entry.file_type().map_err(|error| Error::io("read", &path, error))?;
            if kind.is_dir() {
                let is_output =
                    excluded.is_some_and(|excluded| fs::canonicalize(&path).is_ok_and(|real| real == excluded));
                if !is_output {
                    folders.push(path);
                }
            } else if !(kind.is_symlink() && fs::metadata(&path).map_or(true, |target| target.is_dir())) {
                found.push(path);
            }
        }
    }
    Ok(())
}

/// The stamp that the exporter puts into a rotated file's name: `-2026-11-24T03-42-57.223`.
const STAMP: &str = "-dddd-dd-ddTdd-dd-dd.ddd";

/// Sort key: rotated files stand before their live file, in time order; otherwise by path.
fn order(path: &Path) -> (PathBuf, bool, String) {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let plain = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".zst")).unwrap_or(&name);
    let stamp = (0..plain.len()).rev().find(|start| is_stamp(plain.get(*start..*start + STAMP.len())));
    match stamp {
        Some(start) => {
            let end = start + STAMP.len();
            let live = format!("{}{}", &plain[..start], &plain[end..]);
            (path.with_file_name(live), false, plain[start..end].to_string())
        }
        None => (path.with_file_name(plain), true, String::new()),
    }
}

fn is_stamp(text: Option<&str>) -> bool {
    text.is_some_and(|text| {
        text.bytes().zip(STAMP.bytes()).all(|(b, mark)| if mark == b'd' { b.is_ascii_digit() } else { b == mark })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotated_files_stand_before_their_live_file_in_time_order() {
        let mut names: Vec<PathBuf> = [
            "b/logs.jsonl",
            "b/logs-2026-11-24T03-43-07.240.jsonl",
            "b/logs-2026-11-24T03-42-57.223.jsonl.gz",
            "b/a.jsonl",
            "a/z.jsonl",
            "b/logs-old.jsonl",
        ]
        .iter()
        .map(PathBuf::from)
        .collect();
        names.sort_by_cached_key(|path| order(path));
        let names: Vec<&str> = names.iter().filter_map(|path| path.to_str()).collect();
        assert_eq!(
            names,
            [
                "a/z.jsonl",
                "b/a.jsonl",
                "b/logs-old.jsonl",
                "b/logs-2026-11-24T03-42-57.223.jsonl.gz",
                "b/logs-2026-11-24T03-43-07.240.jsonl",
                "b/logs.jsonl",
            ]
        );
    }
}
