//! What every answer carries, and whom the API answers at all.

use std::net::SocketAddr;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use dongting_registry::serve::is_loopback_name;

use crate::error::ApiError;

/// Scripts, styles and data from here alone. Ant Design writes its styles into the page, hence the inline styles.
const CONTENT_SECURITY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; \
     font-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

pub async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // What a plugin answers has a stricter one already.
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(CONTENT_SECURITY));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// A page elsewhere may point its own name at this address and so make a browser here its hands. So a host that
/// listens on loopback answers only to names of loopback, and one that changes something only to its own pages.
pub async fn origin(State(own): State<SocketAddr>, request: Request, next: Next) -> Response {
    match verdict(own, &request) {
        Ok(()) => next.run(request).await,
        Err(refused) => refused.into_response(),
    }
}

fn verdict(own: SocketAddr, request: &Request) -> Result<(), ApiError> {
    let header = |name| request.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let host = header(header::HOST).unwrap_or_default();
    if own.ip().is_loopback() && !is_loopback_name(host) {
        return Err(refused("the request names another host"));
    }
    let from_elsewhere = header(header::ORIGIN)
        .is_some_and(|origin| origin.split_once("://").map(|(_, authority)| authority) != Some(host));
    if from_elsewhere && !request.method().is_safe() {
        return Err(refused("the request comes from another site's page"));
    }
    Ok(())
}

fn refused(message: &str) -> ApiError {
    ApiError::new(StatusCode::FORBIDDEN, "origin", message)
}
