//! GET /plugins

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use dongting_engine::Host;

use crate::dto::plugin::{Installation, PluginList};
use crate::error::ApiError;

/// What is enabled and how it is doing.
#[utoipa::path(get, path = "/plugins", operation_id = "plugins", responses((status = 200, body = PluginList), (status = "default", body = ApiError)))]
pub async fn plugins(State(host): State<Arc<Host>>) -> Json<PluginList> {
    Json(PluginList { installations: host.all().iter().map(Installation::from).collect() })
}
