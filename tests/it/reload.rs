//! What `dongting reload` takes up, and what it says of the rest.

use dongting_tests::host::{Host, boundaries, dongting, plugin};

#[test]
fn attachments_are_looked_into_and_what_waits_for_a_restart_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let counties = folder.path().join("counties.topojson");
    std::fs::copy(boundaries().unwrap(), &counties).unwrap();
    let model = plugin("earthquake-impact.wasm").unwrap();
    let configuration = format!(
        r#"
        [[installation]]
        id = "impact"
        component = {model:?}
        region = "430000"
        attachments = {{ counties = {counties:?} }}
        [installation.grants]
        capabilities = ["log", "config", "state"]
        subscribe = [{{ domain = "earthquake", kind = "observation" }}]
        publish = [{{ domain = "earthquake", kind = "assessment" }}, {{ domain = "earthquake", kind = "warning" }}]
        "#
    );
    let host = Host::start(&configuration).unwrap();
    let reload = || {
        let ran = dongting(&["reload", "--url", &host.url]).unwrap();
        assert!(ran.status.success(), "{ran:?}");
        (String::from_utf8(ran.stdout).unwrap(), String::from_utf8(ran.stderr).unwrap())
    };
    assert_eq!(reload(), ("impact\tunchanged\n".to_owned(), String::new()));
    let mut other = std::fs::read(&counties).unwrap();
    other.push(b'\n');
    std::fs::write(&counties, other).unwrap();
    let (said, restart) = reload();
    assert!(said.starts_with("impact\tchanged\t"), "{said}");
    assert_eq!(restart, "");
    host.configure(&format!("history_days = 3\n{configuration}\n[lanes.bulk]\nmax_gib = 2\n")).unwrap();
    let (said, restart) = reload();
    assert_eq!(said, "impact\tunchanged\n");
    assert!(
        restart.contains("history_days, lanes, which the host does when it is started again"),
        "{restart}"
    );
}
