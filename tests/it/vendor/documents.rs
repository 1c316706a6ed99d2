//! docs/vendors: both languages say the same, and what they say of keys, limits and grades is so.

use std::collections::BTreeSet;

use dongting_manifest::installation::Limits;
use dongting_manifest::plugin::{Capability, Role};
use dongting_manifest::{Kind, Manifest};

use super::root;

fn page(language: &str, name: &str) -> String {
    let path = root().join(format!("docs/vendors/{language}/{name}.md"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What must be the same in both languages: the levels of headings, and within them how many rows, list items and blocks there are, and
/// every text between backquotes in the first column.
fn shape(text: &str) -> Vec<String> {
    let mut shape = Vec::new();
    let mut block = false;
    for line in text.lines() {
        if line.starts_with("```") {
            block = !block;
            shape.push(line.to_owned());
        } else if block || line.starts_with("    ") {
            shape.push(line.to_owned());
        } else if let Some((marks, _)) =
            line.split_once(' ').filter(|(marks, _)| marks.chars().all(|c| c == '#'))
        {
            shape.push(marks.to_owned());
        } else if line.starts_with('|') {
            let first = line.split('|').nth(1).unwrap_or_default().trim();
            let code: String = first.split('`').skip(1).step_by(2).collect::<Vec<_>>().join(" ");
            shape.push(format!("| {} {code}", line.matches('|').count()));
        } else if line.starts_with("- ") {
            shape.push("-".to_owned());
        }
    }
    shape
}

/// The first cell's code of each row below a heading, and the second cell.
fn rows(text: &str, heading: &str) -> Vec<(String, String)> {
    let section = text.split("\n## ").find(|section| section.starts_with(heading));
    let section = section.unwrap_or_else(|| panic!("there is no heading {heading}"));
    section
        .lines()
        .filter_map(|line| {
            let mut cells = line.split('|').skip(1).map(str::trim);
            let name = cells.next()?.strip_prefix('`')?.strip_suffix('`')?.to_owned();
            Some((name, cells.next()?.to_owned()))
        })
        .collect()
}

fn names(rows: &[(String, String)]) -> BTreeSet<String> {
    rows.iter().map(|(name, _)| name.clone()).collect()
}

/// The fields of a struct of `manifest/src/plugin.rs` or `record.rs`.
fn fields(file: &str, of: &str) -> BTreeSet<String> {
    let text = std::fs::read_to_string(root().join("manifest/src").join(file)).unwrap();
    let body = text.split_once(&format!("pub struct {of} {{")).unwrap().1.split_once("\n}").unwrap().0;
    body.lines()
        .filter_map(|line| {
            line.trim().strip_prefix("pub ")?.split_once(':').map(|(name, _)| name.replace("r#", ""))
        })
        .collect()
}

#[test]
fn both_languages_have_the_same_shape() {
    let names = |language: &str| -> BTreeSet<String> {
        let folder = root().join("docs/vendors").join(language);
        folder.read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    assert_eq!(names("en"), names("zh"), "each page is there in both languages");
    for file in names("en") {
        let name = file.strip_suffix(".md").unwrap();
        assert_eq!(shape(&page("en", name)), shape(&page("zh", name)), "docs/vendors/*/{file}");
    }
}

#[test]
fn every_key_of_a_manifest_is_told_and_no_other() {
    for (language, [keys, roles, capabilities, topics, settings, records]) in [
        ("en", ["Keys", "Roles", "Capabilities", "Topics", "Settings", "Records"]),
        ("zh", ["键", "角色", "能力", "主题", "设置", "文档集合"]),
    ] {
        let text = page(language, "manifest");
        assert_eq!(names(&rows(&text, keys)), fields("plugin.rs", "Manifest"), "{language}");
        assert_eq!(names(&rows(&text, settings)), fields("plugin.rs", "Setting"), "{language}");
        assert_eq!(names(&rows(&text, records)), fields("record.rs", "Collection"), "{language}");
        let every_role: BTreeSet<String> = Role::ALL.iter().map(ToString::to_string).collect();
        assert_eq!(names(&rows(&text, roles)), every_role, "{language}");
        let mut every_topic = fields("plugin.rs", "Topic");
        every_topic.extend(Kind::ALL.iter().map(ToString::to_string));
        assert_eq!(names(&rows(&text, topics)), every_topic, "{language}");
        for (name, lane) in rows(&text, topics) {
            if let Ok(kind) = name.parse::<Kind>() {
                assert_eq!(kind.lane().to_string(), lane, "{name}");
            }
        }
        let every_capability = [
            Capability::Log,
            Capability::Config,
            Capability::State,
            Capability::History,
            Capability::Timers,
            Capability::Records,
            Capability::Http,
        ];
        let every_capability: BTreeSet<String> = every_capability.iter().map(ToString::to_string).collect();
        assert_eq!(names(&rows(&text, capabilities)), every_capability, "{language}");
        let example = text.split_once("```toml\n").unwrap().1.split_once("```").unwrap().0;
        Manifest::parse(example).unwrap();
    }
}

#[test]
fn the_limits_told_are_the_limits() {
    // Taken apart, so that a new one cannot be forgotten here.
    let Limits {
        memory_mib,
        cpu_ms,
        wall_ms,
        outputs,
        output_kib,
        log_lines,
        log_per_second,
        http_response_kib,
        http_total_kib,
        http_record_kib,
        document_record_kib,
        http_requests,
        http_concurrency,
        state_kib,
        timers,
        records_kib,
        connections,
        idle_seconds,
        stalled_seconds,
        drain_seconds,
    } = Limits::default();
    let limits = [
        ("memory_mib", memory_mib),
        ("cpu_ms", cpu_ms),
        ("wall_ms", wall_ms),
        ("outputs", outputs),
        ("output_kib", output_kib),
        ("log_lines", log_lines),
        ("log_per_second", log_per_second),
        ("http_requests", http_requests),
        ("http_concurrency", http_concurrency),
        ("http_response_kib", http_response_kib),
        ("http_total_kib", http_total_kib),
        ("http_record_kib", http_record_kib),
        ("document_record_kib", document_record_kib),
        ("state_kib", state_kib),
        ("timers", timers),
        ("records_kib", records_kib),
        ("connections", connections),
        ("idle_seconds", idle_seconds),
        ("stalled_seconds", stalled_seconds),
        ("drain_seconds", drain_seconds),
    ];
    for (language, heading) in [("en", "Of one call"), ("zh", "一次调用")] {
        let told = rows(&page(language, "limits"), heading);
        let wanted: Vec<(String, String)> =
            limits.iter().map(|(name, value)| ((*name).to_owned(), value.to_string())).collect();
        assert_eq!(told, wanted, "{language}");
    }
}

#[test]
fn the_grades_told_are_the_grades() {
    let source = std::fs::read_to_string(root().join("host/cli/src/plugin/check/grade.rs")).unwrap();
    let rules: Vec<&str> = source.lines().filter_map(|line| line.strip_prefix("//! | ")).collect();
    assert_eq!(rules.len(), 6, "a heading and five grades");
    let text = page("en", "quality");
    for rule in rules {
        assert!(text.contains(&format!("| {rule}")), "{rule}");
    }
}
