//! The OCI Distribution API, and beside it what the registry's operator asks for. Addresses are read by `path.rs`, not by the router:
//! names of repositories have slashes in them.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderValue, Method, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use bytes::Bytes;
use dongting_manifest::Timestamp;

use crate::access::Caller;
use crate::error::RegistryError;
use crate::http::path::Target;
use crate::name::Repository;
use crate::registry::Registry;
use crate::serve::Peer;
use crate::token::Rights;

pub mod path;

mod admin;
mod blob;
mod key;
mod list;
mod login;
mod manifest;
mod query;
mod rest;
mod upload;

use query::Query;

/// For a manifest or what the operator asks for to arrive.
const PATIENCE: Duration = Duration::from_secs(60);
const PULL: Rights = Rights { pull: true, push: false, delete: false };
const PUSH: Rights = Rights { pull: false, push: true, delete: false };
const DELETE: Rights = Rights { pull: false, push: false, delete: true };

/// A request that was read so far.
struct Asked {
    registry: Registry,
    method: Method,
    query: Query,
    caller: Caller,
    request: Request,
}

impl Registry {
    /// All under `/v2/`. Serve it with the peers' addresses (`ConnectInfo<Peer>`), or nobody reads without a token.
    pub fn router(&self) -> Router {
        let registry = self.clone();
        let all = any(move |request: Request| answer(registry.clone(), request));
        Router::new().route("/v2", all.clone()).route("/v2/", all.clone()).route("/v2/{*path}", all)
    }
}

/// A client that goes away in the middle of a change does not leave it half made: the work is a task of its own.
async fn answer(registry: Registry, request: Request) -> Response {
    let origin = origin(&registry, &request);
    let head = request.method() == Method::HEAD;
    let challenge = challenge(&origin, &request);
    let (request, rest) = rest::of(request);
    let done = tokio::spawn(dispatch(registry, request)).await;
    let done = done.unwrap_or_else(|error| Err(RegistryError::Disk(std::io::Error::other(error))));
    let mut response = done.unwrap_or_else(|error| {
        let unauthorized = matches!(error, RegistryError::Unauthorized(_));
        let mut response = error.into_response();
        if unauthorized && let Ok(challenge) = HeaderValue::from_str(&challenge) {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    });
    if !response.status().is_success() {
        rest.hear_out().await;
    }
    if head {
        *response.body_mut() = Body::empty();
    }
    let version = HeaderValue::from_static("registry/2.0");
    response.headers_mut().insert("docker-distribution-api-version", version);
    response
}

async fn dispatch(registry: Registry, request: Request) -> Result<Response, RegistryError> {
    let peer = peer(&request).map(|peer| peer.address);
    let target = Target::read(request.uri().path())?;
    let caller = registry.caller(request.headers(), peer, Timestamp::now()).await?;
    let query = Query::read(request.uri().query().unwrap_or_default())?;
    let method = request.method().clone();
    let asked = Asked { registry, method, query, caller, request };
    match target {
        Target::Base => {
            // Clients that are let in here without a token never show one: all are asked to, and who has none is lent one to read.
            if !asked.caller.is_known() {
                return Err(RegistryError::Unauthorized(
                    "log in, or ask for a token to read with".to_owned(),
                ));
            }
            Ok(axum::Json(serde_json::json!({})).into_response())
        }
        Target::Catalog => list::repositories(asked).await,
        Target::Tags(repository) => list::tags(asked, &repository).await,
        Target::Referrers(repository, digest) => list::referrers(asked, &repository, digest).await,
        Target::Manifest(repository, at) => manifest::answer(asked, &repository, &at).await,
        Target::Blob(repository, digest) => blob::answer(asked, &repository, digest).await,
        Target::Uploads(repository) => upload::begin(asked, &repository).await,
        Target::Upload(repository, id) => upload::answer(asked, &repository, &id).await,
        Target::Login => login::answer(&asked),
        Target::Admin(words) => admin::answer(asked, &words).await,
    }
}

impl Asked {
    fn may(&self, repository: &Repository, rights: Rights) -> Result<(), RegistryError> {
        self.caller.may(repository, rights)
    }

    fn header(&self, name: impl header::AsHeaderName) -> Option<&str> {
        self.request.headers().get(name).and_then(|value| value.to_str().ok())
    }
}

/// A body that is small enough to be held whole.
async fn whole(request: Request, most: usize, large: RegistryError) -> Result<Bytes, RegistryError> {
    let read = tokio::time::timeout(PATIENCE, axum::body::to_bytes(request.into_body(), most)).await;
    read.map_err(|_| {
        RegistryError::Parameter("the request did not come to its end: send it again".to_owned())
    })?
    .map_err(|_| large)
}

fn origin(registry: &Registry, request: &Request) -> String {
    if let Some(url) = &registry.inner.options.public_url {
        return url.trim_end_matches('/').to_owned();
    }
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    // It goes into a header between quotes.
    let host: String = host
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '-' | '[' | ']' | '_'))
        .collect();
    let scheme = if peer(request).is_some_and(|peer| peer.tls) { "https" } else { "http" };
    format!("{scheme}://{host}")
}

fn peer(request: &Request) -> Option<Peer> {
    request.extensions().get::<ConnectInfo<Peer>>().map(|ConnectInfo(peer)| *peer)
}

/// Where to get a token, and for what.
fn challenge(origin: &str, request: &Request) -> String {
    let scope = match Target::read(request.uri().path()) {
        Ok(target) => target.repository().map_or_else(String::new, |repository| {
            let rights = match *request.method() {
                Method::GET | Method::HEAD => "pull",
                Method::DELETE => "pull,delete",
                _ => "pull,push",
            };
            format!(",scope=\"repository:{repository}:{rights}\"")
        }),
        Err(_) => String::new(),
    };
    format!("Bearer realm=\"{origin}/v2/_dongting/token\",service=\"dongting\"{scope}")
}

fn unsupported(method: &Method) -> RegistryError {
    RegistryError::Unsupported(format!("{method} does nothing here"))
}

/// A header of our own making.
fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
}
