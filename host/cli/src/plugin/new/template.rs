//! The files of a new project, for each role a small real plugin.

use super::Role;

pub struct Template {
    /// What it depends on.
    pub crates: &'static [&'static str],
    /// What its tests depend on besides.
    pub tested_with: &'static [&'static str],
    /// Path in the project and text. `plugin-name`, `plugin_crate` and `plugin-vendor` in it are replaced.
    pub files: &'static [(&'static str, &'static str)],
}

/// Those that every project has, and its own.
macro_rules! files {
    ($role:literal: $($path:literal),* $(,)?) => {
        &[
            (".gitignore", include_str!("../../../templates/shared/gitignore")),
            ("README.md", include_str!("../../../templates/shared/README.md")),
            $(($path, include_str!(concat!("../../../templates/", $role, "/", $path)))),*
        ]
    };
}

const SOURCE: Template = Template {
    crates: &["dongting-sdk", "jiff", "serde", "serde_json"],
    tested_with: &["dongting-testkit"],
    files: files!("source":
        "plugin.toml", "samples/http.json", "samples/page.json", "samples/settings.toml", "src/feed.rs", "src/lib.rs",
        "src/plugin.rs", "tests/data/page.json", "tests/golden.rs", "tests/sandbox.rs",
    ),
};
const DECODER: Template = Template {
    crates: &["dongting-sdk", "jiff"],
    tested_with: &["dongting-testkit", "serde_json"],
    files: files!("decoder":
        "plugin.toml", "samples/documents/report.csv", "src/lib.rs", "src/plugin.rs", "src/report.rs",
        "tests/data/report.json", "tests/golden.rs", "tests/sandbox.rs",
    ),
};
const SESSION: Template = Template {
    crates: &["dongting-sdk", "jiff", "serde", "serde_json"],
    tested_with: &["dongting-testkit"],
    files: files!("session":
        "plugin.toml", "samples/streams/morning.txt", "src/gauge.rs", "src/lib.rs", "src/plugin.rs",
        "tests/data/morning.json", "tests/golden.rs", "tests/sandbox.rs",
    ),
};
const TRANSFORM: Template = Template {
    crates: &["dongting-sdk", "serde"],
    tested_with: &["dongting-testkit", "serde_json"],
    files: files!("transform":
        "plugin.toml", "samples/messages/readings.jsonl", "src/judge.rs", "src/lib.rs", "src/plugin.rs",
        "tests/data/assessments.json", "tests/golden.rs", "tests/sandbox.rs",
    ),
};
const SINK: Template = Template {
    crates: &["dongting-sdk", "jiff", "serde", "serde_json"],
    tested_with: &["dongting-testkit"],
    files: files!("sink":
        "plugin.toml", "samples/http.json", "samples/messages/assessments.jsonl", "samples/settings.toml", "src/lib.rs",
        "src/plugin.rs", "src/telegram.rs", "tests/data/telegrams.txt", "tests/golden.rs", "tests/sandbox.rs",
    ),
};
const SERVICE: Template = Template {
    crates: &["dongting-sdk", "serde_json"],
    tested_with: &["dongting-testkit"],
    files: files!("service":
        "plugin.toml", "samples/requests/grade.json", "samples/requests/wrong.json", "src/grade.rs", "src/lib.rs",
        "src/plugin.rs", "tests/data/grades.csv", "tests/golden.rs", "tests/sandbox.rs",
    ),
};
const VIEWS: Template = Template {
    crates: &["dongting-sdk", "serde_json"],
    tested_with: &["dongting-testkit", "jiff"],
    files: files!("views":
        "plugin.toml", "samples/messages/rain.jsonl", "src/lib.rs", "src/plugin.rs", "src/ranking.rs",
        "tests/data/ranking.json", "tests/golden.rs", "tests/sandbox.rs",
    ),
};

pub const fn of(role: Role) -> Template {
    match role {
        Role::Source => SOURCE,
        Role::Decoder => DECODER,
        Role::Session => SESSION,
        Role::Transform => TRANSFORM,
        Role::Sink => SINK,
        Role::Service => SERVICE,
        Role::Views => VIEWS,
    }
}
