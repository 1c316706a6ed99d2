//! Where a session's devices connect, and how many are connected.

use dongting_engine::host::Enabled;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Listening {
    /// As the operator granted it; port 0 is any that is free.
    pub granted: String,
    /// Where this host listens; none where another host does, or where it cannot.
    #[schema(required)]
    pub address: Option<String>,
    /// Open connections, by the release that serves them.
    pub open: Vec<OpenConnections>,
    /// The most that may be open.
    pub most: u32,
    /// Since the installation was enabled on this host.
    pub opened: u64,
    /// Those beyond what may be open.
    pub refused: u64,
    /// How often one was handed over to another release.
    pub moved: u64,
    /// A device that sends nothing for so long loses its connection.
    pub idle_seconds: u32,
    /// How long those may finish that cannot be handed over.
    pub drain_seconds: u32,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct OpenConnections {
    /// `name@version#digest`.
    pub plugin: String,
    pub count: usize,
}

impl Listening {
    /// None for a plugin that is no session.
    pub fn of(enabled: &Enabled) -> Option<Self> {
        let installed = enabled.installed.as_ref().filter(|installed| installed.is_session())?;
        let (granted, limits) = (installed.installation.grants.listen?, installed.installation.limits);
        let shown = installed.connections.shown();
        let open = shown.open.into_iter().map(|(plugin, count)| OpenConnections { plugin, count });
        Some(Self {
            granted: granted.to_string(),
            address: shown.address.map(|address| address.to_string()),
            open: open.collect(),
            most: limits.connections,
            opened: shown.opened,
            refused: shown.refused,
            moved: shown.moved,
            idle_seconds: limits.idle_seconds,
            drain_seconds: limits.drain_seconds,
        })
    }
}
