//! GET /views, GET /views/{installation}/{view}, POST …/actions/{action}

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, Query, State};
use dongting_engine::installed::Installed;
use dongting_engine::{Host, ViewError};
use serde::Deserialize;
use utoipa::IntoParams;

use super::region;
use crate::dto::Language;
use crate::dto::plugin::InstallationState;
use crate::dto::view::{ActRequest, Acted, Rendered, ViewInfo, ViewList};
use crate::error::ApiError;

const MAX_FORM_BYTES: usize = 64 * 1024;

/// The views of everything that is enabled, in the order of the navigation.
#[utoipa::path(get, path = "/views", operation_id = "views", responses((status = 200, body = ViewList), (status = "default", body = ApiError)))]
pub async fn views(State(host): State<Arc<Host>>) -> Json<ViewList> {
    let mut views: Vec<ViewInfo> = host
        .all()
        .iter()
        .filter_map(|enabled| Some((enabled.status.state(), enabled.installed.as_ref()?)))
        .flat_map(|(state, installed)| {
            let (state, reason) = InstallationState::of(state);
            let view = move |info: &_| ViewInfo::of(info, state, reason.clone());
            installed.views.iter().map(view)
        })
        .collect();
    views.sort_by(|a, b| (a.order, &a.installation, &a.id).cmp(&(b.order, &b.installation, &b.id)));
    Json(ViewList { views })
}

#[derive(Debug, Deserialize, IntoParams)]
pub struct RenderQuery {
    /// GB/T 2260 code.
    region: String,
    #[param(inline)]
    lang: Language,
}

/// The view's panels, for a region and in a language.
#[utoipa::path(get, path = "/views/{installation}/{view}", operation_id = "render", params(("installation" = String, Path), ("view" = String, Path), RenderQuery), responses((status = 200, body = Rendered), (status = "default", body = ApiError)))]
pub async fn render(
    State(host): State<Arc<Host>>,
    Path((installation, view)): Path<(String, String)>,
    Query(asked): Query<RenderQuery>,
) -> Result<Json<Rendered>, ApiError> {
    let installed = find(&host, &installation, &view)?;
    let rendered = installed.render(host.store(), &view, region(&asked.region)?, asked.lang.into()).await?;
    Ok(Json(rendered.into()))
}

/// Submits a form of the view.
#[utoipa::path(post, path = "/views/{installation}/{view}/actions/{action}", operation_id = "act", params(("installation" = String, Path), ("view" = String, Path), ("action" = String, Path)), request_body = ActRequest, responses((status = 200, body = Acted), (status = "default", body = ApiError)))]
pub async fn act(
    State(host): State<Arc<Host>>,
    Path((installation, view, action)): Path<(String, String, String)>,
    body: Result<Json<ActRequest>, JsonRejection>,
) -> Result<Json<Acted>, ApiError> {
    let Json(request) = body.map_err(|error| ApiError::bad_request(error.body_text()))?;
    let installed = find(&host, &installation, &view)?;
    let form: Vec<(String, String)> = request.form.into_iter().collect();
    if form.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() > MAX_FORM_BYTES {
        return Err(ApiError::bad_request("the form has over 64 KiB"));
    }
    let place = (region(&request.region)?, request.lang.into());
    let acted = installed.act(&host.shared, (&view, &action), &form, place).await?;
    Ok(Json(Acted { text: acted.text, messages: acted.messages }))
}

fn find(host: &Host, installation: &str, view: &str) -> Result<Arc<Installed>, ViewError> {
    let unknown = || ViewError::Unknown { installation: installation.to_owned(), view: view.to_owned() };
    host.installed(installation).filter(|installed| !installed.views.is_empty()).ok_or_else(unknown)
}
