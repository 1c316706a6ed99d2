use super::*;

const MANIFEST: &str = r#"
    name = "gauge"
    version = "1.0.0"
    vendor = "v"
    title = { zh = "水", en = "Water" }
    description = { zh = "水", en = "Water" }
    roles = ["source"]
    publish = [{ domain = "water", kind = "observation" }]
    subscribe = [{ domain = "water", kind = "forecast", detail = "rain" }]
    attachments = { stations = { zh = "站", en = "Stations" } }
    [capabilities]
    http = { zh = "取", en = "fetch" }
    [settings.url]
    type = "string"
    required = true
    title = { zh = "址", en = "URL" }
"#;

const INSTALLATION: &str = r#"
    id = "gauge-43"
    component = "gauge.wasm"
    region = "430000"
    [settings]
    url = "http://example.invalid/"
    [grants]
    capabilities = ["http", "log"]
    publish = [{ domain = "water", kind = "observation" }]
    subscribe = [{ domain = "water", kind = "forecast" }]
"#;

fn check(from: &str, to: &str) -> Result<(), InstallationError> {
    assert!(from.is_empty() || INSTALLATION.contains(from), "{from}");
    let installation: Installation = toml::from_str(&INSTALLATION.replacen(from, to, 1)).unwrap();
    installation.check(&Manifest::parse(MANIFEST).unwrap())
}

#[test]
fn what_runs_is_named_once() {
    let named = |line: &str| {
        let text = INSTALLATION.replacen("component = \"gauge.wasm\"", line, 1);
        toml::from_str::<Installation>(&text).unwrap()
    };
    let release = named("release = \"hydro/gauge:1.2.0\"\nallow_downgrade = \"1.2.0\"");
    assert_eq!(release.code().unwrap(), Code::Release("hydro/gauge:1.2.0".to_owned()));
    assert_eq!(release.candidate().unwrap(), None);
    assert_eq!(release.allow_downgrade, Some(Version { major: 1, minor: 2, patch: 0 }));
    for bad in ["", "component = \"a.wasm\"\nrelease = \"hydro/gauge:1.2.0\""] {
        assert!(named(bad).code().unwrap_err().to_string().contains("name what it runs"), "{bad}");
    }
    let twice = named("component = \"a.wasm\"\nshadow = \"b.wasm\"\nshadow_release = \"hydro/gauge:1.2.0\"");
    assert!(twice.candidate().unwrap_err().to_string().contains("candidate once"));
    assert!(
        toml::from_str::<Installation>(&INSTALLATION.replace("region", "allow_downgrade = \"1.2\"\nregion"))
            .is_err()
    );
}

#[test]
fn what_is_asked_must_be_granted() {
    check("", "").unwrap();
    let said = |from, to| check(from, to).unwrap_err().to_string();
    assert!(said("\"http\", ", "").contains("`http`, which is not granted"));
    assert!(
        said("publish = [{ domain = \"water\", kind = \"observation\" }]", "")
            .contains("publish `water observation`")
    );
    assert!(
        said("kind = \"forecast\"", "kind = \"forecast\", detail = \"snow\"")
            .contains("subscribe `water forecast rain`")
    );
    assert!(said("url = \"http://example.invalid/\"", "").contains("needs the setting `url`"));
    assert!(said("\"http://example.invalid/\"", "7").contains("must be of type String"));
    assert!(said("[settings]", "[settings]\nurll = 1").contains("knows no setting `urll`"));
    assert!(said("[settings]", "[attachments]\nx = \"y\"\n[settings]").contains("no attachment `x`"));
    assert!(said("id = \"gauge-43\"", "id = \"Gauge\"").contains("no installation id"));
    let never = said("kind = \"observation\" }", "kind = \"observation\", per_second = 0 }");
    assert!(never.contains("`water observation` must be at least 1"), "{never}");
    assert!(said("region", "every_seconds = 0\nregion").contains("every_seconds"));
    assert!(said("region", "weight = 0\nregion").contains("weight must lie between 1 and 100"));
}

#[test]
fn a_session_listens_where_it_was_granted() {
    let manifest = MANIFEST.replace("[\"source\"]", "[\"session\"]").replace("http =", "log =");
    let manifest = Manifest::parse(&manifest).unwrap();
    let check = |more: &str| {
        let text = INSTALLATION.replace("[\"http\", \"log\"]", &format!("[\"log\"]\n{more}"));
        toml::from_str::<Installation>(&text).unwrap().check(&manifest)
    };
    assert!(check("").unwrap_err().to_string().contains("add grants.listen"));
    check("listen = \"[::1]:0\"").unwrap();
    check("listen = \"[::]:0\"\nlisten_from = [\"10.43.0.0/16\", \"fd00::/8\"]").unwrap();
    for network in ["10.43.0.0", "10.43.0.0/33", "gauges"] {
        let text =
            INSTALLATION.replace("capabilities", &format!("listen_from = [{network:?}]\ncapabilities"));
        let said = toml::from_str::<Installation>(&text).unwrap_err().to_string();
        assert!(said.contains("listen_from") && said.contains("invalid IP address syntax"), "{said}");
    }
    let nowhere = INSTALLATION.replace("capabilities", "listen = \"somewhere\"\ncapabilities");
    assert!(toml::from_str::<Installation>(&nowhere).is_err());
    let installation = |limits: &str| {
        let text = INSTALLATION.replace("[\"http\", \"log\"]", "[\"log\"]\nlisten = \"127.0.0.1:0\"");
        toml::from_str::<Installation>(&format!("{text}\n[limits]\n{limits}")).unwrap().check(&manifest)
    };
    installation("connections = 1024").unwrap();
    let said = installation("connections = 1025").unwrap_err().to_string();
    assert!(said.contains("limits.connections must lie between 1 and 1024"), "{said}");
    assert!(installation("idle_seconds = 0").unwrap_err().to_string().contains("limits.idle_seconds"));
}
