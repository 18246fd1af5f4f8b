//! The Python extension `ocsfconv._core`: paths, options and reports in, reports and Arrow tables out, never rows.

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::Duration;

use arrow_array::RecordBatchIterator;
use arrow_array::ffi::FFI_ArrowSchema;
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_schema::ArrowError;
use pyo3::create_exception;
use pyo3::exceptions::{PyException, PyFileNotFoundError, PyKeyboardInterrupt, PyOSError, PyPermissionError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyCapsule, PyDict};

use crate::convert::{
    Layout, Options, Progress, Schema, Table as ArrowTable, convert as convert_files, events as convert_events,
    read as read_files,
};
use crate::error::Error;
use crate::report::Signal;

create_exception!(
    ocsfconv._core,
    OcsfconvError,
    PyException,
    "The conversion could not run; the message says which file or option is the cause."
);

/// How often a waiting iterator looks for Ctrl-C.
const POLL: Duration = Duration::from_millis(100);

impl From<Error> for PyErr {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        match error {
            Error::Io { source, .. } => match source.kind() {
                std::io::ErrorKind::NotFound => PyFileNotFoundError::new_err(message),
                std::io::ErrorKind::PermissionDenied => PyPermissionError::new_err(message),
                _ => PyOSError::new_err(message),
            },
            Error::Interrupted => PyKeyboardInterrupt::new_err(message),
            Error::Strict(_) => {
                let raised = OcsfconvError::new_err(message);
                // The command line tells a rejected record (1) from a run that could not be (2) by this.
                let _ = Python::attach(|py| raised.value(py).setattr("exit_code", 1));
                raised
            }
            _ => OcsfconvError::new_err(message),
        }
    }
}

fn option_error(name: &str, value: &str, allowed: &str) -> PyErr {
    OcsfconvError::new_err(format!("{name} is {value:?}; it must be one of {allowed}"))
}

fn options(
    paths: Vec<PathBuf>,
    out: PathBuf,
    signal: &str,
    schema: &str,
    layout: &str,
    threads: Option<usize>,
) -> PyResult<Options> {
    let mut options = Options::new(paths, out);
    options.signals = match signal {
        "all" => Signal::ALL.to_vec(),
        "logs" => vec![Signal::Logs],
        "traces" => vec![Signal::Traces],
        "metrics" => vec![Signal::Metrics],
        other => return Err(option_error("signal", other, "all, logs, traces, metrics")),
    };
    options.schema = match schema {
        "ext" => Schema::Ext,
        "core" => Schema::Core,
        other => return Err(option_error("schema", other, "ext, core")),
    };
    options.layout = match layout {
        "flat" => Layout::Flat,
        "nested" => Layout::Nested,
        "both" => Layout::Both,
        other => return Err(option_error("layout", other, "flat, nested, both")),
    };
    if threads == Some(0) {
        return Err(OcsfconvError::new_err("threads is 0; at least one is needed"));
    }
    options.threads = threads;
    Ok(options)
}

/// Looks for Ctrl-C and tells the caller's function how far the run is; keeps what either raised.
fn ask(raised: &mut Option<PyErr>, callback: Option<&Py<PyAny>>, progress: Progress) -> bool {
    let result = Python::attach(|py| -> PyResult<()> {
        py.check_signals()?;
        if let Some(callback) = callback {
            callback.call1(py, (progress.bytes_read, progress.bytes_total, progress.records))?;
        }
        Ok(())
    });
    match result {
        Ok(()) => true,
        Err(error) => {
            *raised = Some(error);
            false
        }
    }
}

#[pyfunction]
#[pyo3(signature = (paths, out, *, signal, schema, layout, threads, strict, progress))]
#[allow(clippy::too_many_arguments)] // the options of one call, by keyword
fn convert(
    py: Python<'_>,
    paths: Vec<PathBuf>,
    out: PathBuf,
    signal: &str,
    schema: &str,
    layout: &str,
    threads: Option<usize>,
    strict: bool,
    progress: Option<Py<PyAny>>,
) -> PyResult<String> {
    let mut options = options(paths, out, signal, schema, layout, threads)?;
    options.strict = strict;
    let mut raised = None;
    let result = py.detach(|| convert_files(&options, &mut |now| ask(&mut raised, progress.as_ref(), now)));
    match (result, raised) {
        (_, Some(raised)) => Err(raised),
        (result, None) => Ok(result?.to_json()),
    }
}

#[pyfunction]
#[pyo3(signature = (paths, *, signal, schema, layout, threads, range))]
fn read<'py>(
    py: Python<'py>,
    paths: Vec<PathBuf>,
    signal: &str,
    schema: &str,
    layout: &str,
    threads: Option<usize>,
    range: Option<(u64, Option<u64>)>,
) -> PyResult<Bound<'py, PyDict>> {
    let mut options = options(paths, PathBuf::new(), signal, schema, layout, threads)?;
    options.range = range;
    let mut raised = None;
    let result = py.detach(|| read_files(&options, &mut |now| ask(&mut raised, None, now)));
    if let Some(raised) = raised {
        return Err(raised);
    }
    let tables = PyDict::new(py);
    for (name, table) in result? {
        tables.set_item(name, Table { inner: table })?;
    }
    Ok(tables)
}

/// An Arrow table that is handed over by the Arrow PyCapsule interface.
#[pyclass(frozen, module = "ocsfconv._core")]
struct Table {
    inner: ArrowTable,
}

#[pymethods]
impl Table {
    #[getter]
    fn num_rows(&self) -> usize {
        self.inner.batches.iter().map(arrow_array::RecordBatch::num_rows).sum()
    }

    #[getter]
    fn column_names(&self) -> Vec<String> {
        self.inner.schema.fields().iter().map(|field| field.name().clone()).collect()
    }

    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        // The interface lets a producer ignore the wish; consumers cast.
        let _ = requested_schema;
        let batches = self.inner.batches.clone().into_iter().map(Ok::<_, ArrowError>);
        let reader = RecordBatchIterator::new(batches, self.inner.schema.clone());
        PyCapsule::new_with_value(py, FFI_ArrowArrayStream::new(Box::new(reader)), c"arrow_array_stream")
    }

    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        let schema = FFI_ArrowSchema::try_from(self.inner.schema.as_ref())
            .map_err(|error| OcsfconvError::new_err(error.to_string()))?;
        PyCapsule::new_with_value(py, schema, c"arrow_schema")
    }

    fn __repr__(&self) -> String {
        format!("<ocsfconv.Table: {} rows, {} columns>", self.num_rows(), self.inner.schema.fields().len())
    }
}

/// Blocks in flight between the converting thread and the iterator.
const BLOCKS: usize = 2;

/// The events of Collector files as blocks of JSON Lines.
#[pyclass(frozen, module = "ocsfconv._core")]
struct Events {
    state: Mutex<EventState>,
}

struct EventState {
    blocks: Option<mpsc::Receiver<String>>,
    thread: Option<JoinHandle<crate::error::Result<crate::report::Report>>>,
    rejected: u64,
}

#[pymethods]
impl Events {
    /// Pieces that did not parse; known when the iterator has ended.
    #[getter]
    fn rejected(&self) -> u64 {
        self.state.lock().map_or(0, |state| state.rejected)
    }

    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        loop {
            let received = py.detach(|| {
                let state = self.state.lock().map_err(|_| RecvTimeoutError::Disconnected)?;
                match &state.blocks {
                    Some(blocks) => blocks.recv_timeout(POLL),
                    None => Err(RecvTimeoutError::Disconnected),
                }
            });
            match received {
                Ok(block) if block.is_empty() => {}
                Ok(block) => return Ok(Some(PyBytes::new(py, block.as_bytes()))),
                Err(RecvTimeoutError::Timeout) => py.check_signals()?,
                Err(RecvTimeoutError::Disconnected) => return self.close(),
            }
        }
    }
}

impl Events {
    /// The converting thread has ended: passes its error on.
    fn close<'py>(&self) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let thread = self.state.lock().ok().and_then(|mut state| state.thread.take());
        match thread.map(JoinHandle::join) {
            Some(Ok(Ok(report))) => {
                if let Ok(mut state) = self.state.lock() {
                    state.rejected = report.rejected;
                }
                Ok(None)
            }
            None => Ok(None),
            Some(Ok(Err(error))) => Err(error.into()),
            Some(Err(_)) => {
                Err(OcsfconvError::new_err("internal error (please report it): the converting thread died"))
            }
        }
    }
}

#[pyfunction]
#[pyo3(signature = (paths, *, signal, schema))]
fn events(paths: Vec<PathBuf>, signal: &str, schema: &str) -> PyResult<Events> {
    let options = options(paths, PathBuf::new(), signal, schema, "flat", None)?;
    let (send, blocks) = mpsc::sync_channel(BLOCKS);
    let thread = std::thread::spawn(move || {
        convert_events(&options, &mut |_| true, &mut |block| send.send(block).map_err(|_| Error::Interrupted))
    });
    Ok(Events { state: Mutex::new(EventState { blocks: Some(blocks), thread: Some(thread), rejected: 0 }) })
}

#[pymodule]
fn _core(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", crate::VERSION)?;
    module.add("OcsfconvError", module.py().get_type::<OcsfconvError>())?;
    module.add_class::<Table>()?;
    module.add_class::<Events>()?;
    module.add_function(wrap_pyfunction!(convert, module)?)?;
    module.add_function(wrap_pyfunction!(read, module)?)?;
    module.add_function(wrap_pyfunction!(events, module)?)?;
    Ok(())
}
