//! GET /plugins

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use dongting_engine::Host;
use dongting_engine::host::Enabled;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::dto::plugin::{Installation, InstallationState, PluginList};
use crate::error::ApiError;

const DEFAULT_LIMIT: usize = 100;
const MAX_LIMIT: usize = 1000;

#[derive(Debug, Deserialize, IntoParams)]
pub struct PluginQuery {
    /// Words, of which each must be told of an installation: id, names, version, region, reason.
    q: Option<String>,
    #[param(inline)]
    state: Option<InstallationState>,
    #[param(inline)]
    order: Option<Order>,
    /// So many are left out at the beginning.
    offset: Option<usize>,
    /// 1 to 1000.
    limit: Option<usize>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// What is in trouble first, then by id.
    #[default]
    Trouble,
    /// For who reads them all: a change of state moves none to another page.
    Id,
}

/// What is enabled and how it is doing, a page at a time.
#[utoipa::path(get, path = "/plugins", operation_id = "plugins", params(PluginQuery), responses((status = 200, body = PluginList), (status = "default", body = ApiError)))]
pub async fn plugins(State(host): State<Arc<Host>>, Query(asked): Query<PluginQuery>) -> Json<PluginList> {
    let words: Vec<String> =
        asked.q.unwrap_or_default().to_lowercase().split_whitespace().map(str::to_owned).collect();
    let all = host.all();
    let enabled = all.len();
    let mut found: Vec<(InstallationState, Enabled)> = all
        .into_iter()
        .map(|one| (InstallationState::of(one.status.state()).0, one))
        .filter(|(state, _)| asked.state.is_none_or(|wanted| wanted == *state))
        .filter(|(_, one)| words.is_empty() || told(one, &words))
        .collect();
    if matches!(asked.order.unwrap_or_default(), Order::Trouble) {
        // They come by id, and those of one state stay so.
        found.sort_by_key(|(state, _)| *state);
    }
    let limit = asked.limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT);
    let page = found.iter().skip(asked.offset.unwrap_or(0)).take(limit);
    Json(PluginList {
        enabled,
        found: found.len(),
        installations: page.map(|(_, one)| Installation::from(one)).collect(),
    })
}

/// Whether each word is told of an installation.
fn told(enabled: &Enabled, words: &[String]) -> bool {
    let Installation { id, plugin, title, region, reason, .. } = Installation::from(enabled);
    let parts = [id, title.zh, title.en, plugin.name, plugin.version, region, reason.unwrap_or_default()];
    let text = parts.join("\n").to_lowercase();
    words.iter().all(|word| text.contains(word))
}
