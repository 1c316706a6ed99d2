//! /services/{installation}/…: requests to plugins that answer them.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dongting_engine::{Host, Request};
use dongting_manifest::Timestamp;

use crate::body;
use crate::error::ApiError;

/// Credentials are the host's business, and the connection's headers hold for one connection.
const KEPT_BACK: [HeaderName; 7] = [
    header::AUTHORIZATION,
    header::COOKIE,
    header::CONNECTION,
    header::HOST,
    header::PROXY_AUTHORIZATION,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// A request to a service, with its token. The answer is the plugin's own, shown as from nowhere: no script of it runs.
pub async fn ask(
    State(host): State<Arc<Host>>,
    Path(path): Path<(String, String)>,
    method: Method,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> axum::response::Result<Response> {
    let (installation, below) = path;
    let token = super::bearer(&headers);
    let addressed = || host.installed(&installation).filter(|one| one.is_service() && one.opens(token));
    let (installed, body) = body::admitted(addressed, &headers, body).await?;
    let kept = headers
        .iter()
        .filter(|(name, _)| !KEPT_BACK.contains(name))
        .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())));
    let request = Request {
        transport: "http".to_owned(),
        method: method.to_string(),
        path: format!("/{below}"),
        query,
        headers: kept.collect(),
        received: Timestamp::now(),
        body,
    };
    let answered = installed.handle(&host.shared, request).await.map_err(ApiError::from)?;
    let status = StatusCode::from_u16(answered.status).unwrap_or(StatusCode::BAD_GATEWAY);
    let mut response = (status, answered.body).into_response();
    for (name, value) in answered.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse::<HeaderValue>()) {
            response.headers_mut().insert(name, value);
        }
    }
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox"));
    Ok(response)
}
