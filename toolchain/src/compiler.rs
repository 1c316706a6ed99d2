//! The compiler for guests (`wasm32-wasip2`), found in one of two ways: rustup's target where its standard library is
//! installed, else Debian's compiler and sources, which build the standard library beside the guests.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::{self, CommandError, cargo};

pub const TARGET: &str = "wasm32-wasip2";
/// What Debian has instead.
pub const DEBIAN_PACKAGES: [&str; 3] = ["rustc-web", "rust-web-src", "wasi-libc"];

#[derive(Debug)]
pub enum Compiler {
    /// The toolchain that runs cargo has the target's standard library.
    Rustup,
    Debian(Debian),
}

/// Debian's compiler takes over everything but the linker, which it does not ship.
#[derive(Debug)]
pub struct Debian {
    /// Debian's `rustc`; `rustc --print sysroot` of it holds the standard library's sources.
    pub rustc: PathBuf,
    /// `wasm-component-ld` of the rustup toolchain.
    pub linker: PathBuf,
    /// Holds the `wasm-ld` that `wasm-component-ld` starts; it must come first on PATH.
    pub gcc_ld: PathBuf,
    /// Holds wasi-libc's `libc.a`.
    pub libc: PathBuf,
}

#[derive(Debug, thiserror::Error)]
pub enum CompilerError {
    #[error("rustc, which compiles plugins, cannot be asked: install Rust 1.95 or newer by rustup")]
    Rustc(#[source] CommandError),
    #[error("`rustc -vV` names no {0}: is it a Rust compiler?")]
    Unnamed(&'static str),
    #[error("plugins cannot be compiled: no standard library for {TARGET} is installed. {}", advice())]
    Missing,
    #[error("{path} is not UTF-8; move it to a folder with a plain name", path = .0.display())]
    Path(PathBuf),
    #[error("PATH cannot be extended by {path}", path = .0.display())]
    SearchPath(PathBuf),
}

/// Looks only at what is installed.
pub fn find() -> Result<Option<Compiler>, CompilerError> {
    let native = Rustc::ask(Path::new("rustc"))?;
    let libraries = native.sysroot.join("lib/rustlib").join(TARGET).join("lib");
    if has_file(&libraries, "libstd-", ".rlib") {
        return Ok(Some(Compiler::Rustup));
    }
    Ok(find_debian(&native).map(Compiler::Debian))
}

/// Asks rustup for the target, where there is a rustup.
#[must_use]
pub fn add_by_rustup() -> bool {
    command::on_path("rustup").is_some()
        && command::quiet(Command::new("rustup").args(["target", "add", TARGET])).is_ok()
}

/// What a person does where neither is installed.
#[must_use]
pub fn advice() -> String {
    format!(
        "Run `rustup target add {TARGET}`, or on Debian `apt-get install {}`, then run this again.",
        DEBIAN_PACKAGES.join(" ")
    )
}

impl Compiler {
    /// One line for a person.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Rustup => format!("rustup's {TARGET}"),
            Self::Debian(debian) => {
                format!("{} with its own sources of the standard library", debian.rustc.display())
            }
        }
    }

    /// The release of the standard library that guests get.
    #[must_use]
    pub fn release(&self) -> Option<String> {
        let program = match self {
            Self::Rustup => Path::new("rustc"),
            Self::Debian(debian) => &debian.rustc,
        };
        let verbose = command::output(Command::new(program).arg("-vV")).ok()?;
        verbose.lines().find_map(|line| line.strip_prefix("release: ")).map(str::to_owned)
    }

    /// `cargo build` for guests into that folder, apart from what is built for this machine; the caller adds the packages.
    pub fn cargo_build(&self, target: &Path) -> Result<Command, CompilerError> {
        let mut command = cargo();
        command.args(["build", "--release", "--target", TARGET, "--target-dir"]).arg(target);
        // `cargo run` adds the native toolchain's libraries for its child; they are not for another compiler.
        command.env_remove("LD_LIBRARY_PATH").env_remove("RUSTFLAGS").env_remove("CARGO_TARGET_DIR");
        for (name, value) in profile() {
            command.env(format!("CARGO_PROFILE_RELEASE_{name}"), value);
        }
        let mut flags = remapped()?;
        if let Self::Debian(debian) = self {
            command.arg("-Zbuild-std=std,panic_abort");
            command.env("RUSTC_BOOTSTRAP", "1").env("RUSTC", &debian.rustc);
            command.env("CARGO_TARGET_WASM32_WASIP2_LINKER", &debian.linker);
            command.env("PATH", with_first(&debian.gcc_ld)?);
            flags.push(format!("-L{}", path_text(&debian.libc)?));
        }
        command.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
        Ok(command)
    }
}

/// Guests are small, fast and the same for everyone. Function names stay, so that a fault's trace can be read.
fn profile() -> [(&'static str, &'static str); 6] {
    [
        ("OPT_LEVEL", "3"),
        ("LTO", "fat"),
        ("CODEGEN_UNITS", "1"),
        ("PANIC", "abort"),
        ("DEBUG", "none"),
        ("STRIP", "debuginfo"),
    ]
}

/// A component's digest must not depend on whose home folder it was built in. Paths inside the workspace are relative as it
/// is; remapping them too would compile everything again for each clone that shares a target folder.
fn remapped() -> Result<Vec<String>, CompilerError> {
    let home = match std::env::var_os("CARGO_HOME") {
        Some(home) => PathBuf::from(home),
        None => PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cargo"),
    };
    Ok(vec![format!("--remap-path-prefix={}=/cargo", path_text(&home)?)])
}

/// What a compiler says of itself.
struct Rustc {
    sysroot: PathBuf,
    host: String,
    /// Major and minor.
    release: (u32, u32),
}

impl Rustc {
    fn ask(program: &Path) -> Result<Self, CompilerError> {
        let ask = |arguments: &[&str]| {
            command::output(Command::new(program).args(arguments)).map_err(CompilerError::Rustc)
        };
        let sysroot = ask(&["--print", "sysroot"])?;
        let verbose = ask(&["-vV"])?;
        let field = |name: &str| verbose.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        Ok(Self {
            sysroot: PathBuf::from(sysroot.trim()),
            host: field("host:").ok_or(CompilerError::Unnamed("host"))?.to_owned(),
            release: field("release:").and_then(major_minor).ok_or(CompilerError::Unnamed("release"))?,
        })
    }
}

fn major_minor(release: &str) -> Option<(u32, u32)> {
    let mut parts = release.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn find_debian(native: &Rustc) -> Option<Debian> {
    let rustc = debian_file("rustc-web", "/bin/rustc")?;
    let debian = Rustc::ask(&rustc).ok()?;
    let sources = debian.sysroot.join("lib/rustlib/src/rust/library/std");
    let tools = native.sysroot.join("lib/rustlib").join(&native.host).join("bin");
    let libc = debian_file("wasi-libc", "/wasm32-wasi/libc.a")?.parent()?.to_owned();
    let found = Debian { rustc, linker: tools.join("wasm-component-ld"), gcc_ld: tools.join("gcc-ld"), libc };
    // Older than the workspace's rust-version, it could not compile the guests anyway.
    let usable = debian.release >= native.release
        && sources.is_dir()
        && found.linker.is_file()
        && found.gcc_ld.is_dir();
    usable.then_some(found)
}

/// The path of an installed Debian package's file that ends so.
fn debian_file(package: &str, ending: &str) -> Option<PathBuf> {
    let listing = command::output(Command::new("dpkg").args(["-L", package])).ok()?;
    listing.lines().find(|line| line.ends_with(ending)).map(PathBuf::from).filter(|path| path.is_file())
}

fn has_file(folder: &Path, start: &str, end: &str) -> bool {
    let Ok(entries) = folder.read_dir() else { return false };
    entries.flatten().any(|entry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        name.starts_with(start) && name.ends_with(end)
    })
}

fn with_first(folder: &Path) -> Result<OsString, CompilerError> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(folder.to_owned()).chain(std::env::split_paths(&path));
    std::env::join_paths(folders).map_err(|_| CompilerError::SearchPath(folder.to_owned()))
}

fn path_text(path: &Path) -> Result<&str, CompilerError> {
    path.to_str().ok_or_else(|| CompilerError::Path(path.to_owned()))
}
