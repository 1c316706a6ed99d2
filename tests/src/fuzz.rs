//! What fuzzing asks of everything that reads what strangers write. The targets in `tests/fuzz` call these and do nothing else, so that
//! all of it is compiled and run with the other tests.

mod cloudevents;
mod component;
mod documents;
mod lines;
mod payloads;
mod registry;
mod subject;
mod topojson;
mod trust;

pub use cloudevents::cloudevents;
pub use component::component;
pub use documents::documents;
pub use lines::lines;
pub use payloads::payloads;
pub use registry::registry;
pub use subject::subject;
pub use topojson::topojson;
pub use trust::trust;

/// A target's name, which is that of its file, and what it does with any bytes: nothing, or a panic where something is wrong.
pub type Target = (&'static str, fn(&[u8]));

pub const TARGETS: [Target; 9] = [
    ("cloudevents", cloudevents),
    ("component", component),
    ("documents", documents),
    ("lines", lines),
    ("payloads", payloads),
    ("registry", registry),
    ("subject", subject),
    ("topojson", topojson),
    ("trust", trust),
];

/// The first line, and what stands behind its end.
fn line(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let (line, rest) = bytes.split_at(end);
    (line, rest.get(1..).unwrap_or_default())
}
