//! `dongting keys`: what releases and reviews are signed with.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use dongting_trust::{Algorithm, PublicKey, SecretKey};
use serde_json::{Value, json};

use crate::remote::Operator;

#[derive(Args)]
pub struct Keys {
    #[command(flatten)]
    operator: Operator,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make a key. The secret half goes into the file, which only you can read, the public half into a file beside it that ends in
    /// `.pub.pem`. Asks no host.
    Generate {
        /// `ed25519`, or `sm2` (SM2 with SM3).
        #[arg(long, default_value = "ed25519")]
        algorithm: Algorithm,
        /// Where the secret half goes, for example `release.key.pem`.
        #[arg(long)]
        out: PathBuf,
    },
    /// Say whose a public key is. From then on what it signs counts.
    Add {
        /// The file that ends in `.pub.pem`.
        public_key: PathBuf,
        /// `vendor:NAMESPACE`, or `province:REVIEWER`. A reviewer's key must also be named in `[trust] province` of each host.
        #[arg(long)]
        owner: String,
    },
    /// Id, algorithm, owner, when it was added and how it stands, a line each.
    List,
    /// Let a key sign nothing new; what was signed before stays good.
    Retire {
        /// The id, or its first digits.
        key: String,
    },
    /// Distrust all that a key ever signed. Installations that run it stop within seconds. There is no way back.
    Revoke {
        /// The id, or its first digits.
        key: String,
        /// Told to everyone whose release stops by it.
        #[arg(long)]
        reason: String,
    },
}

pub fn run(options: &Keys) -> Result<()> {
    let operator = &options.operator;
    match &options.command {
        Command::Generate { algorithm, out } => generate(*algorithm, out),
        Command::Add { public_key, owner } => {
            let pem = std::fs::read_to_string(public_key)
                .with_context(|| format!("the public key {} cannot be read", public_key.display()))?;
            // Refused here, a secret key never leaves the machine.
            let key = PublicKey::from_pem(&pem).with_context(|| public_key.display().to_string())?;
            let added = operator.post("keys", &json!({ "public_key": key.to_pem()?, "owner": owner }))?;
            crate::print(&line(&added))
        }
        Command::List => {
            let listed = operator.get("keys")?;
            let keys = listed.get("keys").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            keys.iter().try_for_each(|key| crate::print(&line(key)))
        }
        Command::Retire { key } => {
            crate::print(&line(&operator.post(&format!("keys/{key}/retire"), &json!({}))?))
        }
        Command::Revoke { key, reason } => {
            crate::print(&line(&operator.post(&format!("keys/{key}/revoke"), &json!({ "reason": reason }))?))
        }
    }
}

/// A secret key from its file.
pub fn read(path: &Path) -> Result<SecretKey> {
    use std::os::unix::fs::PermissionsExt;
    // A disk that knows no owners has files that all can read: so it is said and not refused.
    if std::fs::metadata(path).is_ok_and(|about| about.permissions().mode() & 0o077 != 0) {
        crate::say(&format!("Others on this machine can read the key {0}: `chmod 600 {0}`", path.display()));
    }
    let pem = std::fs::read_to_string(path)
        .map(zeroize::Zeroizing::new)
        .with_context(|| format!("the key {} cannot be read", path.display()))?;
    SecretKey::from_pem(&pem).with_context(|| path.display().to_string())
}

fn generate(algorithm: Algorithm, out: &Path) -> Result<()> {
    let secret = SecretKey::generate(algorithm)?;
    let public = secret.public();
    let beside = beside(out);
    create(out, 0o600, secret.to_pem()?.as_bytes())?;
    create(&beside, 0o644, public.to_pem()?.as_bytes())?;
    crate::print(&format!("{}\t{algorithm}\t{}\t{}\n", public.id()?, out.display(), beside.display()))
}

/// `release.key.pem` has `release.key.pub.pem` beside it.
fn beside(out: &Path) -> PathBuf {
    let stem = out.file_name().and_then(|name| name.to_str()).unwrap_or("key");
    out.with_file_name(format!("{}.pub.pem", stem.strip_suffix(".pem").unwrap_or(stem)))
}

/// A file that was not there: a key that signs somebody's releases is not written over.
fn create(path: &Path, mode: u32, bytes: &[u8]) -> Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let write = || {
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().with_context(|| format!("{} cannot be written; a key is never written over", path.display()))
}

fn line(key: &Value) -> String {
    let text = |name: &str| key.get(name).and_then(Value::as_str);
    let standing = match (text("revoked"), text("retired")) {
        (Some(at), _) => format!("revoked {at}: {}", text("reason").unwrap_or_default()),
        (None, Some(at)) => format!("retired {at}"),
        (None, None) => "good".to_owned(),
    };
    format!(
        "{}\t{}\t{}\t{}\t{}\n",
        text("id").unwrap_or_default(),
        text("algorithm").unwrap_or_default(),
        text("owner").unwrap_or_default(),
        text("added").unwrap_or_default(),
        standing.replace(['\t', '\n'], " "),
    )
}
