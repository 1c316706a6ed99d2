//! Requests answered from a script, with no network: for `dongting try`, the test kit and the compliance checks.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use wasmtime_wasi_http::{Error, WasiBody};

use super::Worker;

/// What is kept of a request's body.
const MAX_REQUEST_BYTES: usize = 4 * 1024 * 1024;

/// What other systems answer, and what they were asked.
#[derive(Clone, Default)]
pub struct Scripted(Arc<Mutex<Script>>);

#[derive(Default)]
struct Script {
    rules: Vec<Rule>,
    asked: Vec<Asked>,
}

/// Answers for the requests of one kind.
#[derive(Debug, Clone)]
pub struct Rule {
    /// None takes every method.
    pub method: Option<String>,
    /// The whole URL, in which `*` stands for any run of characters.
    pub url: String,
    /// Given in turn; the last one again and again.
    pub answers: Vec<Answer>,
}

#[derive(Debug, Clone)]
pub enum Answer {
    Response {
        status: u16,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
    },
    /// Nobody listens there.
    Unreachable,
    /// The request went out and no answer came.
    TimedOut,
}

/// A request that a plugin made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub method: String,
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Whether a rule had an answer.
    pub answered: bool,
}

impl Scripted {
    #[must_use]
    pub fn new(rules: Vec<Rule>) -> Self {
        Self(Arc::new(Mutex::new(Script { rules, asked: Vec::new() })))
    }

    /// The requests since this was asked last, in the order in which the plugin made them.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.lock().asked)
    }

    fn lock(&self) -> MutexGuard<'_, Script> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Chooses the answer at once, since requests are sent by tasks of their own that run in no certain order. The number is the
    /// request's place among those asked.
    pub(super) fn choose(&self, request: &http::Request<WasiBody>) -> (usize, Option<Answer>) {
        let mut script = self.lock();
        let (method, url) = (request.method().as_str(), request.uri().to_string());
        let rule = script.rules.iter_mut().find(|rule| rule.takes(method, &url));
        let answer = rule.and_then(Rule::next);
        let headers = request
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into()))
            .collect();
        let answered = answer.is_some();
        script.asked.push(Asked { method: method.to_owned(), url, headers, body: Vec::new(), answered });
        (script.asked.len() - 1, answer)
    }

    /// Reads the request to its end and gives the answer.
    pub(super) async fn send(
        self,
        request: http::Request<WasiBody>,
        (place, answer): (usize, Option<Answer>),
        cap: usize,
    ) -> Result<(http::Response<WasiBody>, Worker), Error> {
        let sent = Limited::new(request.into_body(), MAX_REQUEST_BYTES).collect().await;
        let sent = sent.map_err(|_| Error::HttpRequestBodySize(Some(MAX_REQUEST_BYTES as u64)))?.to_bytes();
        if let Some(asked) = self.lock().asked.get_mut(place) {
            asked.body = sent.to_vec();
        }
        match answer {
            None | Some(Answer::Unreachable) => Err(Error::DestinationUnavailable),
            Some(Answer::TimedOut) => Err(Error::HttpResponseTimeout),
            Some(Answer::Response { body, .. }) if body.len() > cap => {
                Err(Error::HttpResponseBodySize(Some(cap as u64)))
            }
            Some(Answer::Response { status, headers, body }) => {
                let body = Full::new(Bytes::from(body)).map_err(|never| match never {}).boxed_unsync();
                let mut response = http::Response::builder().status(status);
                for (name, value) in headers {
                    response = response.header(name, value);
                }
                let response =
                    response.body(body).map_err(|error| Error::InternalError(Some(error.to_string())))?;
                Ok((response, Box::new(async { Ok(()) }) as Worker))
            }
        }
    }
}

impl Rule {
    fn takes(&self, method: &str, url: &str) -> bool {
        self.method.as_ref().is_none_or(|mine| mine.eq_ignore_ascii_case(method))
            && fits(&self.url, url)
            && !self.answers.is_empty()
    }

    fn next(&mut self) -> Option<Answer> {
        if self.answers.len() > 1 { Some(self.answers.remove(0)) } else { self.answers.first().cloned() }
    }
}

/// Whether `*` can be filled so that the pattern is the text. Each part between stars is taken where it comes first, which leaves the most
/// for those behind it; so there is no going back and no pattern takes long.
fn fits(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some((_, behind)) = rest.split_once(part) else { return false };
        rest = behind;
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_run() {
        for (pattern, text, wanted) in [
            ("http://a/b", "http://a/b", true),
            ("http://a/b", "http://a/bc", false),
            ("http://a/*", "http://a/", true),
            ("*", "", true),
            ("http://*/query?*limit=1", "http://a/query?x=2&limit=1", true),
            ("a*b*b", "ab", false),
            ("a*b*b", "axbxb", true),
            ("*a*", "bbb", false),
        ] {
            assert_eq!(fits(pattern, text), wanted, "{pattern} {text}");
        }
    }

    #[test]
    fn answers_come_in_turn_and_the_last_again() {
        let answer = |status| Answer::Response { status, headers: Vec::new(), body: Vec::new() };
        let rule = Rule {
            method: Some("get".into()),
            url: "http://a/*".into(),
            answers: vec![answer(500), answer(200)],
        };
        let scripted = Scripted::new(vec![rule]);
        let ask = |method: &str, url: &str| {
            let body = Full::new(Bytes::new()).map_err(|never| match never {}).boxed_unsync();
            let request = http::Request::builder().method(method).uri(url).body(body).unwrap();
            match scripted.choose(&request).1 {
                Some(Answer::Response { status, .. }) => status,
                _ => 0,
            }
        };
        let said = ["GET", "GET", "GET", "POST"].map(|method| ask(method, "http://a/x"));
        assert_eq!(said, [500, 200, 200, 0]);
        let asked = scripted.asked();
        assert_eq!(asked.iter().map(|asked| asked.answered).collect::<Vec<_>>(), [true, true, true, false]);
        assert!(scripted.asked().is_empty());
    }
}
