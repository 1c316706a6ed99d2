//! The glue between the contract and the pure part.

use dongting_sdk::service::{Error, Guest, Request, Response};

use crate::grade;

struct Plugin;

impl Guest for Plugin {
    fn handle(request: Request) -> Result<Response, Error> {
        if request.path != "/grade" {
            return answer(
                404,
                &serde_json::json!({ "error": "ask for /grade?mm=60&hours=24" }),
            );
        }
        if request.method != "GET" {
            return answer(405, &serde_json::json!({ "error": "only GET is answered" }));
        }
        match grade::asked(request.query.as_deref().unwrap_or_default()) {
            Ok((grade, hours)) => answer(
                200,
                &serde_json::json!({ "grade": grade.name(), "number": grade as u8, "hours": hours }),
            ),
            Err(reason) => answer(400, &serde_json::json!({ "error": reason })),
        }
    }
}

fn answer(status: u16, body: &serde_json::Value) -> Result<Response, Error> {
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    Ok(Response {
        status,
        headers,
        body: body.to_string().into_bytes(),
        drafts: Vec::new(),
    })
}

dongting_sdk::export_service!(Plugin);
