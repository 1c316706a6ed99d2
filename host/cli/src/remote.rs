//! A running host, asked over its API: it alone holds the data directory.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;
use dongting_engine::host::REGISTRY;
use dongting_registry::registry::ADMIN_TOKEN;
use serde_json::Value;

#[derive(Args)]
pub struct Remote {
    /// Where the host listens.
    #[arg(long, env = "DONGTING_URL", default_value = "http://127.0.0.1:8080", global = true)]
    url: String,
}

/// A running host or registry, asked by its operator.
#[derive(Args)]
pub struct Operator {
    #[command(flatten)]
    remote: Remote,
    /// The data directory of the host or registry, where the admin token is. DONGTING_ADMIN_TOKEN has the token itself.
    #[arg(long, env = "DONGTING_DATA", default_value = "dongting-data", global = true)]
    data: PathBuf,
}

impl Operator {
    pub fn remote(&self) -> &Remote {
        &self.remote
    }

    pub fn base(&self) -> &str {
        self.remote.base()
    }

    /// An address of the registry's own.
    pub fn address(&self, path: &str) -> String {
        format!("{}/v2/_dongting/{path}", self.remote.base())
    }

    /// What goes into the Authorization header.
    pub fn authorization(&self) -> Result<String> {
        let token = match std::env::var("DONGTING_ADMIN_TOKEN") {
            Ok(token) => token,
            Err(_) => {
                let file = self.data.join(REGISTRY).join(ADMIN_TOKEN);
                std::fs::read_to_string(&file).with_context(|| {
                    format!(
                        "the admin token is not readable in {}: name the data directory with --data, or give the token as DONGTING_ADMIN_TOKEN",
                        file.display()
                    )
                })?
            }
        };
        Ok(format!("Bearer {}", token.trim()))
    }

    pub fn get(&self, path: &str) -> Result<Value> {
        let request = agent().get(self.address(path)).header("authorization", self.authorization()?);
        answered(request.call(), self.remote.base())
    }

    pub fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let request = agent().post(self.address(path)).header("authorization", self.authorization()?);
        answered(
            request.header("content-type", "application/json").send(body.to_string()),
            self.remote.base(),
        )
    }

    pub fn put(&self, path: &str, body: &Value) -> Result<Value> {
        let request = agent().put(self.address(path)).header("authorization", self.authorization()?);
        answered(
            request.header("content-type", "application/json").send(body.to_string()),
            self.remote.base(),
        )
    }

    pub fn delete(&self, path: &str) -> Result<Value> {
        let request = agent().delete(self.address(path)).header("authorization", self.authorization()?);
        answered(request.call(), self.remote.base())
    }
}

impl Remote {
    fn base(&self) -> &str {
        self.url.trim_end_matches('/')
    }

    pub fn address(&self, path: &str) -> String {
        format!("{}/api/v1/{path}", self.base())
    }
}

pub fn agent() -> ureq::Agent {
    let timeout = std::time::Duration::from_secs(60);
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(timeout))
        .build()
        .new_agent()
}

/// The answer's JSON, or what the host says is wrong.
pub fn answered(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>, base: &str) -> Result<Value> {
    let mut answer =
        answer.with_context(|| format!("no host answers at {base}: is it running? Name it with --url"))?;
    let text = answer.body_mut().read_to_string().context("the host's answer broke off")?;
    let body: Value =
        if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap_or_default() };
    if answer.status().is_success() {
        return Ok(body);
    }
    // The registry speaks as OCI has it.
    let said = body.pointer("/error/message").or_else(|| body.pointer("/errors/0/message"));
    match said.and_then(Value::as_str) {
        Some(said) => bail!("{said}"),
        None => bail!("the host at {base} answered {}", answer.status()),
    }
}
