//! From a message back to the bytes that came from outside, by the API and by `dongting lineage`.

use dongting_guests_device::frame::Frame;
use dongting_manifest::message::hash;
use dongting_store::{CallPlace, Store};
use dongting_tests::database::DatabaseKind;
use dongting_tests::device::{Answer, Device, address};
use dongting_tests::documents;
use dongting_tests::host::{Host, boundaries, dongting, eventually, plugin};
use dongting_tests::hosts_on_both;
use dongting_tests::nats;
use dongting_tests::seismic_network::{Options, Revision, SeismicNetwork, Status};
use serde_json::Value;

hosts_on_both! {
    async fn {
        a_document_comes_back_byte_for_byte
    }
}

const ECHO: &str = r#"
    id = "echo"
    region = "430000"
"#;
/// Documents delivered before it.
const OTHERS: usize = 20;
const DOCUMENT: &[u8] = b"\"a document, \xe6\xb4\x9e\xe5\xba\xad\"";

/// What the first cause of a message, or the message itself, was made of, once that is written down.
fn raw_of(host: &Host, id: &str) -> Value {
    let mut raw = Value::Null;
    eventually("what it was made of", || {
        let lineage = host.get(&format!("messages/{id}"))?.body;
        let first =
            lineage["causes"].as_array().and_then(|causes| causes.last()).unwrap_or(&lineage["message"]);
        assert_eq!(first["first"], true, "{lineage}");
        raw = first["raw"].clone();
        Ok(raw.is_object())
    })
    .unwrap();
    raw
}

/// The newest message of a kind, once there is one.
fn message(host: &Host, kind: &str) -> Value {
    let mut found = Value::Null;
    eventually(kind, || {
        found = host.messages(kind)?.first().cloned().unwrap_or_default();
        Ok(found.is_object())
    })
    .unwrap();
    found
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// The bytes, as the API has them and as the command writes them.
fn bytes(host: &Host, piece: &Value) -> Vec<u8> {
    assert_eq!(piece["kept"], true, "{piece}");
    let digest = text(&piece["digest"]);
    let mut answer = ureq::get(format!("{}api/v1/raw/{digest}", host.url)).call().unwrap();
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "application/octet-stream");
    assert_eq!(header("content-disposition"), format!("attachment; filename=\"{digest}.bin\""));
    assert_eq!(header("x-content-type-options"), "nosniff");
    let bytes = answer.body_mut().read_to_vec().unwrap();
    assert_eq!(piece["bytes"], bytes.len());
    let written = dongting(&["lineage", "--url", &host.url, "--raw", digest]).unwrap();
    assert_eq!((written.status.success(), &written.stdout), (true, &bytes));
    bytes
}

async fn a_document_comes_back_byte_for_byte(database: DatabaseKind) {
    let host =
        Host::start_on(database, &documents::configuration("guests/echo.wasm", ECHO).unwrap()).unwrap();
    let assessment = of_a_document(&host);
    // The same again is the same message, and was made of what came first.
    let before = raw_of(&host, &assessment);
    assert_eq!(documents::push(&host, DOCUMENT).unwrap().status, 200);
    assert_eq!(raw_of(&host, &assessment), before);

    // What is forgotten is said to be.
    let store = Store::open(&host.database().unwrap()).await.unwrap();
    let [early, late] = ["2020-01-01T00:00:00Z", "2100-01-01T00:00:00Z"].map(|at| at.parse().unwrap());
    let written = async || {
        let calls = store.calls("documents", (early, late), CallPlace::default(), 100).await.ok()?;
        (calls.len() == OTHERS + 2).then_some(())
    };
    nats::eventually("each document written down", written).await.unwrap();
    store.forget_bodies(late, 0).await.unwrap();
    let raw = raw_of(&host, &assessment);
    let digest = text(&raw["pieces"][0]["digest"]);
    assert_eq!((&raw["pieces"][0]["kept"], &raw["pieces"][0]["bytes"]), (&false.into(), &Value::Null));
    assert_eq!(host.get(&format!("raw/{digest}")).unwrap().status, 404);
    let written = dongting(&["lineage", "--url", &host.url, "--raw", digest]).unwrap();
    assert!(!written.status.success() && written.stdout.is_empty());
    assert!(String::from_utf8_lossy(&written.stderr).contains("keeps no bytes"));
    store.forget_calls(late).await.unwrap();
    let lineage = host.get(&format!("messages/{assessment}")).unwrap().body;
    let first = &lineage["causes"][0];
    assert_eq!((&first["first"], &first["raw"]), (&true.into(), &Value::Null), "{lineage}");
    let told = dongting(&["lineage", "--url", &host.url, &assessment]).unwrap();
    let told = String::from_utf8(told.stdout).unwrap();
    assert!(told.starts_with("raw\t") && told.lines().next().unwrap().ends_with("\tnot kept"), "{told}");
    for wrong in ["..", "a%22b", "%0d%0aa"] {
        assert_eq!(host.get(&format!("raw/{wrong}")).unwrap().status, 404, "{wrong}");
    }
}

/// The assessment of what was made of it.
fn of_a_document(host: &Host) -> String {
    // Among others.
    for other in 0..OTHERS {
        assert_eq!(documents::push(host, format!("\"{other}\"").as_bytes()).unwrap().status, 200);
    }
    let pushed = documents::push(host, DOCUMENT).unwrap();
    assert_eq!(pushed.status, 200, "{}", pushed.body);
    let observation = text(&pushed.body["messages"][0]);
    let mut assessment = String::new();
    eventually("its assessment", || {
        let effects = host.get(&format!("messages/{observation}"))?.body["effects"].take();
        assessment = effects[0]["id"].as_str().unwrap_or_default().to_owned();
        Ok(!assessment.is_empty())
    })
    .unwrap();
    let raw = raw_of(host, &assessment);
    assert_eq!((&raw["what"], &raw["transport"]), (&"document".into(), &"http".into()), "{raw}");
    assert!(text(&raw["plugin"]).starts_with("document@"), "{raw}");
    assert_eq!(raw["pieces"].as_array().unwrap().len(), 1, "{raw}");
    assert_eq!(bytes(host, &raw["pieces"][0]), DOCUMENT);
    // What was made of a message has none of its own, and is told apart from what is lost.
    let lineage = host.get(&format!("messages/{assessment}")).unwrap().body;
    assert_eq!(
        (&lineage["message"]["first"], &lineage["message"]["raw"]),
        (&false.into(), &Value::Null),
        "{lineage}"
    );
    let told = dongting(&["lineage", "--url", &host.url, &assessment]).unwrap();
    let told = String::from_utf8(told.stdout).unwrap();
    let lines: Vec<Vec<&str>> = told.lines().map(|line| line.split('\t').collect()).collect();
    let [raw_line, cause, own] = lines.as_slice() else { panic!("{told}") };
    let length = DOCUMENT.len().to_string();
    assert_eq!((raw_line[0], cause[0], own[0]), ("raw", "cause", "message"), "{told}");
    assert_eq!(
        raw_line[1..],
        [
            text(&raw["received"]),
            observation,
            "document",
            text(&raw["plugin"]),
            "document",
            text(&raw["pieces"][0]["digest"]),
            &length,
            "kept"
        ],
        "{told}"
    );
    assessment
}

#[test]
fn what_a_lineage_leaves_out_is_told() {
    let model = "id = \"model\"\nregion = \"430000\"";
    let host = Host::start(&documents::configuration("guests/output-flood.wasm", model).unwrap()).unwrap();
    for (drafts, cut) in [(200, false), (201, true)] {
        let document = format!(r#"{{"drafts":{drafts},"bytes":1,"rejects":0}}"#);
        let pushed = documents::push(&host, document.as_bytes()).unwrap();
        let observation = text(&pushed.body["messages"][0]);
        let mut lineage = Value::Null;
        eventually("its assessments", || {
            lineage = host.get(&format!("messages/{observation}"))?.body;
            Ok(lineage["effects"].as_array().is_some_and(|effects| effects.len() == 200)
                && lineage["effectsTruncated"] == cut)
        })
        .unwrap();
        assert_eq!(lineage["causesTruncated"], false);
        let told = dongting(&["lineage", "--url", &host.url, observation]).unwrap();
        let told = String::from_utf8(told.stdout).unwrap();
        assert_eq!(told.lines().filter(|line| line.starts_with("effect\t")).count(), 200);
        let last = told.lines().last().unwrap();
        assert_eq!(last.starts_with("cut\teffects\t"), cut, "{last}");
        assert!(!told.contains("cut\tcauses\t"), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_source_was_answered_comes_back() {
    let network = SeismicNetwork::start(Options::manual()).await.unwrap();
    let (adapter, boundaries) = (plugin("earthquake.wasm").unwrap(), boundaries().unwrap());
    let (url, port) = (network.fdsn_url(), network.address().port());
    let host = Host::start(&format!(
        r#"
        [[installation]]
        id = "catalogue"
        component = {adapter:?}
        region = "430000"
        system = "network"
        every_seconds = 0.2
        attachments = {{ counties = {boundaries:?} }}
        settings = {{ format = "fdsn-xml", url = "{url}" }}
        [installation.grants]
        capabilities = ["log", "config", "http"]
        publish = [{{ domain = "earthquake", kind = "observation", outside = true, per_second = 1000 }}]
        http = [{{ host = "127.0.0.1", port = {port}, networks = ["127.0.0.0/8"] }}]
        "#
    ))
    .unwrap();
    let now = jiff::Timestamp::now();
    network.publish(Revision {
        event: "e1".into(),
        status: Status::Reviewed,
        origin_time: now - jiff::SignedDuration::from_secs(60),
        updated: now,
        latitude: 29.2,
        longitude: 111.7,
        depth_km: Some(10.0),
        magnitude: Some(6.4),
        magnitude_type: Some("Ms".into()),
        place: "湖南常德".into(),
    });
    let observation = message(&host, "observation");
    let raw = raw_of(&host, text(&observation["id"]));
    assert_eq!(raw["what"], "poll", "{raw}");
    assert!(text(&raw["plugin"]).starts_with("earthquake@"), "{raw}");
    let answered = raw["pieces"].as_array().unwrap();
    let piece =
        answered.iter().find(|piece| text(&piece["what"]).starts_with(&format!("GET {url}"))).unwrap();
    assert!(text(&piece["what"]).ends_with(" → 200"), "{raw}");
    let document = String::from_utf8(bytes(&host, piece)).unwrap();
    assert!(document.contains("<magnitude") && document.contains("e1"), "{document}");
}

#[test]
fn what_a_device_sent_comes_back() {
    let configuration = crate::session::configuration(&crate::session::component(), "");
    let host = Host::start(&configuration).unwrap();
    let mut device = Device::named(&address(&host, "devices").unwrap(), "a").unwrap();
    for number in 1..=3 {
        assert_eq!(device.tell(number, &format!("reading {number}")).unwrap(), Answer::Has(number));
    }
    let id = |host: &Host, key: &str| {
        let mut id = String::new();
        eventually(key, || {
            let all = host.messages("observation")?;
            let one = all.iter().find(|one| one["key"] == key);
            id = one.and_then(|one| one["id"].as_str()).unwrap_or_default().to_owned();
            Ok(!id.is_empty())
        })
        .unwrap();
        id
    };
    let raw = raw_of(&host, &id(&host, "a/2"));
    assert_eq!(raw["what"], "connection", "{raw}");
    assert_eq!(raw["peer"], device.stream.local_addr().unwrap().to_string(), "{raw}");
    let piece = raw["pieces"].as_array().unwrap().last().unwrap();
    let sent = bytes(&host, piece);
    let [from, to] = ["from", "to"].map(|name| piece[name].as_u64().unwrap() as usize);
    assert_eq!(sent[from..to], Frame::new(2, "reading 2").written(), "{raw}");

    // A frame of which half was written down before the rest came.
    let frame = Frame::new(4, "reading 4").written();
    device.send(&frame[..7]).unwrap();
    let half = hash([&frame[..7]]);
    eventually("the half", || Ok(host.get(&format!("raw/{half}"))?.status == 200)).unwrap();
    device.send(&frame[7..]).unwrap();
    assert_eq!(device.answer().unwrap(), Answer::Has(4));
    let raw = raw_of(&host, &id(&host, "a/4"));
    let pieces = raw["pieces"].as_array().unwrap();
    let [before, piece] = pieces.as_slice() else { panic!("{raw}") };
    assert_eq!(before["what"], "connection, before", "{raw}");
    assert!(bytes(&host, before).ends_with(&frame[..7]), "{raw}");
    assert_eq!(bytes(&host, piece), frame[7..], "{raw}");
}
