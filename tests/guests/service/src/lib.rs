//! Answers what it was asked, as JSON; a POST is published, too. Some paths misbehave.

#![cfg(any(target_family = "wasm", test))]
#![allow(unsafe_code, reason = "the exports that the macro generates")]

use dongting_sdk::service::{Draft, Error, Guest, Kind, Request, Response};

struct Plugin;

impl Guest for Plugin {
    fn handle(request: Request) -> Result<Response, Error> {
        match request.path.as_str() {
            "/busy" => return Err(Error::Retry(("busy".to_owned(), Some(7_000)))),
            "/wrong" => return Err(Error::Reject("there is no such valve".to_owned())),
            "/status" => return Ok(answer(99, Vec::new(), Vec::new())),
            _ => {}
        }
        let mut drafts = Vec::new();
        if request.method == "POST" {
            let key = String::from_utf8_lossy(&request.body).into_owned();
            drafts.push(Draft::json(
                "em.test.feedback.v1",
                ("test", Kind::Feedback),
                "430100",
                (&key, request.received),
                &key,
            )?);
        }
        let said = serde_json::json!({
            "transport": request.transport,
            "method": request.method,
            "path": request.path,
            "query": request.query,
            "headers": request.headers,
            "body": String::from_utf8_lossy(&request.body),
        });
        Ok(answer(200, said.to_string().into_bytes(), drafts))
    }
}

fn answer(status: u16, body: Vec<u8>, drafts: Vec<Draft>) -> Response {
    let headers = [("Content-Type", "application/json"), ("Set-Cookie", "stolen=1"), ("ETag", "\"a\"")];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    Response { status, headers, body, drafts }
}

dongting_sdk::export_service!(Plugin);
