//! The router and the OpenAPI document.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::any;
use dongting_engine::{Host, MAX_COMPONENT_BYTES};
use dongting_registry::{Certificate, Listening, ServeError, Served};
use tower_http::compression::CompressionLayer;
use tower_http::services::{ServeDir, ServeFile};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::router::UtoipaMethodRouterExt;
use utoipa_axum::routes;

use crate::body;
use crate::error::ApiError;
use crate::guard;
use crate::route::{
    catalogue, dead_letters, health, installations, messages, plugins, push, regions, reload, replays,
    reviews, schemas, services, stream, views,
};

#[derive(OpenApi)]
#[openapi(info(
    title = "Dongting",
    description = "The API of one Dongting host. The portal uses nothing else."
))]
struct Document;

fn router() -> OpenApiRouter<Arc<Host>> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(health::health))
        .routes(routes!(regions::regions))
        .routes(routes!(regions::boundaries))
        .routes(routes!(plugins::plugins))
        .routes(routes!(installations::show))
        .routes(routes!(installations::parked))
        .routes(routes!(views::views))
        .routes(routes!(views::render))
        .routes(routes!(views::act))
        .routes(routes!(messages::messages))
        .routes(routes!(messages::lineage))
        .routes(routes!(messages::raw))
        .routes(routes!(dead_letters::list))
        .routes(routes!(dead_letters::show, dead_letters::discard))
        .routes(routes!(dead_letters::payload))
        .routes(routes!(dead_letters::redrive))
        .routes(routes!(reload::reload))
        .routes(routes!(catalogue::catalogue))
        .routes(routes!(catalogue::release))
        .routes(routes!(reviews::review))
        .routes(routes!(replays::replay).layer(DefaultBodyLimit::max(MAX_COMPONENT_BYTES)))
        .routes(routes!(schemas::schemas))
        .routes(routes!(schemas::schema))
        .routes(routes!(push::push))
        .routes(routes!(stream::stream))
}

/// The OpenAPI document, with a line's end: what `portal/openapi.json` must be.
pub fn openapi() -> Result<String, serde_json::Error> {
    let (_, mut document) = router().split_for_parts();
    document.servers = Some(vec![utoipa::openapi::Server::new("/api/v1")]);
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}

/// Listens and returns at once. `portal` is the folder with the built portal; with a certificate it speaks TLS alone.
pub async fn serve(
    host: Arc<Host>,
    address: SocketAddr,
    portal: Option<PathBuf>,
    certificate: Option<Certificate>,
) -> Result<Served, ServeError> {
    let listening = Listening::on(address).await?;
    let address = listening.address;
    let releases = host.registry.router();
    let (api, _) = router().split_for_parts();
    let api = api
        .route("/services/{installation}/{*path}", any(services::ask))
        .fallback(|| async { ApiError::not_found("there is nothing under this address") })
        .layer(DefaultBodyLimit::max(body::MAX_BYTES))
        .with_state(host);
    let mut app = Router::new().nest("/api/v1", api);
    if let Some(folder) = portal {
        // Every other path is the portal's own; it reads the address itself.
        let page = ServeFile::new(folder.join("index.html"));
        app = app.fallback_service(ServeDir::new(folder).fallback(page));
    }
    // The live stream is not compressed: a compressor would hold events back. Nor are blobs: their parts and digests are of what is stored.
    let app = app
        .layer(CompressionLayer::new())
        .merge(releases)
        .layer(axum::middleware::from_fn_with_state(address, guard::origin))
        .layer(axum::middleware::from_fn(guard::headers));
    Ok(listening.serve(app, certificate))
}
