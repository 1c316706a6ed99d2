//! A registry, asked as every OCI client asks it: manifests, blobs and referrers.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;
use dongting_registry::media_type::{EMPTY, OCI_MANIFEST};
use dongting_registry::{Digest, Repository};
use serde_json::{Value, json};

use crate::remote::{Operator, answered};

/// A component is no larger.
const MAX_BLOB_BYTES: u64 = 64 << 20;
/// Pages of referrers.
const MAX_PAGES: usize = 100;

/// Where the registry is and what it is shown.
#[derive(Args)]
pub struct Registry {
    #[command(flatten)]
    operator: Operator,
    /// The file with a token's secret. DONGTING_TOKEN has the secret itself; without either the admin token is used.
    #[arg(long, global = true)]
    token_file: Option<PathBuf>,
}

/// A manifest as it was pulled.
pub struct Pulled {
    pub digest: Digest,
    pub body: Vec<u8>,
    json: Value,
}

pub struct Client {
    base: String,
    authorization: String,
    agent: ureq::Agent,
}

impl Registry {
    pub fn client(&self) -> Result<Client> {
        let authorization = match (&self.token_file, std::env::var("DONGTING_TOKEN")) {
            (Some(file), _) => {
                let secret = std::fs::read_to_string(file)
                    .with_context(|| format!("the token {} cannot be read", file.display()))?;
                self.operator.remote().bearer(&secret)?
            }
            (None, Ok(secret)) => self.operator.remote().bearer(&secret)?,
            (None, Err(_)) => self.operator.authorization()?,
        };
        let remote = self.operator.remote();
        Ok(Client { base: remote.base().to_owned(), authorization, agent: remote.agent()? })
    }

    pub fn operator(&self) -> &Operator {
        &self.operator
    }
}

impl Pulled {
    /// What it names: its configuration, then its layers.
    pub fn blobs(&self) -> Result<Vec<Digest>> {
        let config = self.json.get("config");
        let layers = self.json.get("layers").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        config.into_iter().chain(layers).map(digest_of).collect()
    }

    /// The one layer of a release.
    pub fn layer(&self) -> Result<Digest> {
        digest_of(self.json.pointer("/layers/0").context("the manifest has no layer")?)
    }
}

impl Client {
    /// By a tag or a digest. The bytes are what the digest says, or this is an error.
    pub fn manifest(&self, repository: &Repository, reference: &str) -> Result<Pulled> {
        let bytes = self.get(&format!("{repository}/manifests/{reference}"), 4 << 20)?;
        let digest = Digest::of(&bytes);
        if reference.contains(':') && reference != digest.to_string() {
            bail!("the registry gave {digest} where {reference} was asked for: do not trust it");
        }
        let json = serde_json::from_slice(&bytes).context("the registry gave a manifest that is no JSON")?;
        Ok(Pulled { digest, body: bytes, json })
    }

    pub fn blob(&self, repository: &Repository, digest: Digest) -> Result<Vec<u8>> {
        let bytes = self.get(&format!("{repository}/blobs/{digest}"), MAX_BLOB_BYTES)?;
        let found = Digest::of(&bytes);
        if found != digest {
            bail!("the registry gave {found} where {digest} was asked for: do not trust it");
        }
        Ok(bytes)
    }

    /// The digests of what is said of a manifest.
    pub fn referrers(&self, repository: &Repository, subject: Digest) -> Result<Vec<Digest>> {
        let mut next = Some(format!("/v2/{repository}/referrers/{subject}"));
        let mut found = Vec::new();
        for _ in 0..MAX_PAGES {
            let Some(path) = next.take() else { return Ok(found) };
            let request = self.agent.get(format!("{}{path}", self.base));
            let answer = request.header("authorization", &self.authorization).call();
            next = answer.as_ref().ok().and_then(|answer| following(answer.headers()));
            let page = answered(answer, &self.base)?;
            for one in page.get("manifests").and_then(Value::as_array).into_iter().flatten() {
                found.push(digest_of(one)?);
            }
        }
        bail!("the registry has more referrers of {subject} than {MAX_PAGES} pages hold")
    }

    /// The ids of the keys that the registry knows, however they stand.
    pub fn keys(&self) -> Result<Vec<String>> {
        let request = self.agent.get(self.address("_dongting/keys"));
        let listed = answered(request.header("authorization", &self.authorization).call(), &self.base)?;
        let keys = listed.get("keys").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let ids = keys.iter().filter_map(|key| key.get("id").and_then(Value::as_str));
        Ok(ids.map(str::to_owned).collect())
    }

    /// Pushes a blob, unless the repository has it.
    pub fn push_blob(&self, repository: &Repository, bytes: &[u8]) -> Result<Digest> {
        let digest = Digest::of(bytes);
        let there = self
            .agent
            .head(self.address(&format!("{repository}/blobs/{digest}")))
            .header("authorization", &self.authorization)
            .call();
        if there.is_ok_and(|answer| answer.status().is_success()) {
            return Ok(digest);
        }
        let request = self
            .agent
            .post(self.address(&format!("{repository}/blobs/uploads/?digest={digest}")))
            .header("authorization", &self.authorization)
            .header("content-type", "application/octet-stream");
        answered(request.send(bytes), &self.base)?;
        Ok(digest)
    }

    pub fn push_manifest(&self, repository: &Repository, reference: &str, body: &[u8]) -> Result<()> {
        let request = self
            .agent
            .put(self.address(&format!("{repository}/manifests/{reference}")))
            .header("authorization", &self.authorization)
            .header("content-type", OCI_MANIFEST);
        answered(request.send(body), &self.base).map(drop)
    }

    /// Says something of a manifest: pushes it with one layer of the type, as a referrer.
    pub fn attach(
        &self,
        repository: &Repository,
        subject: &Pulled,
        artifact_type: &str,
        bytes: &[u8],
    ) -> Result<Digest> {
        let config = b"{}";
        for blob in [config.as_slice(), bytes] {
            self.push_blob(repository, blob)?;
        }
        let descriptor = |media_type: &str, bytes: &[u8]| json!({ "mediaType": media_type, "digest": Digest::of(bytes).to_string(), "size": bytes.len() });
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "artifactType": artifact_type,
            "config": descriptor(EMPTY, config),
            "layers": [descriptor(artifact_type, bytes)],
            "subject": descriptor(OCI_MANIFEST, &subject.body),
        });
        let body = manifest.to_string().into_bytes();
        let digest = Digest::of(&body);
        self.push_manifest(repository, &digest.to_string(), &body)?;
        Ok(digest)
    }

    fn address(&self, path: &str) -> String {
        format!("{}/v2/{path}", self.base)
    }

    fn get(&self, path: &str, most: u64) -> Result<Vec<u8>> {
        let request = self.agent.get(self.address(path)).header("authorization", &self.authorization);
        let answer = request.header("accept", format!("{OCI_MANIFEST}, */*")).call();
        match answer {
            Ok(mut answer) if answer.status().is_success() => answer
                .body_mut()
                .with_config()
                .limit(most)
                .read_to_vec()
                .context("the registry's answer broke off or is too large"),
            answer => answered(answer, &self.base).and_then(|_| bail!("the registry gave nothing")),
        }
    }
}

fn digest_of(descriptor: &Value) -> Result<Digest> {
    let text = descriptor.get("digest").and_then(Value::as_str).context("a descriptor without a digest")?;
    Ok(text.parse()?)
}

/// The address of the next page, as `Link: </v2/…>; rel="next"` has it.
fn following(headers: &ureq::http::HeaderMap) -> Option<String> {
    let link = headers.get("link")?.to_str().ok()?;
    let (address, rest) = link.strip_prefix('<')?.split_once('>')?;
    (rest.contains("rel=\"next\"") && address.starts_with("/v2/")).then(|| address.to_owned())
}
