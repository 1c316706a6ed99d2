//! `dongting:keys`: which keys the state has, those included that the call itself has written. Part of the capability `state`.

use wasmtime::component::Linker;

use crate::bindings::dongting::keys::keys;
use crate::call::CallState;
use crate::capability::state::{MAX_KEY_BYTES, State, StateCapability};
use crate::reader::keys_over;

const MAX_KEYS: u32 = 1_000;

pub fn add_to_linker(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    keys::add_to_linker::<_, StateCapability>(linker, |call| &mut call.state)
}

impl keys::Host for &mut State {
    async fn list(
        &mut self,
        after: Option<String>,
        limit: u32,
    ) -> wasmtime::Result<Result<Vec<String>, keys::Error>> {
        if !(1..=MAX_KEYS).contains(&limit) {
            return Ok(Err(keys::Error::Invalid(format!("a page has 1 to {MAX_KEYS} keys, not {limit}"))));
        }
        let after = after.unwrap_or_default();
        if after.len() > MAX_KEY_BYTES {
            return Ok(Err(keys::Error::Invalid(format!("a key has at most {MAX_KEY_BYTES} bytes"))));
        }
        let committed = async |most| match self.reader() {
            Some(reader) => reader.keys(&after, most).await,
            None => Ok(Vec::new()),
        };
        let keys = keys_over(self.writes(), (&after, limit), committed).await;
        Ok(Ok(keys.map_err(wasmtime::Error::msg)?))
    }
}
