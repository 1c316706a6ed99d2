use super::*;

const BEFORE: &str = r#"
    name = "gauge"
    version = "1.0.0"
    vendor = "acme"
    title = { zh = "一", en = "a" }
    description = { zh = "一", en = "a" }
    roles = ["decoder"]
    publish = [{ domain = "water", kind = "observation" }]
    [capabilities]
    log = { zh = "一", en = "a" }
    [settings.url]
    type = "string"
    title = { zh = "一", en = "a" }
    [records.stations]
    indexes = ["/level"]
"#;

fn told(before: &str, after: &str, imports: [&[&str]; 2]) -> Vec<String> {
    let manifests = [before, after].map(|text| Manifest::parse(text).unwrap());
    let imports = imports.map(|names| names.iter().map(ToString::to_string).collect());
    let side = |at: usize| Side { manifest: &manifests[at], imports: &imports[at] };
    differences(side(0), side(1)).iter().map(ToString::to_string).collect()
}

#[test]
fn another_version_and_other_words_are_no_difference() {
    let after = BEFORE.replace("1.0.0", "1.1.0").replace("en = \"a\"", "en = \"b\"");
    assert_eq!(told(BEFORE, &after, [&["x"], &["x"]]), Vec::<String>::new());
}

#[test]
fn whatever_is_asked_for_is_told() {
    let after = BEFORE
        .replace("[\"decoder\"]", "[\"transform\"]\nordering = \"partition\"\nsubscribe = [{ domain = \"water\", kind = \"status\" }]")
        .replace("kind = \"observation\"", "kind = \"warning\", detail = \"flood\"")
        .replace("log =", "http =")
        .replace("type = \"string\"", "type = \"string\"\nrequired = true")
        .replace("/level", "/place");
    assert_eq!(
        told(BEFORE, &after, [&["dongting:log/log@0.1.0"], &[]]),
        [
            "+ role transform",
            "- role decoder",
            "- import dongting:log/log@0.1.0",
            "+ capability http",
            "- capability log",
            "+ publish water warning flood",
            "- publish water observation",
            "+ subscribe water status",
            "~ setting url: string → string, required",
            "~ records stations: /level → /place",
            "~ ordering none → partition",
        ]
    );
}
