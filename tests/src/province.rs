//! A vendor, a reviewer and their keys, who make, sign and approve releases with the real commands and for a real host.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, bail};
use dongting_registry::Digest;
use tempfile::TempDir;

use crate::host::{Host, binary, dongting, plugin};
use crate::oci::Artifact;
use crate::registry::{Client, Reply, said};
use crate::restamp::restamped;

/// The type of a signature that is attached.
pub const ENVELOPE: &str = "application/vnd.dsse.envelope.v1+json";

/// Keys and components in a folder of their own.
pub struct Province {
    pub folder: TempDir,
}

impl Province {
    /// With the keys `vendor` and `reviewer`.
    pub fn new(algorithm: &str) -> Result<Self> {
        let province = Self { folder: tempfile::tempdir()? };
        for name in ["vendor", "reviewer"] {
            province.generate(name, algorithm)?;
        }
        Ok(province)
    }

    pub fn generate(&self, name: &str, algorithm: &str) -> Result<()> {
        let out = self.secret(name);
        let words = ["keys", "generate", "--algorithm", algorithm, "--out", text(&out)?];
        said(dongting(&words)?).map(drop)
    }

    pub fn secret(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("{name}.key.pem"))
    }

    pub fn public(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("{name}.key.pub.pem"))
    }

    /// The table of dongting.toml that trusts the reviewer.
    pub fn trust(&self) -> String {
        format!("[trust]\nprovince = [{:?}]\n", self.public("reviewer"))
    }

    /// The registry of the host knows both keys.
    pub fn introduce(&self, host: &Host) -> Result<()> {
        self.add(host, "vendor", "vendor:dongting")?;
        self.add(host, "reviewer", "province:wang").map(drop)
    }

    /// The key's id.
    pub fn add(&self, host: &Host, name: &str, owner: &str) -> Result<String> {
        let public = self.public(name);
        let line = said(ask(host, &["keys", "add", text(&public)?, "--owner", owner])?)?;
        Ok(line.split('\t').next().unwrap_or_default().to_owned())
    }

    /// A guest as a release of some version, pushed and not signed.
    pub fn push(&self, host: &Host, guest: &str, version: &str) -> Result<Artifact> {
        let component = restamped(&std::fs::read(plugin(&format!("guests/{guest}.wasm"))?)?, version)?;
        let artifact = Artifact::of(&format!("dongting/{guest}"), version, component);
        let pushed = client(host)?.push(&artifact)?;
        if pushed.status != 201 {
            bail!("it was not pushed: {:?}", pushed.error());
        }
        Ok(artifact)
    }

    /// The envelope that `dongting plugin sign` makes.
    pub fn sign(&self, artifact: &Artifact, keys: &[&str]) -> Result<Vec<u8>> {
        let file = self.folder.path().join("component.wasm");
        std::fs::write(&file, &artifact.component)?;
        let mut command = Command::new(binary()?);
        command.args(["plugin", "sign"]).arg(&file);
        for key in keys {
            command.arg("--key").arg(self.secret(key));
        }
        said(command.stdin(Stdio::null()).output()?)?;
        Ok(std::fs::read(self.folder.path().join("component.wasm.dsse.json"))?)
    }

    pub fn review(&self, host: &Host, what: &[&str], artifact: &Artifact, key: &str) -> Result<Output> {
        let (verb, more) = what.split_first().context("approve or reject")?;
        let name = reference(artifact);
        let secret = self.secret(key);
        let words = [&["review", verb, &name, "--key", text(&secret)?], more].concat();
        ask(host, &words)
    }

    pub fn approve(&self, host: &Host, artifact: &Artifact) -> Result<()> {
        said(self.review(host, &["approve"], artifact, "reviewer")?).map(drop)
    }

    /// Pushed, signed and approved.
    pub fn publish(&self, host: &Host, guest: &str, version: &str) -> Result<Artifact> {
        let artifact = self.push(host, guest, version)?;
        attached(host, &artifact, &self.sign(&artifact, &["vendor"])?)?;
        self.approve(host, &artifact)?;
        Ok(artifact)
    }
}

/// `vendor/plugin:1.2.0`
pub fn reference(artifact: &Artifact) -> String {
    format!("{}:{}", artifact.repository, artifact.version)
}

/// `dongting` with these words, by the operator of the host.
pub fn ask(host: &Host, words: &[&str]) -> Result<Output> {
    let mut command = Command::new(binary()?);
    command.args(words).args(["--url", &host.url]).arg("--data").arg(host.folder.path().join("data"));
    Ok(command.stdin(Stdio::null()).output()?)
}

/// The registry of a host, asked with its admin token.
pub fn client(host: &Host) -> Result<Client> {
    let token = std::fs::read_to_string(host.folder.path().join("data/registry/admin-token"))?;
    let address = host.url.trim_start_matches("http://").trim_end_matches('/').to_owned();
    Ok(Client { address, authorization: Some(format!("Bearer {}", token.trim())) })
}

/// Attaches a signature, whatever it is.
pub fn attach(host: &Host, artifact: &Artifact, envelope: &[u8]) -> Result<Reply> {
    let client = client(host)?;
    for blob in [b"{}".as_slice(), envelope] {
        client.push_blob(&artifact.repository, blob)?;
    }
    let manifest = artifact.statement(ENVELOPE, envelope);
    client.push_manifest(&artifact.repository, &Digest::of(&manifest).to_string(), &manifest)
}

/// Attaches a signature that the registry must take.
pub fn attached(host: &Host, artifact: &Artifact, envelope: &[u8]) -> Result<()> {
    let reply = attach(host, artifact, envelope)?;
    if reply.status != 201 {
        bail!("the signature was not taken: {:?}", reply.error());
    }
    Ok(())
}

/// Where a blob lies in the registry of a host.
pub fn blob(host: &Host, bytes: &[u8]) -> PathBuf {
    let hex = Digest::of(bytes).hex();
    host.folder.path().join("data/registry/blobs/sha256").join(&hex[..2]).join(&hex)
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().context("a path that is no text")
}
