//! The router, the listener, and the OpenAPI document.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::any;
use dongting_engine::Host;
use tokio::net::TcpListener;
use tower_http::compression::CompressionLayer;
use tower_http::services::{ServeDir, ServeFile};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::router::UtoipaMethodRouterExt;
use utoipa_axum::routes;

use crate::error::ApiError;
use crate::guard;
use crate::route::{
    dead_letters, health, messages, plugins, push, regions, reload, replays, schemas, services, stream, views,
};

#[derive(OpenApi)]
#[openapi(info(
    title = "Dongting",
    description = "The API of one Dongting host. The portal uses nothing else."
))]
struct Document;

/// A listening API. Ends when `stop` is told to.
pub struct Served {
    pub address: SocketAddr,
    task: tokio::task::JoinHandle<std::io::Result<()>>,
    stop: tokio::sync::watch::Sender<bool>,
}

#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("the address {address} is in use: stop what listens there, or choose another with --listen")]
    InUse { address: SocketAddr },
    #[error("the host cannot listen on {address}")]
    Listen {
        address: SocketAddr,
        #[source]
        source: std::io::Error,
    },
}

fn router() -> OpenApiRouter<Arc<Host>> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(health::health))
        .routes(routes!(regions::regions))
        .routes(routes!(regions::boundaries))
        .routes(routes!(plugins::plugins))
        .routes(routes!(views::views))
        .routes(routes!(views::render))
        .routes(routes!(views::act))
        .routes(routes!(messages::messages))
        .routes(routes!(messages::lineage))
        .routes(routes!(dead_letters::list))
        .routes(routes!(dead_letters::show, dead_letters::discard))
        .routes(routes!(dead_letters::redrive))
        .routes(routes!(reload::reload))
        .routes(routes!(replays::replay).layer(DefaultBodyLimit::max(replays::MAX_COMPONENT_BYTES)))
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

/// Listens and returns at once. `portal` is the folder with the built portal.
pub async fn serve(
    host: Arc<Host>,
    address: SocketAddr,
    portal: Option<PathBuf>,
) -> Result<Served, ServeError> {
    let listener = TcpListener::bind(address).await.map_err(|source| match source.kind() {
        std::io::ErrorKind::AddrInUse => ServeError::InUse { address },
        _ => ServeError::Listen { address, source },
    })?;
    let address = listener.local_addr().map_err(|source| ServeError::Listen { address, source })?;
    let (api, _) = router().split_for_parts();
    let api = api
        .route("/services/{installation}/{*path}", any(services::ask))
        .fallback(|| async { ApiError::not_found("there is nothing under this address") })
        .layer(DefaultBodyLimit::max(push::MAX_DOCUMENT_BYTES))
        .with_state(host);
    let mut app = Router::new().nest("/api/v1", api);
    if let Some(folder) = portal {
        // Every other path is the portal's own; it reads the address itself.
        let page = ServeFile::new(folder.join("index.html"));
        app = app.fallback_service(ServeDir::new(folder).fallback(page));
    }
    // The live stream is not compressed: a compressor would hold events back.
    let app = app
        .layer(CompressionLayer::new())
        .layer(axum::middleware::from_fn_with_state(address, guard::origin))
        .layer(axum::middleware::from_fn(guard::headers));
    let (stop, mut stopped) = tokio::sync::watch::channel(false);
    let task = tokio::spawn(async move {
        axum::serve(listener, app)
            .with_graceful_shutdown(async move {
                let _ = stopped.wait_for(|stop| *stop).await;
            })
            .await
    });
    Ok(Served { address, task, stop })
}

impl Served {
    /// Takes no more requests; open streams are cut after a moment.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        if tokio::time::timeout(std::time::Duration::from_secs(2), &mut self.task).await.is_err() {
            self.task.abort();
            let _ = self.task.await;
        }
    }
}
