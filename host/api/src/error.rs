//! Errors as the client sees them. What only the operator should know is logged, not sent.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dongting_engine::review::ReviewError;
use dongting_engine::{BusError, PushError, RedriveError, ReloadError, ReplayError, StoreError, ViewError};
use dongting_registry::RegistryError;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApiError {
    pub error: ErrorBody,
    /// To find the request in the host's log.
    pub request_id: String,
    #[serde(skip)]
    #[schema(ignore)]
    status: StatusCode,
    #[serde(skip)]
    #[schema(ignore)]
    retry_after: Option<u64>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorBody {
    /// Stable: the portal has its own words for each.
    pub code: &'static str,
    pub message: String,
    /// What to do.
    #[schema(required)]
    pub hint: Option<String>,
}

impl ApiError {
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let request_id = format!("{:x}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let error = ErrorBody { code, message: message.into(), hint: None };
        Self { error, request_id, status, retry_after: None }
    }

    pub fn hint(mut self, hint: &str) -> Self {
        self.error.hint = Some(hint.to_owned());
        self
    }

    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", message)
    }

    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    /// `source` goes to the log, not to the client.
    pub fn internal(source: &dyn std::error::Error) -> Self {
        let error =
            Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the host could not do this now")
                .hint("Try again; if it goes on, give the request id to the operator.");
        let reason = dongting_engine::installed::chain(source);
        tracing::error!(request = error.request_id, reason, "A request failed");
        error
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, retry_after) = (self.status, self.retry_after);
        let mut response = (status, Json(self)).into_response();
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        Self::internal(&error)
    }
}

impl From<ViewError> for ApiError {
    fn from(error: ViewError) -> Self {
        let message = error.to_string();
        match error {
            ViewError::Unknown { .. } => Self::not_found(message),
            ViewError::Region { .. } => Self::new(StatusCode::NOT_FOUND, "region", message),
            ViewError::Rejected(_) => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "rejected", message),
            ViewError::Failed(_) => Self::new(StatusCode::BAD_GATEWAY, "plugin", message)
                .hint("The plugin behind this view failed; its state is on the plugins page."),
            ViewError::Store(source) => Self::internal(&source),
        }
    }
}

impl From<RegistryError> for ApiError {
    fn from(error: RegistryError) -> Self {
        let message = error.to_string();
        match error {
            RegistryError::UnknownRepository(_) | RegistryError::UnknownManifest { .. } => {
                Self::not_found(message)
            }
            other => Self::internal(&other),
        }
    }
}

impl From<ReviewError> for ApiError {
    fn from(error: ReviewError) -> Self {
        match error {
            ReviewError::Registry(source) => source.into(),
            ReviewError::Component(_) => Self::internal(&error),
        }
    }
}

impl From<BusError> for ApiError {
    fn from(error: BusError) -> Self {
        Self::internal(&error)
    }
}

impl From<RedriveError> for ApiError {
    fn from(error: RedriveError) -> Self {
        let message = error.to_string();
        match error {
            RedriveError::Unknown(_) => Self::not_found(message),
            RedriveError::NotInstalled(_) | RedriveError::NoDecoder(_) => {
                Self::new(StatusCode::CONFLICT, "installation", message)
            }
            RedriveError::Refused(_) => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "rejected", message)
                .hint("The dead letter stays; correct what the reason names, then re-drive it."),
            RedriveError::Later(_) => Self::new(StatusCode::SERVICE_UNAVAILABLE, "later", message)
                .hint("The dead letter stays; try again."),
            RedriveError::OtherForm { .. } => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "release", message),
            RedriveError::Release(source) => {
                let message = format!("{message}: {}", dongting_engine::installed::chain(&source));
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "release", message).hint(
                    "The dead letter stays; name a release that the installation could be enabled with.",
                )
            }
            RedriveError::Bus(source) => source.into(),
        }
    }
}

impl From<ReloadError> for ApiError {
    fn from(error: ReloadError) -> Self {
        let message = dongting_engine::installed::chain(&error);
        Self::new(StatusCode::CONFLICT, "configuration", message)
            .hint("Nothing was changed; correct the file, then reload.")
    }
}

impl From<ReplayError> for ApiError {
    fn from(error: ReplayError) -> Self {
        let message = dongting_engine::installed::chain(&error);
        match error {
            ReplayError::Store(source) => source.into(),
            ReplayError::NotInstalled(_) => Self::new(StatusCode::CONFLICT, "installation", message),
            ReplayError::Interrupted | ReplayError::NoRoom => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "later", message)
            }
            ReplayError::Load(_)
            | ReplayError::Gate(_)
            | ReplayError::Grant(_)
            | ReplayError::TooLong
            | ReplayError::Lower { .. }
            | ReplayError::Migration { .. } => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "replay", message),
        }
    }
}

impl From<PushError> for ApiError {
    fn from(error: PushError) -> Self {
        let message = error.to_string();
        match error {
            PushError::Token => Self::new(StatusCode::UNAUTHORIZED, "token", message)
                .hint("Send the installation's push_token as `Authorization: Bearer …`."),
            PushError::Rejected(_) => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "rejected", message)
                .hint("The document is kept as a dead letter; correct it and deliver it anew."),
            PushError::Later { after, .. } => {
                let mut error = Self::new(StatusCode::SERVICE_UNAVAILABLE, "later", message)
                    .hint("Nothing is lost: deliver the same document again later.");
                error.retry_after = Some(after.as_secs().max(1));
                error
            }
        }
    }
}
