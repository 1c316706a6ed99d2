//! Fetching over `wasi:http`.

use wasip2::http::outgoing_handler::{ErrorCode, OutgoingRequest, handle};
use wasip2::http::types::{Fields, FutureIncomingResponse, IncomingResponse, Method, OutgoingBody, Scheme};
use wasip2::io::streams::StreamError;

/// An answer, read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Response {
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// GET of an absolute `http` or `https` URL. Redirects are not followed. The error is a sentence for the operator; trying again later is right.
pub fn get(url: &str, headers: &[(&str, &str)]) -> Result<Response, String> {
    send(&Method::Get, url, headers, None)?.answer()
}

/// GET of several URLs at once; the answers stand in their order. The host keeps those back that are more at once than
/// the installation's `http_concurrency`.
pub fn get_all(urls: &[&str], headers: &[(&str, &str)]) -> Vec<Result<Response, String>> {
    let sent: Vec<_> = urls.iter().map(|url| send(&Method::Get, url, headers, None)).collect();
    sent.into_iter().map(|sent| sent?.answer()).collect()
}

/// POST to an absolute `http` or `https` URL. After an error the request may have arrived or not.
pub fn post(url: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<Response, String> {
    send(&Method::Post, url, headers, Some(body))?.answer()
}

/// A request under way.
struct Sent {
    authority: String,
    future: FutureIncomingResponse,
}

fn send(method: &Method, url: &str, headers: &[(&str, &str)], body: Option<&[u8]>) -> Result<Sent, String> {
    let (scheme, rest) = match url.split_once("://") {
        Some(("http", rest)) => (Scheme::Http, rest),
        Some(("https", rest)) => (Scheme::Https, rest),
        _ => return Err(format!("`{url}` is no http or https URL")),
    };
    let (authority, path) = rest.find(['/', '?']).map_or((rest, "/"), |at| rest.split_at(at));
    let mut fields: Vec<(String, Vec<u8>)> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect();
    if let Some(body) = body {
        fields.push(("content-length".to_owned(), body.len().to_string().into_bytes()));
    }
    let fields = Fields::from_list(&fields).map_err(|error| format!("a header cannot be sent: {error:?}"))?;
    let request = OutgoingRequest::new(fields);
    request
        .set_method(method)
        .and_then(|()| request.set_scheme(Some(&scheme)))
        .and_then(|()| request.set_authority(Some(authority)))
        .and_then(|()| request.set_path_with_query(Some(path)))
        .map_err(|()| format!("`{url}` is no URL that can be asked for"))?;
    let outgoing = match body {
        Some(_) => Some(request.body().map_err(|()| "the request takes no body".to_owned())?),
        None => None,
    };
    let future = handle(request, None).map_err(|error| said(authority, &error))?;
    if let (Some(outgoing), Some(body)) = (outgoing, body) {
        write(authority, outgoing, body)?;
    }
    Ok(Sent { authority: authority.to_owned(), future })
}

impl Sent {
    fn answer(self) -> Result<Response, String> {
        let Self { authority, future } = self;
        future.subscribe().block();
        match future.get() {
            Some(Ok(Ok(response))) => read(&authority, &response),
            Some(Ok(Err(error))) => Err(said(&authority, &error)),
            _ => Err(format!("{authority} gave no answer")),
        }
    }
}

fn write(authority: &str, outgoing: OutgoingBody, body: &[u8]) -> Result<(), String> {
    let broken = || format!("the request to {authority} broke off");
    {
        let stream = outgoing.write().map_err(|()| broken())?;
        // As much as the interface takes at once.
        for piece in body.chunks(4_096) {
            stream.blocking_write_and_flush(piece).map_err(|_| broken())?;
        }
    }
    OutgoingBody::finish(outgoing, None).map_err(|error| format!("{}: {error:?}", broken()))
}

fn read(authority: &str, response: &IncomingResponse) -> Result<Response, String> {
    let headers = response
        .headers()
        .entries()
        .into_iter()
        .map(|(name, value)| (name, String::from_utf8_lossy(&value).into_owned()))
        .collect();
    let broken = || format!("the answer of {authority} broke off");
    let incoming = response.consume().map_err(|()| broken())?;
    let stream = incoming.stream().map_err(|()| broken())?;
    let mut body = Vec::new();
    loop {
        match stream.blocking_read(256 * 1024) {
            Ok(piece) => body.extend(piece),
            Err(StreamError::Closed) => break,
            Err(StreamError::LastOperationFailed(error)) => {
                return Err(format!("{}: {}", broken(), error.to_debug_string()));
            }
        }
    }
    Ok(Response { status: response.status(), headers, body })
}

fn said(authority: &str, error: &ErrorCode) -> String {
    match error {
        ErrorCode::HttpRequestDenied => format!("{authority} is not granted to this installation"),
        ErrorCode::DestinationIpProhibited => {
            format!("{authority} resolves to an address that is not granted to this installation")
        }
        other => format!("{authority} cannot be reached: {other:?}"),
    }
}
