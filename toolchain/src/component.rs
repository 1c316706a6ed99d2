//! The last step of every build, in whatever language: the manifest is appended and the component put in its place.

use std::fs;
use std::path::{Path, PathBuf};

use dongting_manifest::plugin::{Manifest, ManifestError};
use dongting_manifest::section::{self, SectionError};

#[derive(Debug, thiserror::Error)]
pub enum ComponentError {
    #[error("{path} cannot be {verb}", path = path.display())]
    File {
        path: PathBuf,
        verb: &'static str,
        #[source]
        source: std::io::Error,
    },
    #[error("{path} cannot be embedded", path = path.display())]
    Section { path: PathBuf, source: SectionError },
    #[error("{path} is not what a host reads", path = path.display())]
    Manifest { path: PathBuf, source: ManifestError },
}

/// The bytes of a linked component with that manifest in them. A manifest that the host would not read is refused here.
pub fn embed(built: &Path, manifest: &Path) -> Result<Vec<u8>, ComponentError> {
    let component = fs::read(built).map_err(failed(built, "read"))?;
    let text = fs::read_to_string(manifest).map_err(failed(manifest, "read"))?;
    Manifest::parse(&text)
        .map_err(|source| ComponentError::Manifest { path: manifest.to_owned(), source })?;
    section::append(&component, &text)
        .map_err(|source| ComponentError::Section { path: manifest.to_owned(), source })
}

/// Writes a file whole or not at all: a host that reads it meanwhile sees the old one or the new one, never half. One that is the
/// same already is left alone.
pub fn place(output: &Path, bytes: &[u8]) -> Result<(), ComponentError> {
    if fs::read(output).is_ok_and(|present| present == bytes) {
        return Ok(());
    }
    let folder = output.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(failed(folder, "made"))?;
    let mut partial = output.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    fs::write(&partial, bytes).map_err(failed(&partial, "written"))?;
    fs::rename(&partial, output).map_err(failed(output, "written"))
}

pub(crate) fn failed<'p>(
    path: &'p Path,
    verb: &'static str,
) -> impl FnOnce(std::io::Error) -> ComponentError + use<'p> {
    move |source| ComponentError::File { path: path.to_owned(), verb, source }
}
