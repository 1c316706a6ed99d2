//! What lets a host have thousands of installations: it has each component once, and none of them is busy waiting.

use dongting_manifest::{Kind, Message, Timestamp};
use dongting_tests::documents;
use dongting_tests::host::{Host, dongting, eventually};
use dongting_tests::process::cpu_time;
use dongting_tests::restamp::stamped;

const MANY: usize = 60;

/// Many installations of one plugin in a region, with one to push to.
fn configuration(region: &str, many: usize) -> String {
    let installation = |at: usize| {
        format!("id = \"echo-{at}\"\nregion = \"{region}\"\n")
    };
    let mut text = documents::configuration("guests/echo.wasm", &installation(0)).unwrap();
    let component = dongting_tests::host::plugin("guests/echo.wasm").unwrap();
    for at in 1..many {
        text.push_str(&format!(
            r#"
            [[installation]]
            component = {component:?}
            grants.subscribe = [{{ domain = "test", kind = "observation" }}]
            grants.publish = [{{ domain = "test", kind = "assessment" }}]
            {}
            "#,
            installation(at)
        ));
    }
    text
}

fn log(host: &Host) -> String {
    std::fs::read_to_string(host.folder.path().join("log")).unwrap()
}
