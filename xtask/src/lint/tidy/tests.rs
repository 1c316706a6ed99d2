use super::*;

/// What is found in a file of that name and text.
fn found(path: &str, text: &str) -> String {
    check(path, text).join("\n")
}

#[test]
fn clean_files_have_no_findings() {
    let cases = [
        ("host/bus/src/lane.rs", "pub struct Lane;\n// todo!() and #[ignore] in a comment\n"),
        (
            "host/bus/src/lane.rs",
            "const RULE: &str = \"#[ignore] todo!()\";\nfn f<'a>(x: &'a str, y: char) -> bool { y == '\"' }\n",
        ),
        ("host/bus/src/lane.rs", "#[allow(dead_code, reason = \"read by the test\")]\nstruct Database;\n"),
        ("portal/src/panel.tsx", "interface Panel { base: string; type: 'map' }\n"),
        ("docs/notes.md", "A manager is a person.\n"),
        ("host/bus/src/service.rs", "/// The role.\npub struct Service;\n"),
    ];
    for (path, text) in cases {
        assert_eq!(found(path, text), "", "{path}: {text}");
    }
}

#[test]
fn each_rule_finds_its_breach() {
    let cases = [
        ("a/src/util.rs", "fn f() {}", "`util` names no thing"),
        ("a/src/file_helpers.rs", "fn f() {}", "`helpers` names no thing"),
        ("portal/src/common/x.ts", "", "`common` names no thing"),
        ("a/src/route/mod.rs", "", "name the file after its folder"),
        ("a/src/x.rs", "pub(crate) struct LeaseManager<T>(T);", "x.rs:1: `manager` in `LeaseManager`"),
        ("a/src/x.rs", "\nenum BusImpl {}", "x.rs:2: `impl` in `BusImpl`"),
        ("a/src/x.rs", "trait EventService {}", "instead of Service"),
        ("portal/src/x.ts", "export class MapService {}", "instead of Service"),
        ("a/src/x.rs", "#[test]\n#[ignore = \"slow\"]\nfn f() {}", "x.rs:2: `#[ignore`"),
        ("a/src/x.rs", "#[should_panic]\nfn f() {}", "assert on an error"),
        ("a/src/x.rs", "fn f() { todo!() }", "write it or leave it out"),
        ("a/src/x.rs", "fn f() {}\n#![allow(\n    dead_code\n)]", "x.rs:2: a lint is allowed only"),
        ("portal/src/x.tsx", "// eslint-disable-next-line no-x", "switched off only with a reason"),
        ("portal/src/x.tsx", "// @ts-ignore", "switched off only with a reason"),
    ];
    for (path, text, wanted) in cases {
        let found = found(path, text);
        assert!(found.contains(wanted), "{path}: {text}: wanted {wanted:?}, found {found:?}");
    }
}

#[test]
fn long_files_are_split_unless_generated() {
    let long = "fn f() {}\n".repeat(501);
    assert!(found("a/src/x.rs", &long).contains("501 lines"));
    assert_eq!(found("a/src/x.rs", &format!("// @generated\n{long}")), "");
    assert_eq!(found("a/src/x.json", &long), "");
}

#[test]
fn a_registry_is_not_named_anywhere() {
    let host = ["crates", "io"].join(".");
    assert!(found("README.md", &format!("See\nhttps://{host}/x\n")).contains("README.md:2"));
    assert_eq!(found("Cargo.lock", &host), "");
}

#[test]
fn masking_keeps_lines_and_code() {
    use Language::{Rust, TypeScript};
    let cases = [
        (Rust, "let a = \"x\\\"y\"; b", "let a =       ; b"),
        (Rust, "a /* b /* c */ d */ e", "a                   e"),
        (Rust, "r#\"a\"b\"# c", "         c"),
        (Rust, "f::<'a, 'b>(c)", "f::<'a, 'b>(c)"),
        (Rust, "x('\\'', '洞', '\"') y", "x(    ,    ,    ) y"),
        (Rust, "a // b\nc", "a     \nc"),
        (TypeScript, "type A = 'map view' | `b`;", "type A =            |    ;"),
        (TypeScript, "<p>don't</p>\nb", "<p>don't</p>\nb"),
    ];
    for (language, text, wanted) in cases {
        assert_eq!(mask::code(text, language), wanted, "{text}");
    }
}
