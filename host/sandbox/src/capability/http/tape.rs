//! What a call asked for and was answered, written down while the plugin reads it; and the same given again.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use dongting_manifest::exchange::{Answer, Exchange, Failure, Sent};
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;
use wasmtime_wasi_http::{Error, WasiBody};

use super::outgoing::Outgoing;
use super::{Worker, failure};

/// What a request is told that has no recorded answer.
const NEVER_ASKED: Failure = Failure::Unavailable;

/// The exchanges of one call, in the order in which they were asked for.
#[derive(Clone)]
pub struct Tape(Arc<Mutex<Lines>>);

#[derive(Default)]
struct Lines {
    taped: Vec<Taped>,
    /// Bytes of bodies that may still be held until the call ends; none once they were too many. What was held is let go then: the call goes
    /// on, and cannot be made again.
    room: Option<usize>,
}

struct Taped {
    method: String,
    url: String,
    headers: Vec<(String, Vec<u8>)>,
    outgoing: Outgoing,
    /// None until there is one: the call may end before.
    head: Option<Result<Head, Failure>>,
    /// As they came: they are shared with the plugin's stream, not copied.
    body: Vec<Bytes>,
    broken: Option<Failure>,
}

struct Head {
    status: u16,
    headers: Vec<(String, Vec<u8>)>,
}

/// One exchange being written down.
pub struct Line {
    tape: Tape,
    at: usize,
}

/// Recorded exchanges, given again: each request the next answer that the same one had.
#[derive(Clone, Default)]
pub struct Recorded(Arc<Mutex<VecDeque<Exchange>>>);

impl Tape {
    pub fn new(bytes: usize) -> Self {
        Self(Arc::new(Mutex::new(Lines { taped: Vec::new(), room: Some(bytes) })))
    }

    /// The request to be sent in place of this one, whose body is written down on its way.
    pub fn begin(&self, request: http::Request<WasiBody>) -> (http::Request<WasiBody>, Line) {
        let (parts, body) = request.into_parts();
        let (outgoing, body) = Outgoing::new(body);
        let Lines { taped, .. } = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        taped.push(Taped {
            method: parts.method.to_string(),
            url: parts.uri.to_string(),
            headers: in_order(&parts.headers),
            outgoing,
            head: None,
            body: Vec::new(),
            broken: None,
        });
        let line = Line { tape: self.clone(), at: taped.len() - 1 };
        (http::Request::from_parts(parts, body), line)
    }

    /// What was asked for, when the call is over; none where the answers were too much. A request that has no answer by then will have none
    /// in a replay either.
    pub fn take(&self) -> Option<Vec<Exchange>> {
        let lines = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let Lines { taped, room: Some(_) } = lines else { return None };
        let exchanges = taped.into_iter().map(|taped| {
            let Taped { method, url, headers, outgoing, head, body, broken } = taped;
            let answer = head.unwrap_or(Err(NEVER_ASKED));
            let answer = answer.map(|Head { status, headers }| Answer {
                status,
                headers,
                body: body.concat(),
                broken,
            });
            let (body, start) = outgoing.ended();
            Exchange { method, url, sent: Some(Sent { headers, body, start }), answer }
        });
        Some(exchanges.collect())
    }
}

impl Line {
    fn write(&self, write: impl FnOnce(&mut Taped)) {
        let mut lines = self.tape.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(line) = lines.taped.get_mut(self.at) {
            write(line);
        }
    }

    fn hold(&self, data: &Bytes) {
        let mut lines = self.tape.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(room) = lines.room else { return };
        lines.room = room.checked_sub(data.len());
        if lines.room.is_none() {
            lines.taped.clear();
        } else if let Some(line) = lines.taped.get_mut(self.at) {
            line.body.push(data.clone());
        }
    }

    /// Writes the answer's head down, and its body while it is read. What is told of a failure is what a replay will tell.
    pub fn answered(
        self,
        sent: Result<(http::Response<WasiBody>, Worker), Error>,
    ) -> Result<(http::Response<WasiBody>, Worker), Error> {
        match sent {
            Err(error) => {
                let failed = failure::of(&error);
                self.write(|line| line.head = Some(Err(failed)));
                Err(failure::error(failed))
            }
            Ok((response, worker)) => {
                let (parts, body) = response.into_parts();
                let headers = parts.headers.iter();
                let headers = headers.map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()));
                let head = Head { status: parts.status.as_u16(), headers: headers.collect() };
                self.write(|line| line.head = Some(Ok(head)));
                Ok((http::Response::from_parts(parts, self.written(body)), worker))
            }
        }
    }

    /// The body, without trailers, which no plugin here has a use for.
    fn written(self, body: WasiBody) -> WasiBody {
        let stream = futures::stream::unfold(Some((body, self)), |open| async move {
            let (mut body, line) = open?;
            loop {
                match body.frame().await? {
                    Ok(frame) => {
                        let Ok(data) = frame.into_data() else { continue };
                        line.hold(&data);
                        return Some((Ok(Frame::data(data)), Some((body, line))));
                    }
                    Err(error) => {
                        let failed = failure::of(&error);
                        line.write(|line| line.broken = Some(failed));
                        return Some((Err(failure::error(failed)), None));
                    }
                }
            }
        });
        BodyExt::boxed_unsync(StreamBody::new(stream))
    }
}

impl Recorded {
    pub fn new(exchanges: Vec<Exchange>) -> Self {
        Self(Arc::new(Mutex::new(exchanges.into())))
    }

    /// The next answer to this request: the one that a request with these very headers had, before that of another one to its URL. One that was
    /// never made is not answered.
    pub fn answer(
        &self,
        request: &http::Request<WasiBody>,
    ) -> Result<(http::Response<WasiBody>, Worker), Error> {
        let (method, url) = (request.method().as_str(), request.uri().to_string());
        let mut left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |exchange: &Exchange| exchange.method == method && exchange.url == url;
        let headers = in_order(request.headers());
        let very = |exchange: &Exchange| {
            same(exchange) && exchange.sent.as_ref().is_some_and(|sent| sent.headers == headers)
        };
        let found = left.iter().position(very).or_else(|| left.iter().position(same));
        let found = found.and_then(|at| left.remove(at));
        let answer = found.map_or(Err(NEVER_ASKED), |exchange| exchange.answer);
        let Answer { status, headers, body, broken } = answer.map_err(failure::error)?;
        let mut response = http::Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(name, value);
        }
        let whole = Full::new(Bytes::from(body)).map_err(|never| match never {});
        let body = match broken {
            None => whole.boxed_unsync(),
            Some(failed) => {
                let rest = futures::stream::once(async move { Err(failure::error(failed)) });
                let start = whole.into_data_stream();
                let frames = futures::StreamExt::map(start, |data| data.map(Frame::data));
                BodyExt::boxed_unsync(StreamBody::new(futures::StreamExt::chain(frames, rest)))
            }
        };
        let response = response.body(body).map_err(|error| Error::InternalError(Some(error.to_string())))?;
        Ok((response, Box::new(async { Ok(()) })))
    }
}

/// By name, and those of one name as they stand.
fn in_order(headers: &http::HeaderMap) -> Vec<(String, Vec<u8>)> {
    let mut headers: Vec<(String, Vec<u8>)> =
        headers.iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect();
    headers.sort_by(|(a, _), (b, _)| a.cmp(b));
    headers
}
