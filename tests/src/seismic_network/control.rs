//! The control API, for tests and people that have only the address.
//!
//! - `PUT /control/fault` with `{"fault": "html", "times": 1}` (without `times`: until healed), `DELETE` heals
//! - `POST /control/publish` with a revision
//! - `GET /control/requests`
//! - `GET /control/catalogue`: what is replayed, where each fact comes from and how precise it is

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract;
use axum::http::{Method, StatusCode};
use serde::Deserialize;

use super::catalogue::{self, Catalogue, Revision};
use super::fault::Fault;
use super::state::{Seen, State};

type Shared = extract::State<Arc<State>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    fault: Fault,
    times: Option<u32>,
}

pub async fn fault(extract::State(state): Shared, method: Method, body: Bytes) -> (StatusCode, String) {
    if method == Method::DELETE {
        state.heal();
        return (StatusCode::OK, "healed\n".to_owned());
    }
    match serde_json::from_slice::<Wanted>(&body) {
        Ok(wanted) => {
            let said = format!("{:?}\n", wanted.fault);
            state.inject(wanted.fault, wanted.times);
            (StatusCode::OK, said)
        }
        Err(error) => (StatusCode::BAD_REQUEST, format!("{error}\n")),
    }
}

pub async fn publish(extract::State(state): Shared, body: Bytes) -> (StatusCode, String) {
    match serde_json::from_slice::<Revision>(&body) {
        Ok(revision) => {
            state.publish(revision);
            (StatusCode::OK, "published\n".to_owned())
        }
        Err(error) => (StatusCode::BAD_REQUEST, format!("{error}\n")),
    }
}

pub async fn requests(extract::State(state): Shared) -> Json<Vec<Seen>> {
    Json(state.requests())
}

pub async fn catalogue() -> Result<Json<Catalogue>, (StatusCode, String)> {
    catalogue::read().map(Json).map_err(|error| (StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}\n")))
}
