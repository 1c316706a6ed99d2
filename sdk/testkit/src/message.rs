//! Messages as a test makes and sees them.

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::Error;

/// A message on the bus: `message` of the contract, with a text for each instant.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    pub id: String,
    pub source: String,
    pub r#type: String,
    /// `em.<province>.<city>.<district>.<domain>.<kind>.<detail>`.
    pub subject: String,
    pub region: String,
    pub time: Timestamp,
    pub received: Option<Timestamp>,
    pub key: String,
    pub revision: String,
    pub partition: String,
    pub causation: Vec<String>,
    pub plugin: String,
    pub content_type: String,
    pub extensions: Vec<(String, String)>,
    #[serde(flatten)]
    pub body: Body,
}

/// The two ways in which the harness writes a body.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Body {
    Text {
        body: String,
    },
    #[serde(rename_all = "camelCase")]
    Hex {
        body_hex: String,
    },
}

/// Bytes, in JSON as text or `{"hex": "…"}`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bytes(pub Vec<u8>);

/// A part of an input that the plugin could not understand.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Reject {
    pub reason: String,
    pub raw: Bytes,
}

/// The time of a message that the plugin's clock says.
const UNSAID: Timestamp = Timestamp::MIN;

impl Message {
    /// A message of another plugin's. `subject` says region, domain and kind: `em.43.07.02.water.observation.-`. What it is about is its
    /// `key`; its id follows from the type, the key and the body. It is stated and received when the plugin's clock says, unless `at` and
    /// `received_at` say otherwise.
    pub fn new(r#type: &str, subject: &str, key: &str, payload: &impl Serialize) -> Result<Self, Error> {
        let body = serde_json::to_string(payload).map_err(|error| Error::Body {
            key: key.to_owned(),
            wanted: "JSON",
            why: error.to_string(),
        })?;
        Ok(Self {
            id: digest(&[r#type, subject, key, &body]),
            source: "/systems/test".to_owned(),
            r#type: r#type.to_owned(),
            subject: subject.to_owned(),
            region: subject.split('.').skip(1).take(3).collect(),
            time: UNSAID,
            received: None,
            key: key.to_owned(),
            revision: digest(&[&body]),
            partition: key.to_owned(),
            causation: Vec::new(),
            plugin: String::new(),
            content_type: "application/json".to_owned(),
            extensions: Vec::new(),
            body: Body::Text { body },
        })
    }

    /// When its source made the statement, RFC 3339.
    pub fn at(mut self, time: &str) -> Result<Self, Error> {
        self.time = time.parse().map_err(|_| Error::Instant(time.to_owned()))?;
        Ok(self)
    }

    /// When the host first had it, RFC 3339; without it the plugin's clock says.
    pub fn received_at(mut self, time: &str) -> Result<Self, Error> {
        self.received = Some(time.parse().map_err(|_| Error::Instant(time.to_owned()))?);
        Ok(self)
    }

    #[must_use]
    pub fn from_source(self, source: &str) -> Self {
        Self { source: source.to_owned(), ..self }
    }

    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        match &self.body {
            Body::Text { body } => body.clone().into_bytes(),
            Body::Hex { body_hex } => hex::decode(body_hex).unwrap_or_default(),
        }
    }

    /// The body as a payload of the data standard.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.bytes()).map_err(|error| Error::Body {
            key: self.key.clone(),
            wanted: std::any::type_name::<T>(),
            why: error.to_string(),
        })
    }
}

impl Serialize for Message {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = Map::new();
        let mut put = |name: &str, value: Value| fields.insert(name.to_owned(), value);
        for (name, text) in [
            ("id", &self.id),
            ("source", &self.source),
            ("type", &self.r#type),
            ("subject", &self.subject),
            ("key", &self.key),
            ("revision", &self.revision),
            ("partition", &self.partition),
            ("plugin", &self.plugin),
            ("contentType", &self.content_type),
        ] {
            put(name, text.clone().into());
        }
        if self.time != UNSAID {
            put("time", self.time.to_string().into());
        }
        if let Some(received) = self.received {
            put("received", received.to_string().into());
        }
        put("causation", self.causation.clone().into());
        put("extensions", serde_json::json!(self.extensions));
        match &self.body {
            Body::Text { body } => put("body", body.clone().into()),
            Body::Hex { body_hex } => put("bodyHex", body_hex.clone().into()),
        };
        fields.serialize(serializer)
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(&self.0) {
            Ok(text) => text.serialize(serializer),
            Err(_) => serde_json::json!({ "hex": hex::encode(&self.0) }).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Text(String),
            Hex { hex: String },
        }
        match Written::deserialize(deserializer)? {
            Written::Text(text) => Ok(Self(text.into_bytes())),
            Written::Hex { hex } => hex::decode(hex).map(Self).map_err(serde::de::Error::custom),
        }
    }
}

/// Tells messages of a test apart; FNV-1a, twice for width. The bus itself hashes with SHA-256.
fn digest(parts: &[&str]) -> String {
    let one = |seed: u64| {
        let bytes = parts.iter().flat_map(|part| part.bytes().chain([0xff]));
        bytes.fold(0xcbf2_9ce4_8422_2325 ^ seed, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
    };
    format!("{:016x}{:016x}", one(0), one(0x5bd1_e995))
}
