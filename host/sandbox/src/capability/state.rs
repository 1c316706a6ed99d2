//! `dongting:state`: keys and values. Writes stay in the call and leave with its outcome; the engine commits
//! them together with the call's messages.

use std::collections::BTreeMap;
use std::sync::Arc;

use wasmtime::component::{HasData, Linker};

use crate::bindings::dongting::state::state;
use crate::call::CallState;
use crate::reader::StateReader;

pub(super) const MAX_KEY_BYTES: usize = 256;
const MAX_VALUE_BYTES: usize = 256 * 1024;
/// What a key takes in the host and in the commit beside its letters, however little is written under it.
const EACH: usize = 64;

pub struct State {
    reader: Option<Arc<dyn StateReader>>,
    writes: BTreeMap<String, Option<Vec<u8>>>,
    written_bytes: usize,
    limit_bytes: usize,
}

impl State {
    pub fn new(reader: Option<Arc<dyn StateReader>>, limit_kib: u32) -> Self {
        Self { reader, writes: BTreeMap::new(), written_bytes: 0, limit_bytes: limit_kib as usize * 1024 }
    }

    pub fn take_writes(&mut self) -> BTreeMap<String, Option<Vec<u8>>> {
        std::mem::take(&mut self.writes)
    }

    pub(super) fn writes(&self) -> &BTreeMap<String, Option<Vec<u8>>> {
        &self.writes
    }

    pub(super) fn reader(&self) -> Option<&Arc<dyn StateReader>> {
        self.reader.as_ref()
    }

    fn write(&mut self, key: String, value: Option<Vec<u8>>) -> Result<(), state::Error> {
        check_key(&key)?;
        let bytes = value.as_ref().map_or(0, Vec::len);
        if bytes > MAX_VALUE_BYTES {
            let said = format!("the value has {bytes} bytes; at most {MAX_VALUE_BYTES} are kept");
            return Err(state::Error::Invalid(said));
        }
        // What a call holds before it is committed is bounded here, what is stored by the engine.
        let added = self.written_bytes.saturating_add(EACH + key.len()).saturating_add(bytes);
        if added > self.limit_bytes {
            return Err(state::Error::Quota);
        }
        self.written_bytes = added;
        self.writes.insert(key, value);
        Ok(())
    }
}

fn check_key(key: &str) -> Result<(), state::Error> {
    // PostgreSQL keeps no text with a NUL.
    if (1..=MAX_KEY_BYTES).contains(&key.len()) && !key.contains('\0') {
        return Ok(());
    }
    Err(state::Error::Invalid(format!(
        "a key has 1 to {MAX_KEY_BYTES} bytes and no NUL; this one has {}",
        key.len()
    )))
}

pub struct StateCapability;

impl HasData for StateCapability {
    type Data<'a> = &'a mut State;
}

pub fn add_to_linker(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    state::add_to_linker::<_, StateCapability>(linker, |call| &mut call.state)
}

impl state::Host for &mut State {
    async fn get(&mut self, key: String) -> wasmtime::Result<Result<Option<Vec<u8>>, state::Error>> {
        if let Err(error) = check_key(&key) {
            return Ok(Err(error));
        }
        if let Some(written) = self.writes.get(&key) {
            return Ok(Ok(written.clone()));
        }
        match &self.reader {
            None => Ok(Ok(None)),
            // A database that cannot be read ends the call: the guest must not decide on half of its memory.
            Some(reader) => Ok(Ok(reader.get(&key).await.map_err(wasmtime::Error::msg)?)),
        }
    }

    async fn set(&mut self, key: String, value: Vec<u8>) -> wasmtime::Result<Result<(), state::Error>> {
        Ok(self.write(key, Some(value)))
    }

    async fn delete(&mut self, key: String) -> wasmtime::Result<Result<(), state::Error>> {
        Ok(self.write(key, None))
    }
}
