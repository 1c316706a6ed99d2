//! The registry as its users meet it: the real binary, asked by real clients and by such as mean it harm.

mod access;
mod catalogue;
mod clients;
mod component;
mod crash;
mod mounted;
mod protocol;
mod quota;
mod referrers;
mod sweep;
mod tls;
mod upload;
mod version;

use dongting_tests::registry::{Client, Registry};

/// A registry, and the vendor `hydro` with a token that may do all in its namespace.
fn hydro() -> (Registry, Client) {
    with("")
}

fn with(settings: &str) -> (Registry, Client) {
    let registry = Registry::start_with(settings).unwrap();
    let secret = registry.token("hydro", "pull,push,delete").unwrap();
    let client = registry.client(Some(format!("Bearer {secret}")));
    (registry, client)
}
