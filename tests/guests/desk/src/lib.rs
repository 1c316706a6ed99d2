//! Counts documents, requests and forms in one state, says what it finds in the history and at the address that a document names, and
//! answers each with the count.

#![cfg(any(target_family = "wasm", test))]
#![allow(unsafe_code, reason = "the exports that the macro generates")]

use dongting_sdk::decoder::{Decoded, Document, Reject, Reply};
use dongting_sdk::history::{self, Selection};
use dongting_sdk::message::{Draft, Error, Kind};
use dongting_sdk::service::{Request, Response};
use dongting_sdk::views::{Acted, Context, Panel, Read, Text, View};
use dongting_sdk::{decoder, http, service, state, views};

struct Plugin;

#[derive(serde::Deserialize, Default)]
#[serde(default)]
struct Asked {
    fetch: Option<String>,
    refuse: Option<String>,
    /// Parts that cannot be understood.
    bad: Vec<String>,
    quiet: bool,
}

fn counted() -> Result<u64, Error> {
    let count: u64 = state::get("count")?.unwrap_or(0) + 1;
    state::set("count", &count)?;
    Ok(count)
}

fn draft(kind: Kind, (count, at): (u64, i64), said: &str) -> Result<Draft, Error> {
    Draft::json("em.test.said.v1", ("test", kind), "430100", (&count.to_string(), at), &(count, said))
}

impl decoder::Guest for Plugin {
    fn decode(document: Document) -> Result<Decoded, Error> {
        let asked: Asked = serde_json::from_slice(&document.body)
            .map_err(|error| Error::Reject(format!("this is no question: {error}")))?;
        if let Some(reason) = asked.refuse {
            return Err(Error::Reject(reason));
        }
        let reject = |part: String| Reject { reason: format!("{part} is no part"), raw: part.into_bytes() };
        let rejects = asked.bad.into_iter().map(reject).collect();
        if asked.quiet {
            return Ok(Decoded { drafts: Vec::new(), rejects, reply: None });
        }
        let found = history::latest(&Selection::new("test", Kind::Observation, "430100"), 3)?;
        let keys: Vec<&str> = found.messages.iter().map(|message| message.key.as_str()).collect();
        let fetched = match asked.fetch.map(|url| http::get(&url, &[])) {
            Some(Ok(answer)) => String::from_utf8_lossy(&answer.body).into_owned(),
            Some(Err(why)) => why,
            None => String::new(),
        };
        let count = counted()?;
        let Document { transport, name, content_type, received, .. } = &document;
        let about = format!("{transport} {name:?} {content_type:?} {} {fetched}", keys.join(" "));
        let drafts = vec![draft(Kind::Observation, (count, *received), &about)?];
        let reply = Reply { content_type: "text/plain".to_owned(), body: count.to_string().into_bytes() };
        Ok(Decoded { drafts, rejects, reply: Some(reply) })
    }
}

impl service::Guest for Plugin {
    fn handle(request: Request) -> Result<Response, Error> {
        let (count, drafts) = if request.method == "POST" {
            let count = counted()?;
            let said = String::from_utf8_lossy(&request.body);
            (count, vec![draft(Kind::Feedback, (count, request.received), &said)?])
        } else {
            (state::get("count")?.unwrap_or(0), Vec::new())
        };
        Ok(Response { status: 200, headers: Vec::new(), body: count.to_string().into_bytes(), drafts })
    }
}

impl views::Guest for Plugin {
    fn list() -> Vec<View> {
        let title = Text { zh: "计数".to_owned(), en: "Count".to_owned() };
        let (domain, kind) = ("test".to_owned(), Kind::Observation);
        let reads = vec![Read { domain, kind, detail: None, limit: 100, max_age_seconds: None }];
        vec![View { id: "count".to_owned(), title, order: 1, reads }]
    }

    fn render(_: String, _: Context) -> Result<Vec<Panel>, Error> {
        Ok(Vec::new())
    }

    fn act(_: String, action: String, form: Vec<(String, String)>, context: Context) -> Result<Acted, Error> {
        let count = counted()?;
        let shown: Vec<&str> =
            context.messages.iter().flatten().map(|message| message.key.as_str()).collect();
        let said = format!("{action} {form:?} {}", shown.join(" "));
        let drafts = vec![draft(Kind::Feedback, (count, context.now), &said)?];
        Ok(Acted { text: count.to_string(), drafts })
    }
}

dongting_sdk::export_decoder!(Plugin);
dongting_sdk::export_service!(Plugin);
dongting_sdk::export_views!(Plugin);
