//! Chromium and Chinese glyphs, for the tests in a browser and for the demo's check.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::command;
use crate::debian;

const PROGRAMS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

pub fn ensure() -> Result<PathBuf> {
    if find().is_none() {
        debian::install(&["chromium"], "the portal is tested in it")?;
    }
    if !has_chinese_font() {
        debian::install(
            &["fonts-noto-cjk"],
            "without a Chinese font the portal's screenshots show empty boxes",
        )?;
    }
    find().context(
        "Chromium is missing (the portal is tested in it). Run `sudo apt-get install --yes chromium`.",
    )
}

fn find() -> Option<PathBuf> {
    PROGRAMS.into_iter().find_map(command::on_path)
}

fn has_chinese_font() -> bool {
    command::output(Command::new("fc-list").arg(":lang=zh-cn")).is_ok_and(|fonts| !fonts.trim().is_empty())
}
