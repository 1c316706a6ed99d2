//! `dongting:config`: the installation's settings and attachments.

use std::collections::BTreeMap;
use std::sync::Arc;

use wasmtime::component::{HasData, Linker};

use crate::bindings::dongting::config::config;
use crate::call::CallState;

/// Shared by all calls of an installation.
#[derive(Debug, Clone)]
pub struct Config {
    /// A JSON object as text.
    pub settings: Arc<str>,
    pub attachments: Arc<BTreeMap<String, Vec<u8>>>,
}

impl Default for Config {
    fn default() -> Self {
        Self { settings: "{}".into(), attachments: Arc::default() }
    }
}

pub struct ConfigCapability;

impl HasData for ConfigCapability {
    type Data<'a> = &'a mut Config;
}

pub fn add_to_linker(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    config::add_to_linker::<_, ConfigCapability>(linker, |state| &mut state.config)
}

impl config::Host for &mut Config {
    async fn settings(&mut self) -> wasmtime::Result<String> {
        Ok(self.settings.to_string())
    }

    async fn attachment(&mut self, name: String) -> wasmtime::Result<Option<Vec<u8>>> {
        Ok(self.attachments.get(&name).cloned())
    }
}
