//! Everything that a feed does wrong, on demand.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{self, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::stream;
use serde::{Deserialize, Serialize};

use super::state::{Seen, State};

const HUGE_BYTES: usize = 50 * 1024 * 1024;
const NESTED: usize = 10_000;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// A maintenance page with status 200.
    Html,
    Status(u16),
    /// 429 with `Retry-After`, in seconds.
    Busy(u32),
    /// Takes the request and never answers.
    Hang,
    /// Answers, after this many milliseconds.
    Slow(u32),
    Redirect(String),
    /// Half of the document, as if it were all of it.
    Truncated,
    /// Half of the document, and then the connection breaks.
    Broken,
    /// 50 MB of text in one element.
    Huge,
    ExternalEntity,
    /// 10,000 elements in each other.
    Nested,
    /// One more event, at latitude 91; the others are sound.
    BadLatitude,
    /// One more event, whose public ID is `11`.
    WrongPublicId,
    /// A key, attribute or column that is there twice.
    DuplicateKey,
    NoContent,
}

/// Notes each request, and shows the fault that is set.
pub async fn faults(
    extract::State(state): extract::State<Arc<State>>,
    request: Request,
    next: Next,
) -> Response {
    let accept =
        request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    state.saw(Seen {
        path: request.uri().path().to_owned(),
        query: request.uri().query().unwrap_or_default().to_owned(),
        accept: accept.to_owned(),
        at: state.now(),
    });
    let Some(fault) = state.take_fault() else { return next.run(request).await };
    match fault {
        Fault::Html => {
            let page =
                "<!DOCTYPE html>\n<html><head><title>503</title></head><body>系统维护中</body></html>\n";
            ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response()
        }
        Fault::Status(code) => {
            let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            (status, "the stand-in was told to say so\n").into_response()
        }
        Fault::Busy(seconds) => {
            let later = [(header::RETRY_AFTER, seconds.to_string())];
            (StatusCode::TOO_MANY_REQUESTS, later, "too many requests\n").into_response()
        }
        Fault::Hang => {
            super::stopping(state.stopped.clone()).await;
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
        Fault::Slow(millis) => {
            tokio::time::sleep(Duration::from_millis(millis.into())).await;
            next.run(request).await
        }
        Fault::Redirect(to) => (StatusCode::FOUND, [(header::LOCATION, to)]).into_response(),
        Fault::NoContent => StatusCode::NO_CONTENT.into_response(),
        Fault::Huge => {
            let mut body = b"<?xml version=\"1.0\"?>\n<quakeml><text>".to_vec();
            body.resize(HUGE_BYTES, b'x');
            ([(header::CONTENT_TYPE, "application/xml")], body).into_response()
        }
        Fault::Truncated
        | Fault::Broken
        | Fault::ExternalEntity
        | Fault::Nested
        | Fault::BadLatitude
        | Fault::WrongPublicId
        | Fault::DuplicateKey => spoil(&fault, next.run(request).await).await,
    }
}

async fn spoil(fault: &Fault, answer: Response) -> Response {
    let (mut parts, body) = answer.into_parts();
    let Ok(whole) = to_bytes(body, usize::MAX).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    parts.headers.remove(header::CONTENT_LENGTH);
    if *fault == Fault::Broken {
        let half = whole.slice(..whole.len() / 2);
        let pieces: [Result<Bytes, std::io::Error>; 2] =
            [Ok(half), Err(std::io::ErrorKind::ConnectionReset.into())];
        parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(whole.len()));
        return Response::from_parts(parts, Body::from_stream(stream::iter(pieces)));
    }
    if *fault == Fault::Truncated {
        return Response::from_parts(parts, Body::from(whole.slice(..whole.len() / 2)));
    }
    let text = String::from_utf8_lossy(&whole).into_owned();
    Response::from_parts(parts, Body::from(edit(fault, &text)))
}

fn edit(fault: &Fault, text: &str) -> String {
    match (fault, text.chars().next()) {
        (_, Some('<')) => edit_xml(fault, text),
        (Fault::BadLatitude, Some('#')) => {
            format!("{text}exercise-bad|2026-01-01T00:00:00|91|112|10|||||M|5.0||exercise|earthquake\n")
        }
        (Fault::DuplicateKey, Some('#')) => text.replacen("|Author", "|Latitude", 1),
        (Fault::BadLatitude, Some('{')) if text.contains("\"features\":[") => {
            let bad = r#"{"type":"Feature","id":"exercise-bad","properties":{"mag":5.0,"place":"exercise","time":0},"geometry":{"type":"Point","coordinates":[112.0,91.0,10.0]}}"#;
            text.replacen("\"features\":[", &format!("\"features\":[{bad},"), 1).replacen(",]", "]", 1)
        }
        (Fault::BadLatitude, Some('{')) => {
            let bad = r#"{"No0":{"EventID":"exercise-bad","time":"2026-01-01 00:00:00","latitude":"91","longitude":"112"},"#;
            text.replacen('{', bad, 1).replacen(",}", "}", 1)
        }
        (Fault::DuplicateKey, Some('{')) if text.contains("\"mag\":") => {
            text.replacen("\"mag\":", "\"mag\":0,\"mag\":", 1)
        }
        (Fault::DuplicateKey, Some('{')) => text.replacen("\"No1\":", "\"No1\":{},\"No1\":", 1),
        _ => text.to_owned(),
    }
}

fn edit_xml(fault: &Fault, text: &str) -> String {
    let before_end =
        |insert: &str| text.replacen("</eventParameters>", &format!("{insert}</eventParameters>"), 1);
    let event = |id: &str, latitude: &str| {
        before_end(&format!(
            "<event publicID=\"{id}\"><origin publicID=\"smi:stand-in.dongting.example/origin/bad\"><time><value>\
             2026-01-01T00:00:00</value></time><latitude><value>{latitude}</value></latitude><longitude><value>112</value>\
             </longitude></origin></event>\n"
        ))
    };
    match fault {
        Fault::ExternalEntity => text
            .replacen("?>\n", "?>\n<!DOCTYPE q:quakeml [<!ENTITY place SYSTEM \"file:///etc/passwd\">]>\n", 1)
            .replacen("<text>", "<text>&place;", 1),
        Fault::Nested => {
            before_end(&format!("{}{}", "<comment>".repeat(NESTED), "</comment>".repeat(NESTED)))
        }
        Fault::BadLatitude => event("smi:stand-in.dongting.example/event/exercise-bad", "91"),
        Fault::WrongPublicId => event("11", "28"),
        Fault::DuplicateKey => text.replacen("<event publicID=", "<event publicID=\"twice\" publicID=", 1),
        _ => text.to_owned(),
    }
}
