//! Says again what it was told. `cargo xtask bench` measures calls with it: the work in them is one JSON document a message,
//! and the native side does the same work with the same functions.

// A native cdylib cannot be linked with the exports' names, which have colons; tests compile the glue all the same.
#[cfg(any(target_family = "wasm", test))]
#[allow(unsafe_code, reason = "the exports that the macro generates")]
mod plugin;

pub use dongting_sdk::message::{Draft, Kind, Message};
pub use dongting_sdk::transform::{Applied, Rejected};

/// One draft for each message whose body is JSON; the others are rejected.
#[must_use]
pub fn apply(batch: &[Message]) -> Applied {
    let mut applied = Applied { drafts: Vec::with_capacity(batch.len()), rejected: Vec::new() };
    for (input, message) in (0..).zip(batch) {
        match echo(input, message) {
            Ok(draft) => applied.drafts.push(draft),
            Err(reason) => applied.rejected.push(Rejected { input, reason }),
        }
    }
    applied
}

/// The message's body as an assessment of the same thing.
pub fn echo(input: u32, message: &Message) -> Result<Draft, String> {
    message.json::<serde_json::Value>()?;
    Ok(Draft {
        type_: "em.test.assessment.v1".to_owned(),
        domain: "test".to_owned(),
        kind: Kind::Assessment,
        detail: None,
        region: message.region.clone(),
        time: message.time,
        key: message.key.clone(),
        revision: None,
        partition: None,
        from: vec![input],
        content_type: None,
        extensions: Vec::new(),
        body: message.body.clone(),
    })
}
