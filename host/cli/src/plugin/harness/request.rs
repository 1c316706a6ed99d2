//! What the harness is asked.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Context;
use dongting_manifest::installation::Limits;
use dongting_manifest::plugin::Role;
use dongting_manifest::{Region, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value};

#[derive(Deserialize)]
#[serde(tag = "op", rename_all = "camelCase")]
pub enum Request {
    /// Comes first; again it begins anew with nothing kept.
    Load(Box<Load>),
    /// Another release takes the place of the one that is loaded and finds what that has kept, brought along where it reads it in a later form.
    Upgrade {
        #[serde(flatten)]
        to: Box<Load>,
        now: Timestamp,
    },
    /// What other systems answer from now on.
    Http {
        rules: Value,
    },
    /// Puts messages into the history.
    Tell {
        messages: Vec<Value>,
        now: Timestamp,
    },
    /// What the calls so far have left.
    Kept,
    Compliance(Box<Checked>),
    /// One call, with the clock where it stands.
    Call {
        #[serde(flatten)]
        ask: Ask,
        now: Timestamp,
    },
}

#[derive(Deserialize)]
pub struct Load {
    pub component: PathBuf,
    #[serde(default)]
    pub settings: Map<String, Value>,
    #[serde(default)]
    pub attachments: BTreeMap<String, Bytes>,
    pub region: Option<Region>,
    pub system: Option<String>,
    pub limits: Option<Limits>,
}

/// What a plugin is checked with: a folder of samples, and what is named here besides.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Checked {
    pub samples: Option<PathBuf>,
    #[serde(default)]
    pub documents: Vec<PathBuf>,
    #[serde(default)]
    pub messages: Vec<Value>,
    pub rules: Option<Value>,
    pub seed: Option<u64>,
    #[serde(default)]
    pub decoder_only: bool,
    /// Where documents that made it fail are left.
    pub keep: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(tag = "role", rename_all = "camelCase")]
pub enum Ask {
    #[serde(rename_all = "camelCase")]
    Decode {
        transport: Option<String>,
        name: Option<String>,
        content_type: Option<String>,
        body: Bytes,
    },
    /// A connection on which these pieces come.
    Converse {
        pieces: Vec<Bytes>,
    },
    Poll {
        cursor: Option<String>,
    },
    Apply {
        messages: Vec<Value>,
    },
    /// The migration of what is kept from an earlier form.
    Migrate {
        from: u32,
    },
    /// The timers that are due; null where none is.
    Ring,
    Deliver {
        messages: Vec<Value>,
        number: Option<u32>,
    },
    Handle {
        request: Value,
    },
    Views,
    Render {
        view: String,
        region: Option<Region>,
        language: Option<String>,
    },
    Act {
        view: String,
        action: String,
        #[serde(default)]
        form: BTreeMap<String, String>,
        region: Option<Region>,
        language: Option<String>,
    },
}

/// Bytes: a text, or `{"hex": "…"}`.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum Bytes {
    Text(String),
    Hex { hex: String },
}

impl Bytes {
    pub fn bytes(self) -> anyhow::Result<Vec<u8>> {
        match self {
            Self::Text(text) => Ok(text.into_bytes()),
            Self::Hex { hex } => hex::decode(hex).context("`hex` is not hexadecimal"),
        }
    }
}

impl Ask {
    /// Who is asked; none where that is no role.
    pub fn role(&self) -> Option<Role> {
        Some(match self {
            Self::Migrate { .. } => return None,
            Self::Decode { .. } => Role::Decoder,
            Self::Converse { .. } => Role::Session,
            Self::Poll { .. } => Role::Source,
            Self::Apply { .. } | Self::Ring => Role::Transform,
            Self::Deliver { .. } => Role::Sink,
            Self::Handle { .. } => Role::Service,
            Self::Views | Self::Render { .. } | Self::Act { .. } => Role::Views,
        })
    }
}
