//! The call's log: lines from the `log` capability, standard output and standard error, bounded together.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

use crate::outcome::{LogLevel, LogLine};

const MAX_LINE_BYTES: usize = 8 * 1024;

#[derive(Clone)]
pub struct Log(Arc<Mutex<Lines>>);

struct Lines {
    lines: Vec<LogLine>,
    limit: usize,
    dropped: u32,
}

/// Standard output or error of a guest, cut into lines.
#[derive(Clone)]
pub struct Stream {
    log: Log,
    level: LogLevel,
    partial: Arc<Mutex<Vec<u8>>>,
}

impl Log {
    pub fn new(limit: u32) -> Self {
        Self(Arc::new(Mutex::new(Lines { lines: Vec::new(), limit: limit as usize, dropped: 0 })))
    }

    pub fn write(&self, level: LogLevel, text: &str) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.lines.len() >= inner.limit {
            inner.dropped = inner.dropped.saturating_add(1);
            return;
        }
        let end = text.floor_char_boundary(MAX_LINE_BYTES.min(text.len()));
        let text = text.get(..end).unwrap_or_default().to_owned();
        inner.lines.push(LogLine { level, text });
    }

    /// How many lines may come until they are taken next.
    pub fn allow(&self, lines: u32) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).limit = lines as usize;
    }

    /// The lines so far and how many were dropped.
    pub fn take(&self) -> (Vec<LogLine>, u32) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (std::mem::take(&mut inner.lines), std::mem::take(&mut inner.dropped))
    }

    pub fn stream(&self, level: LogLevel) -> Stream {
        Stream { log: self.clone(), level, partial: Arc::default() }
    }
}

impl Stream {
    fn push(&self, bytes: &[u8]) {
        let mut partial = self.partial.lock().unwrap_or_else(PoisonError::into_inner);
        for byte in bytes {
            if *byte == b'\n' || partial.len() >= MAX_LINE_BYTES {
                self.log.write(self.level, &String::from_utf8_lossy(&partial));
                partial.clear();
            }
            if *byte != b'\n' {
                partial.push(*byte);
            }
        }
    }

    /// What was written without a line's end.
    pub fn finish(&self) {
        let mut partial = self.partial.lock().unwrap_or_else(PoisonError::into_inner);
        if !partial.is_empty() {
            self.log.write(self.level, &String::from_utf8_lossy(&partial));
            partial.clear();
        }
    }
}

impl IsTerminal for Stream {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Stream {
    fn async_stream(&self) -> Box<dyn tokio::io::AsyncWrite + Send + Sync> {
        // WASI 0.2 guests use `p2_stream`; nothing else is linked.
        Box::new(tokio::io::sink())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

impl OutputStream for Stream {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.push(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(64 * 1024)
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Stream {
    async fn ready(&mut self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_becomes_lines_and_the_flood_is_counted() {
        let log = Log::new(3);
        let stream = log.stream(LogLevel::Info);
        stream.push("一\n二\nthr".as_bytes());
        stream.push(b"ee");
        stream.finish();
        stream.push(b"four\nfive\n");
        let (lines, dropped) = log.take();
        assert_eq!(lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>(), ["一", "二", "three"]);
        assert_eq!(dropped, 2);
    }

    #[test]
    fn a_long_line_is_cut_at_a_character() {
        let log = Log::new(9);
        log.write(LogLevel::Warn, &"洞".repeat(4000));
        let (lines, _) = log.take();
        assert_eq!(lines[0].text.len(), MAX_LINE_BYTES / 3 * 3);
    }
}
