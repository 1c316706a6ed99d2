//! Many components, one after the other: compiled, kept as files, and read back.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Result;
use wasmtime::Engine;
use wasmtime::component::Component;

use super::{config, plain};

pub struct Start {
    pub compiled: Duration,
    pub read_back: Duration,
}

pub fn start(files: &[PathBuf]) -> Result<Start> {
    let engine = || Engine::new(&config()).map_err(plain);
    let began = Instant::now();
    let compiling = engine()?;
    let mut components = Vec::with_capacity(files.len());
    for file in files {
        components.push(Component::new(&compiling, std::fs::read(file)?).map_err(plain)?);
    }
    let compiled = began.elapsed();
    let folder = tempfile::tempdir()?;
    let mut kept = Vec::with_capacity(files.len());
    for (at, component) in components.iter().enumerate() {
        let file = folder.path().join(at.to_string());
        std::fs::write(&file, component.serialize().map_err(plain)?)?;
        kept.push(file);
    }
    drop(components);
    let began = Instant::now();
    let reading = engine()?;
    let mut components = Vec::with_capacity(kept.len());
    for file in kept {
        let code = std::fs::read(file)?;
        // SAFETY: written by this function a moment ago, into a folder of its own.
        #[allow(unsafe_code, reason = "wasmtime cannot check native code; this one has just made it")]
        let component = unsafe { Component::deserialize(&reading, code) };
        components.push(component.map_err(plain)?);
    }
    Ok(Start { compiled, read_back: began.elapsed() })
}
