//! `dongting:log`: lines in the call's log.

use wasmtime::component::{HasData, Linker};

use crate::bindings::dongting::log::log;
use crate::call::CallState;
use crate::outcome::LogLevel;
use crate::output::Log;

pub struct LogCapability;

impl HasData for LogCapability {
    type Data<'a> = &'a mut Log;
}

pub fn add_to_linker(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    log::add_to_linker::<_, LogCapability>(linker, |state| &mut state.log)
}

impl log::Host for &mut Log {
    async fn write(&mut self, level: log::Level, text: String) -> wasmtime::Result<()> {
        let level = match level {
            log::Level::Debug => LogLevel::Debug,
            log::Level::Info => LogLevel::Info,
            log::Level::Warn => LogLevel::Warn,
            log::Level::Error => LogLevel::Error,
        };
        Log::write(self, level, &text);
        Ok(())
    }
}
