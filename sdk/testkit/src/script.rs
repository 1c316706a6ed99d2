//! What other systems answer.

use serde_json::{Map, Value, json};

/// Rules, tried in their order; the first whose method and URL fit answers.
#[derive(Debug, Clone, Default)]
pub struct Script {
    rules: Vec<Value>,
}

/// One answer.
#[derive(Debug, Clone)]
pub struct Answer(Value);

impl Script {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Requests of a method whose whole URL fits, where `*` stands for any run of characters. The answers are given in turn, the last one
    /// again and again.
    #[must_use]
    pub fn on(mut self, method: &str, url: &str, answers: impl IntoIterator<Item = Answer>) -> Self {
        let answers: Vec<Value> = answers.into_iter().map(|answer| answer.0).collect();
        self.rules.push(json!({ "method": method, "url": url, "answers": answers }));
        self
    }

    #[must_use]
    pub fn get(self, url: &str, answers: impl IntoIterator<Item = Answer>) -> Self {
        self.on("GET", url, answers)
    }

    #[must_use]
    pub fn post(self, url: &str, answers: impl IntoIterator<Item = Answer>) -> Self {
        self.on("POST", url, answers)
    }

    pub(crate) fn rules(&self) -> Value {
        self.rules.clone().into()
    }
}

impl Answer {
    #[must_use]
    pub fn new(status: u16, content_type: &str, body: impl AsRef<[u8]>) -> Self {
        let headers: Map<String, Value> =
            [("content-type".to_owned(), Value::from(content_type))].into_iter().collect();
        Self(json!({ "status": status, "headers": headers, "bodyHex": hex::encode(body) }))
    }

    /// 200 with JSON.
    #[must_use]
    pub fn json(body: &Value) -> Self {
        Self::new(200, "application/json", body.to_string())
    }

    /// A status and nothing else.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self(json!({ "status": status }))
    }

    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Some(fields) = self.0.as_object_mut() {
            let headers = fields.entry("headers").or_insert_with(|| json!({}));
            if let Some(headers) = headers.as_object_mut() {
                headers.insert(name.to_lowercase(), value.into());
            }
        }
        self
    }

    /// Nobody listens there.
    #[must_use]
    pub fn unreachable() -> Self {
        Self(json!({ "fault": "unreachable" }))
    }

    /// The request goes out and no answer comes.
    #[must_use]
    pub fn timeout() -> Self {
        Self(json!({ "fault": "timeout" }))
    }
}
