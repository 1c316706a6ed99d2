//! DSSE: bytes of a declared type with signatures over both, as JSON.
//!
//! What is signed is the pre-authentication encoding of the decoded payload, so nothing of the JSON has to be canonical. A verifier
//! still reads strictly: a field that stands twice is refused, since two readers could take different ones.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use serde::{Deserialize, Serialize};

use crate::key::{KeyError, KeyId, MAX_SIGNATURE_BYTES, SecretKey};

/// A statement is a page of text.
pub const MAX_ENVELOPE_BYTES: usize = 64 * 1024;
pub const MAX_SIGNATURES: usize = 8;
const MAX_TYPE_BYTES: usize = 128;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    pub payload_type: String,
    pub payload: Vec<u8>,
    pub signatures: Vec<Signature>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    pub key: KeyId,
    pub bytes: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    #[error("the envelope has {0} bytes; at most {MAX_ENVELOPE_BYTES} are read")]
    TooLong(usize),
    #[error("the envelope is no DSSE JSON ({0}): sign anew with `dongting plugin sign`")]
    Json(String),
    #[error("the envelope's {0} is not base64 as RFC 4648 writes it: sign anew with `dongting plugin sign`")]
    Base64(&'static str),
    #[error("the envelope has {0} signatures; it must have 1 to {MAX_SIGNATURES}")]
    Signatures(usize),
    #[error("the envelope's payloadType has over {MAX_TYPE_BYTES} bytes")]
    Type,
    #[error("a signature of the envelope has over {MAX_SIGNATURE_BYTES} bytes")]
    SignatureLength,
    #[error("a signature of the envelope names no key in its keyid: {0}")]
    Key(KeyError),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    payload_type: String,
    payload: String,
    signatures: Vec<WrittenSignature>,
}

#[derive(Serialize, Deserialize)]
struct WrittenSignature {
    keyid: String,
    sig: String,
}

impl Envelope {
    /// An envelope with one signature.
    pub fn sign(payload_type: &str, payload: Vec<u8>, key: &SecretKey) -> Result<Self, KeyError> {
        let mut envelope = Self { payload_type: payload_type.to_owned(), payload, signatures: Vec::new() };
        envelope.add(key)?;
        Ok(envelope)
    }

    /// One more signature over the same payload, as when a key is being exchanged for another.
    pub fn add(&mut self, key: &SecretKey) -> Result<(), KeyError> {
        let bytes = key.sign(&self.signed())?;
        self.signatures.push(Signature { key: key.public().id()?, bytes });
        Ok(())
    }

    /// The bytes that signatures are over.
    #[must_use]
    pub fn signed(&self) -> Vec<u8> {
        let mut signed = String::from("DSSEv1 ");
        // Writing to a String cannot fail.
        let _ = write!(signed, "{} {} {} ", self.payload_type.len(), self.payload_type, self.payload.len());
        let mut signed = signed.into_bytes();
        signed.extend_from_slice(&self.payload);
        signed
    }

    pub fn parse(json: &[u8]) -> Result<Self, EnvelopeError> {
        if json.len() > MAX_ENVELOPE_BYTES {
            return Err(EnvelopeError::TooLong(json.len()));
        }
        let written: Written =
            serde_json::from_slice(json).map_err(|error| EnvelopeError::Json(error.to_string()))?;
        if written.payload_type.len() > MAX_TYPE_BYTES {
            return Err(EnvelopeError::Type);
        }
        if !(1..=MAX_SIGNATURES).contains(&written.signatures.len()) {
            return Err(EnvelopeError::Signatures(written.signatures.len()));
        }
        let signatures = written
            .signatures
            .into_iter()
            .map(|one| {
                let bytes = decoded(&one.sig).ok_or(EnvelopeError::Base64("signature"))?;
                if bytes.len() > MAX_SIGNATURE_BYTES {
                    return Err(EnvelopeError::SignatureLength);
                }
                Ok(Signature { key: one.keyid.parse().map_err(EnvelopeError::Key)?, bytes })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            payload_type: written.payload_type,
            payload: decoded(&written.payload).ok_or(EnvelopeError::Base64("payload"))?,
            signatures,
        })
    }

    #[must_use]
    pub fn to_json(&self) -> String {
        let written = Written {
            payload_type: self.payload_type.clone(),
            payload: STANDARD.encode(&self.payload),
            signatures: self
                .signatures
                .iter()
                .map(|one| WrittenSignature { keyid: one.key.to_string(), sig: STANDARD.encode(&one.bytes) })
                .collect(),
        };
        // Strings and lists of strings always serialize.
        serde_json::to_string(&written).unwrap_or_default()
    }
}

/// DSSE lets a signer use either alphabet. Both are read with padding and no stray bits, so that bytes have one text in each.
fn decoded(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).or_else(|_| URL_SAFE.decode(text)).ok()
}

#[cfg(test)]
mod tests;
