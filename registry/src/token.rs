//! Tokens: what a vendor's tools show to be let in. The secret is said once, when it is made; here is only its hash.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use dongting_manifest::Timestamp;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;

use crate::error::RegistryError;
use crate::name;
use crate::registry::{Registry, instant, now};

/// The name that goes with the admin's token.
pub const ADMIN: &str = "admin";
const MAX_NAME: usize = 64;
const MAX_DAYS: u32 = 3650;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rights {
    pub pull: bool,
    pub push: bool,
    pub delete: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    pub name: String,
    /// None for all vendors.
    pub vendor: Option<String>,
    pub rights: Rights,
    pub days: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRecord {
    pub name: String,
    pub vendor: Option<String>,
    pub rights: Rights,
    pub created: Timestamp,
    pub expires: Timestamp,
    pub revoked: Option<Timestamp>,
}

type TokenRow = (String, Option<String>, String, i64, i64, Option<i64>);
const COLUMNS: &str =
    "SELECT name, vendor, rights, created, expires, revoked FROM token ORDER BY name LIMIT 10000";

impl Registry {
    /// Gives the secret, which nobody can say again.
    pub async fn create_token(&self, token: &NewToken) -> Result<String, RegistryError> {
        let NewToken { name, vendor, rights, days } = token;
        let good = (1..=MAX_NAME).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
            && name != ADMIN;
        if !good {
            return Err(RegistryError::Parameter(format!(
                "a token's name has 1 to {MAX_NAME} letters, digits, `-`, `_` and `.`, and is not `{ADMIN}`"
            )));
        }
        if *rights == Rights::default() {
            return Err(RegistryError::Parameter("give the token a right: pull, push, delete".to_owned()));
        }
        if !(1..=MAX_DAYS).contains(days) {
            return Err(RegistryError::Parameter(format!("a token is good for 1 to {MAX_DAYS} days")));
        }
        let vendor = vendor.as_deref().map(name::vendor).transpose()?;
        let mut random = [0; 32];
        getrandom::fill(&mut random).map_err(|_| RegistryError::Random)?;
        let secret = format!("dgt_{}", hex::encode(random));
        let created = Timestamp::now();
        let expires = created.saturating_add(Duration::from_secs(u64::from(*days) * 86_400));
        let mut transaction = self.database().write().await?;
        let made = sqlx::query(
            "INSERT INTO token (name, vendor, rights, hash, created, expires) VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (name) DO NOTHING",
        )
        .bind(name)
        .bind(vendor)
        .bind(rights.to_string())
        .bind(hash(&secret).as_slice())
        .bind(created.as_micros())
        .bind(expires.as_micros())
        .execute(&mut *transaction)
        .await
        .map_err(RegistryError::sql)?;
        if made.rows_affected() == 0 {
            return Err(RegistryError::Conflict(format!(
                "there is or was a token `{name}`: give this one another name"
            )));
        }
        transaction.commit().await.map_err(RegistryError::sql)?;
        Ok(secret)
    }

    pub async fn tokens(&self) -> Result<Vec<TokenRecord>, RegistryError> {
        let rows: Vec<TokenRow> =
            sqlx::query_as(COLUMNS).fetch_all(&self.database().reader).await.map_err(RegistryError::sql)?;
        rows.into_iter().map(record).collect()
    }

    /// From the next request on it lets nobody in.
    pub async fn revoke_token(&self, name: &str) -> Result<(), RegistryError> {
        let mut transaction = self.database().write().await?;
        let done = sqlx::query("UPDATE token SET revoked = $2 WHERE name = $1 AND revoked IS NULL")
            .bind(name)
            .bind(now())
            .execute(&mut *transaction)
            .await
            .map_err(RegistryError::sql)?;
        if done.rows_affected() == 0 {
            return Err(RegistryError::Conflict(format!(
                "there is no token `{}` that could be revoked: see `dongting tokens list`",
                name.chars().take(MAX_NAME).collect::<String>()
            )));
        }
        transaction.commit().await.map_err(RegistryError::sql)
    }

    /// The token of this name, good or not.
    pub(crate) async fn token_named(&self, name: &str) -> Result<Option<TokenRecord>, RegistryError> {
        let found: Option<TokenRow> = sqlx::query_as(
            "SELECT name, vendor, rights, created, expires, revoked FROM token WHERE name = $1",
        )
        .bind(name)
        .fetch_optional(&self.database().reader)
        .await
        .map_err(RegistryError::sql)?;
        found.map(record).transpose()
    }

    /// The token with this name and secret, good or not. The comparison takes as long whatever is in the secret.
    pub(crate) async fn token_of(
        &self,
        name: Option<&str>,
        secret: &str,
    ) -> Result<Option<TokenRecord>, RegistryError> {
        let hash = hash(secret);
        let found: Option<(String, Vec<u8>)> =
            sqlx::query_as("SELECT name, hash FROM token WHERE name = $1 OR ($1 IS NULL AND hash = $2)")
                .bind(name)
                .bind(hash.as_slice())
                .fetch_optional(&self.database().reader)
                .await
                .map_err(RegistryError::sql)?;
        match found {
            Some((name, kept)) if bool::from(kept.as_slice().ct_eq(hash.as_slice())) => {
                self.token_named(&name).await
            }
            _ => Ok(None),
        }
    }

    pub(crate) fn is_admin(&self, secret: &str) -> bool {
        // The hashes are compared: they have one length.
        bool::from(hash(secret).as_slice().ct_eq(hash(&self.inner.admin_token).as_slice()))
    }
}

fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

fn record(row: TokenRow) -> Result<TokenRecord, RegistryError> {
    let (name, vendor, rights, created, expires, revoked) = row;
    Ok(TokenRecord {
        name,
        vendor,
        rights: rights.parse()?,
        created: instant(created),
        expires: instant(expires),
        revoked: revoked.map(instant),
    })
}

impl TokenRecord {
    /// Whoever has its secret may know why it is of no use.
    pub(crate) fn good_at(self, now: Timestamp) -> Result<Self, RegistryError> {
        let over = match self.revoked {
            Some(at) => format!("was revoked at {at}"),
            None if self.expires <= now => format!("was good until {}", self.expires),
            None => return Ok(self),
        };
        Err(RegistryError::Unauthorized(format!(
            "the token `{}` {over}: ask the registry's operator for another, who makes it with `dongting tokens create`",
            self.name
        )))
    }
}

impl Rights {
    pub(crate) const ALL: Self = Self { pull: true, push: true, delete: true };

    /// The rights that both have.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            pull: self.pull && other.pull,
            push: self.push && other.push,
            delete: self.delete && other.delete,
        }
    }

    pub(crate) fn cover(self, other: Self) -> bool {
        self.and(other) == other
    }
}

/// `pull,push,delete`; `*` is all of them, as some clients ask.
impl FromStr for Rights {
    type Err = RegistryError;

    fn from_str(text: &str) -> Result<Self, RegistryError> {
        let mut rights = Self::default();
        for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            match word {
                "pull" => rights.pull = true,
                "push" => rights.push = true,
                "delete" => rights.delete = true,
                "*" => rights = Self::ALL,
                _ => {
                    return Err(RegistryError::Parameter(format!(
                        "`{}` is no right: write pull, push or delete, parted by commas",
                        word.chars().take(MAX_NAME).collect::<String>()
                    )));
                }
            }
        }
        Ok(rights)
    }
}

impl fmt::Display for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = [(self.pull, "pull"), (self.push, "push"), (self.delete, "delete")];
        let mut said = words.iter().filter(|(has, _)| *has).map(|(_, word)| *word);
        f.write_str(said.next().unwrap_or_default())?;
        said.try_for_each(|word| write!(f, ",{word}"))
    }
}

#[cfg(test)]
mod tests;
