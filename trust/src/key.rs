//! Keys that sign releases: Ed25519 (RFC 8032), and SM2 with SM3 (GB/T 32918.2, GB/T 32905) over the recommended curve (GB/T 32918.5).
//!
//! Keys are exchanged as PEM: SPKI for the public half, PKCS#8 for the secret one. A signature of Ed25519 is its 64 bytes; one of
//! SM2 is the DER of `SEQUENCE { r INTEGER, s INTEGER }` (GB/T 35276 7.3), as other implementations write it, and the signer's
//! identity in SM2's hash is the standard's default `1234567812345678` (GB/T 35276 clause 10).

use std::fmt;
use std::str::FromStr;

use ed25519_dalek::Signer as _;
use ed25519_dalek::pkcs8::KeypairBytes;
use pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey, LineEnding};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sm2::dsa::signature::Verifier as _;
use zeroize::Zeroizing;

/// A key's PEM is a few lines.
pub const MAX_PEM_BYTES: usize = 4096;
/// SM2's DER has at most 72 bytes.
pub const MAX_SIGNATURE_BYTES: usize = 72;

/// The identity that SM2 hashes with each message. It names no one: the key does.
const SM2_IDENTITY: &str = "1234567812345678";
/// Drawn anew when it is no scalar of the curve, which 2^-32 of them are not.
const DRAWS: usize = 16;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Algorithm {
    Ed25519,
    Sm2,
}

/// SHA-256 of the public key's SPKI, as 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(String);

#[derive(Debug, Clone, PartialEq)]
pub struct PublicKey(Public);

#[derive(Debug, Clone, PartialEq)]
enum Public {
    Ed25519(ed25519_dalek::VerifyingKey),
    Sm2(sm2::PublicKey),
}

/// Wiped from memory when it is dropped, and shown nowhere.
pub struct SecretKey(Secret);

enum Secret {
    Ed25519(Box<ed25519_dalek::SigningKey>),
    Sm2(sm2::SecretKey),
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("`{0}` is no algorithm: ed25519 or sm2")]
    Algorithm(String),
    #[error(
        "`{0}` is no key id: it is the SHA-256 of the public key, 64 of 0-9 and a-f, as `dongting keys list` prints it"
    )]
    Id(String),
    #[error(
        "this is no public key of Ed25519 or SM2: it must be the file that `dongting keys generate` wrote beside the secret key (PEM, BEGIN PUBLIC KEY)"
    )]
    Public,
    #[error(
        "this is no secret key of Ed25519 or SM2: it must be the file that `dongting keys generate` wrote (PKCS#8 PEM, BEGIN PRIVATE KEY)"
    )]
    Secret,
    #[error("the public key is one of the few that accept signatures nobody made: generate another")]
    Weak,
    #[error("the signature is not this key's over these bytes")]
    Signature,
    #[error("the machine gives no random numbers: {0}")]
    Random(String),
}

impl Algorithm {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::Sm2 => "sm2",
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Algorithm {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        match text {
            "ed25519" => Ok(Self::Ed25519),
            "sm2" => Ok(Self::Sm2),
            _ => Err(KeyError::Algorithm(text.chars().take(32).collect())),
        }
    }
}

impl KeyId {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Enough of it for a person to tell keys apart.
    #[must_use]
    pub fn short(&self) -> &str {
        self.0.get(..12).unwrap_or(&self.0)
    }
}

impl FromStr for KeyId {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        if is_sha256(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(KeyError::Id(text.chars().take(80).collect()))
        }
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl PublicKey {
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        if pem.len() > MAX_PEM_BYTES {
            return Err(KeyError::Public);
        }
        let pem = pem.trim();
        if let Ok(key) = ed25519_dalek::VerifyingKey::from_public_key_pem(pem) {
            return if key.is_weak() { Err(KeyError::Weak) } else { Ok(Self(Public::Ed25519(key))) };
        }
        // Decoding checks that the point lies on the curve; the curve has no points of small order.
        let key = sm2::PublicKey::from_public_key_pem(pem).map_err(|_| KeyError::Public)?;
        Ok(Self(Public::Sm2(key)))
    }

    pub fn to_pem(&self) -> Result<String, KeyError> {
        match &self.0 {
            Public::Ed25519(key) => key.to_public_key_pem(LineEnding::LF),
            Public::Sm2(key) => key.to_public_key_pem(LineEnding::LF),
        }
        .map_err(|_| KeyError::Public)
    }

    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        match &self.0 {
            Public::Ed25519(_) => Algorithm::Ed25519,
            Public::Sm2(_) => Algorithm::Sm2,
        }
    }

    /// Of the key as we write it, whatever form it was read in: one key has one id.
    pub fn id(&self) -> Result<KeyId, KeyError> {
        let spki = match &self.0 {
            Public::Ed25519(key) => key.to_public_key_der(),
            Public::Sm2(key) => key.to_public_key_der(),
        }
        .map_err(|_| KeyError::Public)?;
        Ok(KeyId(hex::encode(Sha256::digest(spki.as_bytes()))))
    }

    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), KeyError> {
        if signature.len() > MAX_SIGNATURE_BYTES {
            return Err(KeyError::Signature);
        }
        match &self.0 {
            Public::Ed25519(key) => {
                let signature =
                    ed25519_dalek::Signature::from_slice(signature).map_err(|_| KeyError::Signature)?;
                key.verify_strict(message, &signature).map_err(|_| KeyError::Signature)
            }
            Public::Sm2(key) => {
                let signature = sm2::dsa::Signature::from_der(signature).map_err(|_| KeyError::Signature)?;
                let key = sm2::dsa::VerifyingKey::new(SM2_IDENTITY, *key).map_err(|_| KeyError::Signature)?;
                key.verify(message, &signature).map_err(|_| KeyError::Signature)
            }
        }
    }
}

impl SecretKey {
    pub fn generate(algorithm: Algorithm) -> Result<Self, KeyError> {
        for _ in 0..DRAWS {
            let mut drawn = Zeroizing::new([0; 32]);
            getrandom::fill(drawn.as_mut_slice()).map_err(|error| KeyError::Random(error.to_string()))?;
            match algorithm {
                Algorithm::Ed25519 => {
                    return Ok(Self(Secret::Ed25519(Box::new(ed25519_dalek::SigningKey::from_bytes(
                        &drawn,
                    )))));
                }
                Algorithm::Sm2 => {
                    if let Ok(key) = sm2::SecretKey::from_slice(drawn.as_slice()) {
                        return Ok(Self(Secret::Sm2(key)));
                    }
                }
            }
        }
        Err(KeyError::Random("what it gives is not random".to_owned()))
    }

    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        if pem.len() > MAX_PEM_BYTES {
            return Err(KeyError::Secret);
        }
        let pem = pem.trim();
        if let Ok(key) = ed25519_dalek::SigningKey::from_pkcs8_pem(pem) {
            return Ok(Self(Secret::Ed25519(Box::new(key))));
        }
        let key = sm2::SecretKey::from_pkcs8_pem(pem).map_err(|_| KeyError::Secret)?;
        Ok(Self(Secret::Sm2(key)))
    }

    pub fn to_pem(&self) -> Result<Zeroizing<String>, KeyError> {
        match &self.0 {
            // Version 1 of PKCS#8, without the public half: OpenSSL reads no other.
            Secret::Ed25519(key) => {
                KeypairBytes { secret_key: key.to_bytes(), public_key: None }.to_pkcs8_pem(LineEnding::LF)
            }
            Secret::Sm2(key) => key.to_pkcs8_pem(LineEnding::LF),
        }
        .map_err(|_| KeyError::Secret)
    }

    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(match &self.0 {
            Secret::Ed25519(key) => Public::Ed25519(key.verifying_key()),
            Secret::Sm2(key) => Public::Sm2(key.public_key()),
        })
    }

    /// Deterministic for both algorithms (RFC 8032; RFC 6979 with SM3): no bad random number can give the key away.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        match &self.0 {
            Secret::Ed25519(key) => Ok(key.sign(message).to_bytes().to_vec()),
            Secret::Sm2(key) => {
                let key = sm2::dsa::SigningKey::new(SM2_IDENTITY, key).map_err(|_| KeyError::Secret)?;
                let signature: sm2::dsa::Signature = key.try_sign(message).map_err(|_| KeyError::Secret)?;
                Ok(signature.to_der().to_vec())
            }
        }
    }
}

/// Whether `text` is a SHA-256 as 64 lower-case hexadecimal digits.
pub(crate) fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey({})", self.public().algorithm())
    }
}

#[cfg(test)]
mod tests;
