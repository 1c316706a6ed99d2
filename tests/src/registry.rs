//! `dongting registry serve` run by a test, and a client that can say anything to it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use anyhow::{Context, Result, bail};
use dongting_registry::Digest;
use serde_json::Value;
use tempfile::TempDir;
use ureq::http;

use crate::authority::Files;
use crate::host::{DEADLINE, binary};
use crate::oci::{Artifact, CONFIG_BYTES, MANIFEST};

pub struct Registry {
    pub folder: TempDir,
    /// Host and port.
    pub address: String,
    /// `https` where it was started with a certificate.
    scheme: String,
    child: Child,
}

/// An HTTP answer.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: http::HeaderMap,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The OCI error's code and sentence.
    pub fn error(&self) -> (String, String) {
        let body = self.json();
        let text = |name: &str| {
            let said = body.pointer(&format!("/errors/0/{name}")).and_then(Value::as_str);
            said.unwrap_or_default().to_owned()
        };
        (text("code"), text("message"))
    }

    /// The path in `Location`.
    pub fn location(&self) -> &str {
        self.header("location")
    }
}

impl Registry {
    pub fn start() -> Result<Self> {
        Self::start_with("")
    }

    /// `settings` are those of the table `registry`.
    pub fn start_with(settings: &str) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        std::fs::write(folder.path().join("dongting.toml"), format!("[registry]\n{settings}"))?;
        Self::spawned(folder, None)
    }

    /// One that speaks TLS alone.
    pub fn start_by_tls(files: &Files) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        std::fs::write(folder.path().join("dongting.toml"), "")?;
        Self::spawned(folder, Some(files))
    }

    fn spawned(folder: TempDir, tls: Option<&Files>) -> Result<Self> {
        let (child, scheme, address) = spawn(folder.path(), tls)?;
        Ok(Self { folder, address, scheme, child })
    }

    /// `kill -9`.
    pub fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// A new process on the same data.
    pub fn restart(&mut self) -> Result<()> {
        let (child, _, address) = spawn(self.folder.path(), None)?;
        self.child = child;
        self.address = address;
        Ok(())
    }

    /// The folder that the registry owns.
    pub fn directory(&self) -> PathBuf {
        self.folder.path().join("data/registry")
    }

    pub fn admin_token(&self) -> Result<String> {
        Ok(std::fs::read_to_string(self.directory().join("admin-token"))?.trim().to_owned())
    }

    /// `dongting` with these words and this registry.
    pub fn dongting(&self, words: &[&str]) -> Result<Output> {
        let mut command = Command::new(binary()?);
        command.args(words).arg("--url").arg(self.url());
        command.arg("--data").arg(self.folder.path().join("data")).stdin(Stdio::null());
        Ok(command.output()?)
    }

    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// The secret of a new token with the vendor's name.
    pub fn token(&self, vendor: &str, rights: &str) -> Result<String> {
        said(self.dongting(&["tokens", "create", vendor, "--vendor", vendor, "--rights", rights])?)
    }

    /// Whoever has the admin token.
    pub fn admin(&self) -> Result<Client> {
        Ok(self.client(Some(format!("Bearer {}", self.admin_token()?))))
    }

    pub fn client(&self, authorization: Option<String>) -> Client {
        Client { address: self.address.clone(), authorization }
    }

    /// Where the bytes of a blob are.
    pub fn blob_file(&self, bytes: &[u8]) -> PathBuf {
        let hex = Digest::of(bytes).hex();
        self.directory().join("blobs/sha256").join(&hex[..2]).join(&hex)
    }

    /// What all files of the registry under a folder take.
    pub fn bytes_under(&self, folder: &str) -> Result<u64> {
        bytes_under(&self.directory().join(folder))
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[derive(Debug, Clone)]
pub struct Client {
    pub address: String,
    pub authorization: Option<String>,
}

impl Client {
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<Reply> {
        let mut request =
            http::Request::builder().method(method).uri(format!("http://{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", authorization);
        }
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .timeout_global(Some(DEADLINE))
            .build()
            .new_agent();
        let bodiless = matches!(method, "GET" | "HEAD" | "DELETE");
        let mut response =
            if bodiless { agent.run(request.body(())?)? } else { agent.run(request.body(body)?)? };
        let body = response.body_mut().with_config().limit(128 << 20).read_to_vec()?;
        Ok(Reply { status: response.status().as_u16(), headers: response.headers().clone(), body })
    }

    pub fn get(&self, path: &str) -> Result<Reply> {
        self.send("GET", path, &[], &[])
    }

    /// A blob in one request.
    pub fn push_blob(&self, repository: &str, bytes: &[u8]) -> Result<Reply> {
        let path = format!("/v2/{repository}/blobs/uploads/?digest={}", Digest::of(bytes));
        self.send("POST", &path, &[], bytes)
    }

    pub fn push_manifest(&self, repository: &str, reference: &str, manifest: &[u8]) -> Result<Reply> {
        let path = format!("/v2/{repository}/manifests/{reference}");
        self.send("PUT", &path, &[("content-type", MANIFEST)], manifest)
    }

    /// Configuration, component and manifest. Gives the answer to the last.
    pub fn push(&self, artifact: &Artifact) -> Result<Reply> {
        self.push_blobs(artifact)?;
        self.push_manifest(&artifact.repository, &artifact.version, &artifact.manifest)
    }

    pub fn push_blobs(&self, artifact: &Artifact) -> Result<()> {
        for bytes in [CONFIG_BYTES, &artifact.component] {
            let pushed = self.push_blob(&artifact.repository, bytes)?;
            if pushed.status != 201 {
                bail!("the blob was refused: {:?}", pushed.error());
            }
        }
        Ok(())
    }

    /// Where an upload that was just begun goes on.
    pub fn begin(&self, repository: &str) -> Result<String> {
        let begun = self.send("POST", &format!("/v2/{repository}/blobs/uploads/"), &[], &[])?;
        if begun.status != 202 {
            bail!("no upload was begun: {} {:?}", begun.status, begun.error());
        }
        Ok(begun.location().to_owned())
    }

    /// A connection on which a request's head was sent, for a test that goes on by itself.
    pub fn raw(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Result<TcpStream> {
        let mut stream = TcpStream::connect(&self.address)?;
        stream.set_read_timeout(Some(DEADLINE))?;
        stream.set_write_timeout(Some(DEADLINE))?;
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n", self.address);
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if let Some(authorization) = &self.authorization {
            head.push_str(&format!("authorization: {authorization}\r\n"));
        }
        stream.write_all(format!("{head}\r\n").as_bytes())?;
        Ok(stream)
    }
}

/// All that comes on a connection until it is closed. A peer that closes with bytes of ours unread has still said what it said.
pub fn rest(stream: &mut TcpStream) -> String {
    let mut all = Vec::new();
    let mut part = [0; 4096];
    while let Ok(read @ 1..) = stream.read(&mut part) {
        all.extend_from_slice(part.get(..read).unwrap_or_default());
    }
    String::from_utf8_lossy(&all).into_owned()
}

/// Standard output of a command that must have succeeded.
pub fn said(output: Output) -> Result<String> {
    if !output.status.success() {
        bail!("it failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// `skopeo`, as `cargo xtask test` names it. It keeps no settings of the machine's.
pub fn skopeo(words: &[&str]) -> Result<Output> {
    let mut command = Command::new(std::env::var_os("SKOPEO").unwrap_or_else(|| "skopeo".into()));
    command
        .arg("--insecure-policy")
        .args(words)
        .stdin(Stdio::null())
        .output()
        .context("skopeo: run the tests with `cargo xtask test`")
}

/// `wkg`, in a folder of its own for what it would remember.
pub fn wkg(home: &Path, words: &[&str]) -> Result<Output> {
    let mut command = Command::new(std::env::var_os("WKG").unwrap_or_else(|| "wkg".into()));
    command.args(words).env("HOME", home).env("XDG_CONFIG_HOME", home).env("XDG_CACHE_HOME", home);
    command.stdin(Stdio::null()).output().context("wkg: run the tests with `cargo xtask test`")
}

fn spawn(folder: &Path, tls: Option<&Files>) -> Result<(Child, String, String)> {
    let log = std::fs::OpenOptions::new().create(true).append(true).open(folder.join("log"))?;
    let mut command = Command::new(binary()?);
    command.args(["registry", "serve", "--listen", "127.0.0.1:0", "--data"]).arg(folder.join("data"));
    command.arg("--config").arg(folder.join("dongting.toml"));
    if let Some(files) = tls {
        command.arg("--tls-cert").arg(&files.certificate).arg("--tls-key").arg(&files.key);
    }
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn()?;
    let out = child.stdout.take().context("no standard output")?;
    let mut first = String::new();
    BufReader::new(out).read_line(&mut first)?;
    let Some((scheme, address)) = first.trim().trim_end_matches('/').split_once("://") else {
        let _ = child.wait();
        bail!("the registry ended before it was ready: {}", std::fs::read_to_string(folder.join("log"))?);
    };
    Ok((child, scheme.to_owned(), address.to_owned()))
}

fn bytes_under(folder: &Path) -> Result<u64> {
    let mut sum = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        // A file that is moved away meanwhile is counted where it lies next.
        let Ok(about) = entry.metadata() else { continue };
        sum += if about.is_dir() { bytes_under(&entry.path())? } else { about.len() };
    }
    Ok(sum)
}
