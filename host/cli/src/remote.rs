//! A running host, asked over its API: it alone holds the data directory.

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::Value;

#[derive(Args)]
pub struct Remote {
    /// Where the host listens.
    #[arg(long, env = "DONGTING_URL", default_value = "http://127.0.0.1:8080", global = true)]
    url: String,
}

impl Remote {
    pub fn address(&self, path: &str) -> String {
        format!("{}/api/v1/{path}", self.url.trim_end_matches('/'))
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
    match body.pointer("/error/message").and_then(Value::as_str) {
        Some(said) => bail!("{said}"),
        None => bail!("the host at {base} answered {}", answer.status()),
    }
}
