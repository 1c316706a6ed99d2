//! A running host, asked over its API: it alone holds the data directory.

mod roots;

use std::fmt;
use std::io::{ErrorKind, IsTerminal, Write};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use dongting_engine::host::REGISTRY;
use dongting_registry::registry::ADMIN_TOKEN;
use rustls::CertificateError;
use serde_json::Value;
use ureq::http::Uri;
use ureq::tls::TlsConfig;

/// For an answer to come whole.
const PATIENCE: Duration = Duration::from_secs(60);
/// For the answer to what is work: a history run again, releases compiled.
const LONG: Duration = Duration::from_secs(3600);
/// What is read of an answer.
const MAX_ANSWER_BYTES: u64 = 256 << 20;

#[derive(Args)]
pub struct Remote {
    /// Where the host listens.
    #[arg(long, env = "DONGTING_URL", default_value = "http://127.0.0.1:8080", global = true)]
    url: String,
    /// Certificates of authorities (PEM) that are believed besides the system's own, for a host with https://.
    #[arg(long, env = "DONGTING_CA", global = true)]
    ca: Option<PathBuf>,
    /// Show the token to another machine over plain http, too. Everyone on the way can read it: only where the way itself is safe.
    #[arg(long, global = true)]
    allow_plain_http: bool,
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
        self.remote.bearer(&token)
    }

    pub fn get(&self, path: &str) -> Result<Value> {
        let request =
            self.remote.agent()?.get(self.address(path)).header("authorization", self.authorization()?);
        answered(request.call(), self.remote.base())
    }

    pub fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let request =
            self.remote.agent()?.post(self.address(path)).header("authorization", self.authorization()?);
        answered(
            request.header("content-type", "application/json").send(body.to_string()),
            self.remote.base(),
        )
    }

    pub fn put(&self, path: &str, body: &Value) -> Result<Value> {
        let request =
            self.remote.agent()?.put(self.address(path)).header("authorization", self.authorization()?);
        answered(
            request.header("content-type", "application/json").send(body.to_string()),
            self.remote.base(),
        )
    }

    pub fn delete(&self, path: &str) -> Result<Value> {
        let request =
            self.remote.agent()?.delete(self.address(path)).header("authorization", self.authorization()?);
        answered(request.call(), self.remote.base())
    }
}

impl Remote {
    pub fn base(&self) -> &str {
        self.url.trim_end_matches('/')
    }

    pub fn address(&self, path: &str) -> String {
        format!("{}/api/v1/{path}", self.base())
    }

    /// Where https:// was asked for nothing else is spoken, wherever the other side sends us.
    pub fn agent(&self) -> Result<ureq::Agent> {
        let tls = TlsConfig::builder()
            .root_certs(roots::believed(self.ca.as_deref())?)
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        Ok(ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE))
            .https_only(self.scheme()?.0 == "https")
            .tls_config(tls)
            .build()
            .new_agent())
    }

    /// A token as it is shown, to nobody who listens on the way.
    pub fn bearer(&self, token: &str) -> Result<String> {
        let (scheme, host) = self.scheme()?;
        let here = host == "localhost"
            || host
                .trim_matches(['[', ']'])
                .parse::<IpAddr>()
                .is_ok_and(|address| address.to_canonical().is_loopback());
        if scheme == "https" || here || self.allow_plain_http {
            return Ok(format!("Bearer {}", token.trim()));
        }
        bail!(
            "the token is not sent to {} by plain http, where everyone on the way could read it: name the host with https://, or say --allow-plain-http if the way itself is safe",
            self.base()
        )
    }

    fn scheme(&self) -> Result<(String, String)> {
        let wrong =
            || format!("`{}` is no address of a host: write https://host:port or http://host:port", self.url);
        let uri: Uri = self.url.parse().with_context(wrong)?;
        match (uri.scheme_str(), uri.host()) {
            (Some(scheme @ ("http" | "https")), Some(host)) => Ok((scheme.to_owned(), host.to_owned())),
            _ => bail!(wrong()),
        }
    }
}

/// The same request, which may take as long as the work that it asks for.
pub fn patient<B>(request: ureq::RequestBuilder<B>) -> ureq::RequestBuilder<B> {
    request.config().timeout_global(Some(LONG)).build()
}

/// What a host has answered instead of what was asked for.
#[derive(Debug)]
pub struct Refused {
    pub status: u16,
    said: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.said)
    }
}

impl std::error::Error for Refused {}

/// For a host that this very program has started on this machine.
pub fn child_agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(PATIENCE))
        .max_redirects(0)
        .build()
        .new_agent()
}

/// The answer's JSON, or what the host says is wrong.
pub fn answered(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>, base: &str) -> Result<Value> {
    let mut answer = answer.map_err(|error| unanswered(error, base))?;
    let read = answer.body_mut().with_config().limit(MAX_ANSWER_BYTES).read_to_string();
    let text = read.map_err(|error| match error {
        ureq::Error::Timeout(_) => unanswered(error, base),
        other => anyhow::Error::new(other).context("the host's answer broke off"),
    })?;
    let body: Value =
        if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap_or_default() };
    if answer.status().is_success() {
        return Ok(body);
    }
    // The registry speaks as OCI has it.
    let said = body.pointer("/error/message").or_else(|| body.pointer("/errors/0/message"));
    let said = match said.and_then(Value::as_str) {
        Some(said) => said.to_owned(),
        None => format!("the host at {base} answered {}", answer.status()),
    };
    Err(Refused { status: answer.status().as_u16(), said }.into())
}

/// Writes the answer's bytes, which somebody else made, to standard output, but to no terminal: they may give it orders.
pub fn write_raw(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>, base: &str) -> Result<()> {
    let mut answer = match answer {
        Ok(answer) if answer.status().is_success() => answer,
        // The host says why, or nobody answers.
        other => return answered(other, base).map(drop),
    };
    let bytes = answer.body_mut().with_config().limit(MAX_ANSWER_BYTES).read_to_vec();
    let bytes = bytes.context("the host's answer broke off")?;
    let mut out = std::io::stdout();
    if out.is_terminal() {
        bail!("these bytes may give a terminal orders: send them into a file, as with `> raw.bin`");
    }
    match out.write_all(&bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

/// Why there is no answer, and what to do.
fn unanswered(error: ureq::Error, base: &str) -> anyhow::Error {
    let of_tls = match &error {
        ureq::Error::Rustls(error) => Some(error),
        ureq::Error::Io(error) => error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()),
        _ => None,
    };
    if let ureq::Error::Timeout(_) = error {
        return anyhow::Error::new(error).context(format!(
            "the host at {base} has not answered in time; what it was asked for may be done all the same"
        ));
    }
    let said = match of_tls {
        None => format!("no host answers at {base}: is it running? Name it with --url"),
        Some(rustls::Error::InvalidCertificate(why)) => match why {
            // A bad signature is one by another authority of the same name.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => format!(
                "the certificate of {base} is by an authority that this machine does not know: name the file of the authority's certificate with --ca, or as DONGTING_CA"
            ),
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => format!(
                "the certificate of {base} is for another name: name the host with --url as its certificate does"
            ),
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                format!("the certificate of {base} has expired: whoever runs the host must renew it")
            }
            _ => format!("the certificate of {base} is not believed"),
        },
        Some(_) => format!("{base} does not speak TLS as it should: is it a host with http://?"),
    };
    anyhow!(error).context(said)
}
