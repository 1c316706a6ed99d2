//! `dongting:timers`: deadlines. Writes stay in the call and leave with its outcome, like those of `state`; the engine gives a
//! timer that is due to `apply`.

use std::collections::BTreeMap;
use std::sync::Arc;

use dongting_manifest::Timestamp;
use dongting_manifest::timer::{MAX_NAME_BYTES, MAX_PAYLOAD_BYTES, Timer};
use wasmtime::component::{HasData, Linker};

use crate::bindings::dongting::timers::timers;
use crate::call::CallState;
use crate::reader::TimerReader;

/// What a call holds before it is committed.
const MAX_WRITTEN_BYTES: usize = 16 * 1024 * 1024;

pub struct Timers {
    reader: Option<Arc<dyn TimerReader>>,
    writes: BTreeMap<String, Option<Timer>>,
    written_bytes: usize,
    /// As many as there are, with the writes; read when it is first needed.
    count: Option<u64>,
    limit: u64,
}

impl Timers {
    pub fn new(reader: Option<Arc<dyn TimerReader>>, limit: u32) -> Self {
        Self { reader, writes: BTreeMap::new(), written_bytes: 0, count: None, limit: limit.into() }
    }

    pub fn take_writes(&mut self) -> BTreeMap<String, Option<Timer>> {
        std::mem::take(&mut self.writes)
    }

    async fn read(&self, name: &str) -> wasmtime::Result<Option<Timer>> {
        match (self.writes.get(name), &self.reader) {
            (Some(written), _) => Ok(written.clone()),
            (None, None) => Ok(None),
            // A database that cannot be read ends the call: the guest must not decide on half of its memory.
            (None, Some(reader)) => reader.get(name).await.map_err(wasmtime::Error::msg),
        }
    }

    async fn write(
        &mut self,
        name: String,
        timer: Option<Timer>,
    ) -> wasmtime::Result<Result<(), timers::Error>> {
        let before = self.read(&name).await?.is_some();
        let after = timer.is_some();
        if !before && !after {
            return Ok(Ok(()));
        }
        let count = match (self.count, &self.reader) {
            (Some(count), _) => count,
            (None, None) => 0,
            (None, Some(reader)) => reader.count().await.map_err(wasmtime::Error::msg)?,
        };
        let count = (count + u64::from(after)).saturating_sub(u64::from(before));
        let bytes = name.len() + timer.as_ref().map_or(0, |timer| timer.payload.len());
        let written = self.written_bytes.saturating_add(bytes);
        if (after && count > self.limit) || written > MAX_WRITTEN_BYTES {
            return Ok(Err(timers::Error::Quota));
        }
        self.count = Some(count);
        self.written_bytes = written;
        self.writes.insert(name, timer);
        Ok(Ok(()))
    }
}

fn check_name(name: &str) -> Result<(), timers::Error> {
    // PostgreSQL keeps no text with a NUL.
    if (1..=MAX_NAME_BYTES).contains(&name.len()) && !name.contains('\0') {
        return Ok(());
    }
    let said = format!("a name has 1 to {MAX_NAME_BYTES} bytes and no NUL");
    Err(timers::Error::Invalid(said))
}

fn timer(at: i64, payload: Vec<u8>) -> Result<Timer, timers::Error> {
    if payload.len() > MAX_PAYLOAD_BYTES {
        let said = format!("the payload has {} bytes; at most {MAX_PAYLOAD_BYTES} are kept", payload.len());
        return Err(timers::Error::Invalid(said));
    }
    let at = Timestamp::from_micros(at)
        .ok_or_else(|| timers::Error::Invalid(format!("the time {at} lies outside the years 1 to 9999")))?;
    Ok(Timer { at, payload })
}

pub struct TimersCapability;

impl HasData for TimersCapability {
    type Data<'a> = &'a mut Timers;
}

pub fn add_to_linker(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    timers::add_to_linker::<_, TimersCapability>(linker, |call| &mut call.timers)
}

impl timers::Host for &mut Timers {
    async fn get(&mut self, name: String) -> wasmtime::Result<Result<Option<timers::Timer>, timers::Error>> {
        if let Err(error) = check_name(&name) {
            return Ok(Err(error));
        }
        let found = self.read(&name).await?;
        Ok(Ok(found.map(|timer| timers::Timer { at: timer.at.as_micros(), payload: timer.payload })))
    }

    async fn set(
        &mut self,
        name: String,
        at: i64,
        payload: Vec<u8>,
    ) -> wasmtime::Result<Result<(), timers::Error>> {
        match check_name(&name).and_then(|()| timer(at, payload)) {
            Ok(timer) => self.write(name, Some(timer)).await,
            Err(error) => Ok(Err(error)),
        }
    }

    async fn cancel(&mut self, name: String) -> wasmtime::Result<Result<(), timers::Error>> {
        match check_name(&name) {
            Ok(()) => self.write(name, None).await,
            Err(error) => Ok(Err(error)),
        }
    }
}
