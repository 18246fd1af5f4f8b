//! `bench-otlp2records logs|traces|metrics FILE OUT`: JSON lines to `OUT.*.parquet` with zstd 1, as the converter writes.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader};

use arrow_array::RecordBatch;
use otlp2records::{InputFormat, transform_logs, transform_metrics, transform_traces};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

/// Bytes of lines that are transformed at once, and so make a row group: what the converter takes.
const CHUNK: usize = 16 << 20;

fn transform(signal: &str, chunk: &[u8]) -> Result<Vec<(&'static str, RecordBatch)>, Box<dyn Error>> {
    Ok(match signal {
        "logs" => vec![("logs", transform_logs(chunk, InputFormat::Jsonl)?)],
        "traces" => vec![("traces", transform_traces(chunk, InputFormat::Jsonl)?)],
        "metrics" => {
            let found = transform_metrics(chunk, InputFormat::Jsonl)?;
            let parts = [
                ("gauge", found.gauge),
                ("sum", found.sum),
                ("histogram", found.histogram),
                ("exponential_histogram", found.exp_histogram),
            ];
            parts.into_iter().filter_map(|(name, batch)| Some((name, batch?))).collect()
        }
        other => return Err(format!("no signal {other}").into()),
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [signal, path, out] = arguments.as_slice() else {
        return Err("usage: bench-otlp2records SIGNAL FILE OUT".into());
    };
    let mut writers: BTreeMap<&str, ArrowWriter<File>> = BTreeMap::new();
    let mut source = BufReader::with_capacity(1 << 20, File::open(path)?);
    let mut chunk = Vec::with_capacity(CHUNK + (1 << 20));
    loop {
        chunk.clear();
        while chunk.len() < CHUNK && source.read_until(b'\n', &mut chunk)? > 0 {}
        if chunk.is_empty() {
            break;
        }
        for (name, batch) in transform(signal, &chunk)? {
            if !writers.contains_key(name) {
                let properties =
                    WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?)).build();
                let file = File::create(format!("{out}.{name}.parquet"))?;
                writers.insert(name, ArrowWriter::try_new(file, batch.schema(), Some(properties))?);
            }
            if let Some(writer) = writers.get_mut(name) {
                writer.write(&batch)?;
                writer.flush()?;
            }
        }
    }
    for (_, writer) in writers {
        writer.close()?;
    }
    Ok(())
}
