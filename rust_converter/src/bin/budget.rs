//! What a conversion costs, as JSON on standard output; `benchmarks/budget.py` and `instructions.py` run it.
//!
//!     budget stages logs|traces|metrics FILE     CPU seconds of each stage alone
//!     budget whole FILE OUT                      a conversion on one thread
//!     budget whole FILE OUT THREADS [both]       the same on more threads, into both layouts

#![allow(clippy::print_stdout, clippy::print_stderr)] // it is a program

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use ocsfconv::convert::{Layout, Options, convert};
use ocsfconv::report::Signal;
use ocsfconv::stages::measure;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments.as_slice() {
        ["stages", signal, file] => stages(signal, Path::new(file)),
        ["whole", file, out] => whole(file.into(), out.into(), "1", Layout::Flat),
        ["whole", file, out, threads] => whole(file.into(), out.into(), threads, Layout::Flat),
        ["whole", file, out, threads, "both"] => whole(file.into(), out.into(), threads, Layout::Both),
        _ => Err("usage: budget stages SIGNAL FILE | budget whole FILE OUT [THREADS [both]]".to_string()),
    };
    match result {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("budget: {error}");
            ExitCode::FAILURE
        }
    }
}

fn stages(signal: &str, file: &Path) -> Result<String, String> {
    let signal = Signal::ALL.into_iter().find(|held| held.name() == signal).ok_or("no such signal")?;
    let stages = measure(file, signal).map_err(|error| error.to_string())?;
    let fields: Vec<String> = stages.named().iter().map(|(name, seconds)| format!("\"{name}\":{seconds:.6}")).collect();
    Ok(format!("{{{}}}", fields.join(",")))
}

fn whole(file: PathBuf, out: PathBuf, threads: &str, layout: Layout) -> Result<String, String> {
    let threads = threads.parse().map_err(|_| "no number of threads")?;
    let options = Options { threads: Some(threads), layout, ..Options::new(vec![file], out) };
    let report = convert(&options, &mut |_| true).map_err(|error| error.to_string())?;
    Ok(format!("{{\"events\":{}}}", report.events.values().map(|events| events.total).sum::<u64>()))
}
