//! Views: the list, a rendering, an action.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::panel::Panel;
use super::plugin::InstallationState;
use super::{Language, Text};

#[derive(Debug, Serialize, ToSchema)]
pub struct ViewList {
    pub views: Vec<ViewInfo>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ViewInfo {
    pub installation: String,
    pub id: String,
    pub title: Text,
    pub order: u32,
    pub region: String,
    pub reads: Vec<Read>,
    /// Of the installation that draws it.
    pub state: InstallationState,
    #[schema(required)]
    pub reason: Option<String>,
}

/// The view changes when such a message arrives.
#[derive(Debug, Serialize, ToSchema)]
pub struct Read {
    pub domain: String,
    pub kind: String,
    #[schema(required)]
    pub detail: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rendered {
    pub panels: Vec<Panel>,
    #[schema(format = DateTime)]
    pub rendered_at: String,
    /// When the newest of the messages shown arrived.
    #[schema(required, format = DateTime)]
    pub newest: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ActRequest {
    pub region: String,
    pub lang: Language,
    pub form: BTreeMap<String, String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Acted {
    /// Said to the person.
    pub text: String,
    /// Ids of the messages published.
    pub messages: Vec<String>,
}

impl ViewInfo {
    pub fn of(info: &dongting_engine::ViewInfo, state: InstallationState, reason: Option<String>) -> Self {
        let reads = info.view.reads.iter().map(|read| Read {
            domain: read.topic.domain.clone(),
            kind: read.topic.kind.to_string(),
            detail: read.topic.detail.clone(),
        });
        Self {
            state,
            reason,
            installation: info.installation.clone(),
            id: info.view.id.clone(),
            title: Text::from(&info.view.title),
            order: info.view.order,
            region: info.region.to_string(),
            reads: reads.collect(),
        }
    }
}

impl From<dongting_engine::views::Rendered> for Rendered {
    fn from(rendered: dongting_engine::views::Rendered) -> Self {
        Self {
            panels: rendered.panels.into_iter().map(Panel::from).collect(),
            rendered_at: rendered.rendered_at.to_string(),
            newest: rendered.newest.map(|newest| newest.to_string()),
        }
    }
}
