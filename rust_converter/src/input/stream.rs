//! Standard input and FIFOs: their reads may wait for ever, so a thread of their own waits, and the run can be stopped.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

/// Bytes per read.
const BLOCK: usize = 64 << 10;

/// Blocks read ahead.
const AHEAD: usize = 8;

/// How often a waiting reader looks whether the run was stopped.
const POLL: Duration = Duration::from_millis(50);

/// A stream that ends with an error when `stop` is set.
pub(super) struct Stream {
    blocks: Receiver<io::Result<Vec<u8>>>,
    block: io::Cursor<Vec<u8>>,
    stop: Arc<AtomicBool>,
}

impl Stream {
    /// Reads `path`, or standard input where it is `-`. The thread ends with the stream or with the process.
    pub fn open(path: &Path, stop: Arc<AtomicBool>) -> Self {
        let (send, blocks) = mpsc::sync_channel(AHEAD);
        let path = path.to_path_buf();
        std::thread::spawn(move || {
            // A FIFO's open waits, too, until somebody writes.
            let mut source: Box<dyn Read> = match path.to_str() {
                Some("-") => Box::new(io::stdin()),
                _ => match File::open(&path) {
                    Ok(file) => Box::new(file),
                    Err(error) => {
                        let _ = send.send(Err(error));
                        return;
                    }
                },
            };
            loop {
                let mut block = vec![0; BLOCK];
                let read = match source.read(&mut block) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    read => read,
                };
                let ended = !matches!(read, Ok(length) if length > 0);
                let block = read.map(|length| {
                    block.truncate(length);
                    block
                });
                if send.send(block).is_err() || ended {
                    return;
                }
            }
        });
        Self { blocks, block: io::Cursor::new(Vec::new()), stop }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.block.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            match self.blocks.recv_timeout(POLL) {
                Ok(block) => {
                    let block = block?;
                    if block.is_empty() {
                        return Ok(0);
                    }
                    self.block = io::Cursor::new(block);
                }
                Err(RecvTimeoutError::Disconnected) => return Ok(0),
                Err(RecvTimeoutError::Timeout) if self.stop.load(Ordering::Relaxed) => {
                    return Err(io::Error::other("stopped"));
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }
}
