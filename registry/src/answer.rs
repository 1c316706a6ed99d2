//! Errors as OCI clients read them: a code of the specification, a sentence for a person, details for a program.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::error::RegistryError;
use crate::reference::ReferenceError;

/// A moment, for who comes too often.
const RETRY_SECONDS: u64 = 5;

impl IntoResponse for RegistryError {
    fn into_response(self) -> Response {
        let (status, code) = class(&self);
        if status.is_server_error() {
            tracing::error!(error = %chain(&self), "A request to the registry failed");
        }
        let mut response = (
            status,
            Json(
                json!({ "errors": [{ "code": code, "message": self.to_string(), "detail": detail(&self) }] }),
            ),
        )
            .into_response();
        let headers = response.headers_mut();
        if let Self::OutOfOrder { received } | Self::CutOff { received } = &self
            && let Ok(value) = HeaderValue::from_str(&crate::range::so_far(*received))
        {
            headers.insert(header::RANGE, value);
        }
        if status == StatusCode::TOO_MANY_REQUESTS {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(RETRY_SECONDS));
        }
        response
    }
}

fn class(error: &RegistryError) -> (StatusCode, &'static str) {
    use RegistryError as E;
    match error {
        E::Name(_) | E::Reference(ReferenceError::Name(_) | ReferenceError::Form(_)) => {
            (StatusCode::BAD_REQUEST, "NAME_INVALID")
        }
        E::Digest(_) | E::Reference(ReferenceError::Digest(_)) | E::Mismatch { .. } => {
            (StatusCode::BAD_REQUEST, "DIGEST_INVALID")
        }
        E::Chunk(_) => (StatusCode::BAD_REQUEST, "BLOB_UPLOAD_INVALID"),
        E::Address => (StatusCode::NOT_FOUND, "NAME_UNKNOWN"),
        E::Parameter(_) => (StatusCode::BAD_REQUEST, "UNSUPPORTED"),
        E::UnknownRepository(_) => (StatusCode::NOT_FOUND, "NAME_UNKNOWN"),
        E::UnknownManifest { .. } | E::Yanked { .. } => (StatusCode::NOT_FOUND, "MANIFEST_UNKNOWN"),
        E::UnknownBlob { .. } => (StatusCode::NOT_FOUND, "BLOB_UNKNOWN"),
        E::UnknownUpload => (StatusCode::NOT_FOUND, "BLOB_UPLOAD_UNKNOWN"),
        E::ManifestBlobUnknown { .. } => (StatusCode::NOT_FOUND, "MANIFEST_BLOB_UNKNOWN"),
        E::ManifestBlobSize { .. } | E::ChunkSize { .. } => (StatusCode::BAD_REQUEST, "SIZE_INVALID"),
        E::ManifestInvalid(_) => (StatusCode::BAD_REQUEST, "MANIFEST_INVALID"),
        E::ManifestTooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "MANIFEST_INVALID"),
        E::Plugin(_) | E::Distrusted(_) => (StatusCode::UNPROCESSABLE_ENTITY, "MANIFEST_INVALID"),
        E::VersionTaken { .. } | E::VersionYanked { .. } | E::InUse { .. } | E::Conflict(_) => {
            (StatusCode::CONFLICT, "DENIED")
        }
        E::BlobTooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "SIZE_INVALID"),
        // 507 would be the word, but clients try that again.
        E::Quota { .. } | E::Denied(_) => (StatusCode::FORBIDDEN, "DENIED"),
        E::TooManyUploads { .. } | E::Busy => (StatusCode::TOO_MANY_REQUESTS, "TOOMANYREQUESTS"),
        E::OutOfOrder { .. } => (StatusCode::RANGE_NOT_SATISFIABLE, "BLOB_UPLOAD_INVALID"),
        E::UploadBusy => (StatusCode::CONFLICT, "BLOB_UPLOAD_INVALID"),
        E::CutOff { .. } => (StatusCode::BAD_REQUEST, "BLOB_UPLOAD_INVALID"),
        E::Unauthorized(_) => (StatusCode::UNAUTHORIZED, "UNAUTHORIZED"),
        E::Unsupported(_) => (StatusCode::METHOD_NOT_ALLOWED, "UNSUPPORTED"),
        E::Tampered { .. } | E::Sql(_) | E::Disk(_) | E::Damaged(_) | E::Random => {
            (StatusCode::INTERNAL_SERVER_ERROR, "UNKNOWN")
        }
    }
}

fn detail(error: &RegistryError) -> Value {
    use RegistryError as E;
    match error {
        E::UnknownManifest { repository, at } => {
            json!({ "name": repository.as_str(), "reference": at.to_string() })
        }
        E::UnknownBlob { digest, .. } | E::ManifestBlobUnknown { digest, .. } => {
            json!({ "digest": digest.to_string() })
        }
        E::Mismatch { wanted, found } => json!({ "wanted": wanted.to_string(), "found": found.to_string() }),
        E::VersionTaken { existing, pushed, .. } => {
            json!({ "existing": existing.to_string(), "pushed": pushed.to_string() })
        }
        E::Quota { vendor, quota, used, wanted } => {
            json!({ "vendor": vendor, "quota": quota, "used": used, "wanted": wanted })
        }
        E::BlobTooLarge { size, most } => json!({ "size": size, "most": most }),
        E::OutOfOrder { received } | E::CutOff { received } => json!({ "received": received }),
        _ => Value::Null,
    }
}

/// The error with all its causes, for the log.
fn chain(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        said.push_str(": ");
        said.push_str(&cause.to_string());
        source = cause.source();
    }
    said
}
