//! What the host offers to guests, one file a capability, and which imports each of them stands for.

pub mod config;
pub mod history;
pub mod http;
pub mod keys;
pub mod log;
pub mod records;
pub mod state;
pub mod timers;

use dongting_manifest::plugin::Capability;

/// The capability that an imported interface belongs to.
pub fn of_import(interface: &str) -> Import {
    let (name, version) = interface.split_once('@').unwrap_or((interface, ""));
    let ours = version == "0.1.0";
    match name {
        "dongting:message/types" | "dongting:session/types" if ours => Import::Free,
        "dongting:log/log" if ours => Import::Asked(Capability::Log),
        "dongting:config/config" if ours => Import::Asked(Capability::Config),
        "dongting:state/state" if ours => Import::Asked(Capability::State),
        "dongting:keys/keys" if ours => Import::Asked(Capability::State),
        "dongting:history/history" if ours => Import::Asked(Capability::History),
        "dongting:timers/timers" if ours => Import::Asked(Capability::Timers),
        "dongting:records/records" if ours => Import::Asked(Capability::Records),
        "wasi:http/outgoing-handler" if is_wasi_02(version) => Import::Asked(Capability::Http),
        // A language's library may import the types of HTTP without using them; they reach nothing.
        "wasi:http/types" if is_wasi_02(version) => Import::Free,
        _ if is_wasi_02(version) && FREE.contains(&name) => Import::Free,
        _ if name.starts_with("dongting:") => Import::Unknown { ours: true },
        _ => Import::Unknown { ours: false },
    }
}

pub enum Import {
    /// Every component may have it: it reaches nothing outside the call.
    Free,
    Asked(Capability),
    /// `ours`: a package of the contract in a version that this host does not speak.
    Unknown {
        ours: bool,
    },
}

fn is_wasi_02(version: &str) -> bool {
    version == "0.2" || version.starts_with("0.2.")
}

/// WASI with nothing in it: a standing clock, randomness from the call's seed, output to the log, no files, no
/// arguments.
const FREE: [&str; 20] = [
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:clocks/wall-clock",
    "wasi:clocks/monotonic-clock",
    "wasi:random/random",
    "wasi:random/insecure",
    "wasi:random/insecure-seed",
    "wasi:cli/environment",
    "wasi:cli/exit",
    "wasi:cli/stdin",
    "wasi:cli/stdout",
    "wasi:cli/stderr",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
    "wasi:cli/terminal-stderr",
    "wasi:filesystem/types",
    "wasi:filesystem/preopens",
];
