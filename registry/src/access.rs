//! Who asks, and what they may. A client shows a token itself, as Basic or Bearer, or a bearer token that it was lent for it: a note
//! for a few minutes, signed with a key of this process, that names the token and the scopes asked for. The token is looked at again
//! at each request, so that one that was revoked is of no use from then on.

use std::net::SocketAddr;
use std::time::Duration;

use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use dongting_manifest::Timestamp;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::error::RegistryError;
use crate::name::Repository;
use crate::options::AnonymousRead;
use crate::quota::Account;
use crate::registry::Registry;
use crate::serve::is_loopback_name;
use crate::token::{ADMIN, Rights, TokenRecord};

/// How long a bearer token is good.
pub const LENT_SECONDS: u32 = 300;
const MAX_SCOPES: usize = 16;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    who: Who,
    /// What a bearer token was lent for; none where the caller showed a token itself.
    lent: Option<Vec<Scope>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Who {
    /// May read.
    Reader,
    Nobody,
    Admin,
    Token(TokenRecord),
}

/// A repository and what is to be done with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    pub repository: String,
    pub rights: Rights,
}

/// What a bearer token says.
#[derive(Serialize, Deserialize)]
struct Note {
    /// A token's name, the admin's, or nothing for who has none.
    name: String,
    expires: i64,
    /// As `repository:<name>:<rights>`.
    scopes: Vec<String>,
}

impl Registry {
    pub(crate) async fn caller(
        &self,
        headers: &HeaderMap,
        peer: Option<SocketAddr>,
        now: Timestamp,
    ) -> Result<Caller, RegistryError> {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let anonymous = || self.anonymous(peer.filter(|_| is_loopback_name(host)));
        let Some(value) = headers.get(header::AUTHORIZATION) else {
            return Ok(Caller { who: anonymous(), lent: None });
        };
        let (scheme, shown) =
            value.to_str().ok().and_then(|value| value.split_once(' ')).ok_or_else(unreadable)?;
        let shown = shown.trim();
        if scheme.eq_ignore_ascii_case("basic") {
            let decoded = STANDARD.decode(shown).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            let (name, secret) =
                decoded.as_deref().and_then(|pair| pair.split_once(':')).ok_or_else(unreadable)?;
            let who = if name == ADMIN && self.is_admin(secret) {
                Who::Admin
            } else {
                Who::Token(self.token_of(Some(name), secret).await?.ok_or_else(wrong)?.good_at(now)?)
            };
            return Ok(Caller { who, lent: None });
        }
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(unreadable());
        }
        if self.is_admin(shown) {
            return Ok(Caller { who: Who::Admin, lent: None });
        }
        if shown.starts_with("dgt_") || shown.starts_with("dga_") {
            let token = self.token_of(None, shown).await?.ok_or_else(wrong)?.good_at(now)?;
            return Ok(Caller { who: Who::Token(token), lent: None });
        }
        let note = self.read_note(shown).filter(|note| note.expires > now.as_micros()).ok_or_else(|| {
            RegistryError::Unauthorized(
                "the bearer token has expired or is not of this registry: ask for another with the token's name and secret".to_owned(),
            )
        })?;
        let who = match note.name.as_str() {
            "" => anonymous(),
            ADMIN => Who::Admin,
            name => Who::Token(self.token_named(name).await?.ok_or_else(wrong)?.good_at(now)?),
        };
        Ok(Caller { who, lent: Some(scopes(note.scopes.iter().map(String::as_str))) })
    }

    fn anonymous(&self, peer: Option<SocketAddr>) -> Who {
        let reads = match self.inner.options.anonymous_read {
            AnonymousRead::Anyone => true,
            AnonymousRead::Never => false,
            AnonymousRead::Loopback => peer.is_some_and(|peer| peer.ip().to_canonical().is_loopback()),
        };
        if reads { Who::Reader } else { Who::Nobody }
    }

    /// A bearer token for these scopes. What the caller may not do is not in it.
    pub(crate) fn lend(
        &self,
        caller: &Caller,
        asked: Vec<Scope>,
        now: Timestamp,
    ) -> Result<String, RegistryError> {
        // Or whoever was lent one for a moment and one repository could make of it one for ever and for all.
        if caller.lent.is_some() {
            return Err(RegistryError::Unauthorized(
                "a bearer token is not lent for another bearer token: log in with the token's name and secret".to_owned(),
            ));
        }
        let name = match &caller.who {
            Who::Nobody | Who::Reader => String::new(),
            Who::Admin => ADMIN.to_owned(),
            Who::Token(token) => token.name.clone(),
        };
        let scopes = asked
            .into_iter()
            .map(|scope| {
                format!(
                    "repository:{}:{}",
                    scope.repository,
                    scope.rights.and(caller.rights(&scope.repository))
                )
            })
            .collect();
        let expires = now.saturating_add(Duration::from_secs(LENT_SECONDS.into())).as_micros();
        let note = serde_json::to_vec(&Note { name, expires, scopes })
            .map_err(|error| RegistryError::Damaged(error.to_string()))?;
        let tag = self.mac(&note).finalize().into_bytes();
        Ok(format!("{}.{}", URL_SAFE_NO_PAD.encode(note), URL_SAFE_NO_PAD.encode(tag)))
    }

    fn read_note(&self, shown: &str) -> Option<Note> {
        let (note, tag) = shown.split_once('.')?;
        let note = URL_SAFE_NO_PAD.decode(note).ok()?;
        self.mac(&note).verify_slice(&URL_SAFE_NO_PAD.decode(tag).ok()?).ok()?;
        serde_json::from_slice(&note).ok()
    }

    fn mac(&self, note: &[u8]) -> Hmac<Sha256> {
        Hmac::<Sha256>::new(&self.inner.bearer_key.into()).chain_update(note)
    }
}

impl Caller {
    /// Whether the caller may do this, with what to do if not.
    pub fn may(&self, repository: &Repository, wanted: Rights) -> Result<(), RegistryError> {
        if !self.rights(repository.as_str()).cover(wanted) {
            return Err(match &self.who {
                Who::Nobody | Who::Reader => RegistryError::Unauthorized(format!(
                    "`{repository}` wants a token with the right to {wanted}: log in with a token's name and secret, which the registry's operator makes with `dongting tokens create`"
                )),
                Who::Token(token) => RegistryError::Denied(match &token.vendor {
                    Some(vendor) if vendor != repository.vendor() => format!(
                        "the token `{}` is for `{vendor}/…`, and `{repository}` is not there: push to your own namespace",
                        token.name
                    ),
                    _ => format!(
                        "the token `{}` has the right to {}, and this needs {wanted}: ask the registry's operator for another",
                        token.name, token.rights
                    ),
                }),
                Who::Admin => RegistryError::Denied("this is denied".to_owned()),
            });
        }
        let lent = self.lent.as_ref().is_none_or(|scopes| {
            scopes.iter().any(|scope| scope.repository == repository.as_str() && scope.rights.cover(wanted))
        });
        if lent {
            return Ok(());
        }
        // The client can have one that was lent for this: it only has to ask.
        Err(RegistryError::Unauthorized(format!(
            "the bearer token was not asked for `{repository}` and {wanted}"
        )))
    }

    pub fn is_admin(&self) -> Result<(), RegistryError> {
        match (&self.who, &self.lent) {
            (Who::Admin, None) => Ok(()),
            (Who::Token(_), _) => {
                Err(RegistryError::Denied("this is for the registry's operator, with the admin token".to_owned()))
            }
            _ => Err(RegistryError::Unauthorized(
                "this wants the admin token: it is in the file admin-token of the registry's directory; give it as DONGTING_ADMIN_TOKEN or name the directory with --data"
                    .to_owned(),
            )),
        }
    }

    /// The operator, and whoever works for no single vendor, comes for the province.
    pub fn account(&self) -> Account {
        match &self.who {
            Who::Admin => Account::Province,
            Who::Token(token) if token.vendor.is_none() => Account::Province,
            Who::Token(_) | Who::Reader | Who::Nobody => Account::Vendor,
        }
    }

    pub fn reads_for_all_vendors(&self) -> bool {
        match &self.who {
            Who::Token(token) => self.lent.is_none() && token.vendor.is_none() && token.rights.pull,
            _ => false,
        }
    }

    pub fn is_known(&self) -> bool {
        matches!(self.who, Who::Admin | Who::Token(_)) || self.lent.is_some()
    }

    /// The vendor whose repositories alone the caller may list; none for all of them.
    pub fn lists(&self) -> Result<Option<&str>, RegistryError> {
        match &self.who {
            Who::Admin | Who::Reader => Ok(None),
            Who::Token(token) if token.rights.pull => Ok(token.vendor.as_deref()),
            _ => Err(RegistryError::Unauthorized(
                "the list of repositories wants a token with the right to pull".to_owned(),
            )),
        }
    }

    fn rights(&self, repository: &str) -> Rights {
        match &self.who {
            Who::Nobody => Rights::default(),
            Who::Reader => Rights { pull: true, ..Rights::default() },
            Who::Admin => Rights::ALL,
            Who::Token(token) => {
                let own = match (&token.vendor, repository.split_once('/')) {
                    (None, _) => true,
                    (Some(vendor), Some((namespace, _))) => vendor == namespace,
                    (Some(_), None) => false,
                };
                if own { token.rights } else { Rights::default() }
            }
        }
    }
}

/// Reads `repository:<name>:<rights>`, several parted by spaces. What is no such scope is passed over, as the token scheme has it.
pub fn scopes<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<Scope> {
    texts
        .flat_map(str::split_whitespace)
        .filter_map(|text| {
            let (repository, rights) = text.strip_prefix("repository:")?.rsplit_once(':')?;
            let repository = repository.parse::<Repository>().ok()?.to_string();
            Some(Scope { repository, rights: rights.parse().ok()? })
        })
        .take(MAX_SCOPES)
        .collect()
}

fn unreadable() -> RegistryError {
    RegistryError::Unauthorized("the Authorization header is neither Basic nor Bearer".to_owned())
}

fn wrong() -> RegistryError {
    RegistryError::Unauthorized(
        "the token's name or secret is wrong: look for a slip, or ask the registry's operator for another token".to_owned(),
    )
}

#[cfg(test)]
mod tests;
