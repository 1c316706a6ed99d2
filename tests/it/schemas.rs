//! The data standard, as the API publishes it, and messages of our plugins by it.

use dongting_tests::host::Host;
use serde_json::Value;

#[test]
fn the_api_publishes_the_schemas() {
    let host = Host::start("").unwrap();
    let listed = host.get("schemas").unwrap();
    assert_eq!(listed.status, 200);
    let schemas = listed.body["schemas"].as_array().unwrap();
    assert_eq!(schemas.len(), dongting_events::schema::ALL.len());
    for schema in schemas {
        let href = schema["href"].as_str().unwrap().strip_prefix("/api/v1/").unwrap();
        let answer = host.get(href).unwrap();
        assert_eq!(answer.status, 200, "{href}");
        assert_eq!(answer.body["$schema"], "https://json-schema.org/draft/2020-12/schema", "{href}");
    }
    let title =
        |r#type: &str| -> Value { host.get(&format!("schemas/{type}")).unwrap().body["title"].clone() };
    assert_eq!(title("em.earthquake.observation.v1"), "Earthquake");
    assert_eq!(title("em.water.observation.v1"), "Observations");
    let none = host.get("schemas/em.water.observation.v9").unwrap();
    assert_eq!(none.status, 404);
    assert!(none.body.to_string().contains("GET /api/v1/schemas"), "{}", none.body);
}
