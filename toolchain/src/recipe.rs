//! `build.toml`: how a project that is not Rust makes its component.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use crate::command::{self, CommandError};

pub const FILE: &str = "build.toml";

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Program and arguments, run in the project's folder. A program with a `/` in it is looked for there, else on PATH. The contract lies in
    /// `.dongting/wit` with the world `plugin`.
    pub command: Vec<String>,
    /// The component that it leaves.
    pub component: PathBuf,
    /// What locks the packages used: `package-lock.json` or a requirements file with exact versions. For the bill of materials.
    #[serde(default)]
    pub lock: Option<PathBuf>,
}

#[derive(Debug, thiserror::Error)]
pub enum RecipeError {
    #[error("{path} cannot be read", path = .0.display())]
    Read(PathBuf, #[source] std::io::Error),
    #[error("{path} is not understood: {reason}", path = path.display())]
    Toml { path: PathBuf, reason: String },
    #[error("{path}: `command` is empty; name the program that makes the component", path = .0.display())]
    Empty(PathBuf),
    #[error(
        "the command of {FILE} failed; run it in the project's folder to see more. A program that cannot be started is not installed, or not on PATH"
    )]
    Command(#[source] CommandError),
}

impl Recipe {
    /// The project's recipe, where it has one.
    pub fn read(project: &Path) -> Result<Option<Self>, RecipeError> {
        let path = project.join(FILE);
        if !path.exists() {
            return Ok(None);
        }
        let text = fs::read_to_string(&path).map_err(|source| RecipeError::Read(path.clone(), source))?;
        let recipe: Self = toml::from_str(&text)
            .map_err(|error| RecipeError::Toml { path: path.clone(), reason: error.to_string() })?;
        if recipe.command.is_empty() {
            return Err(RecipeError::Empty(path));
        }
        Ok(Some(recipe))
    }

    /// Runs it with that environment besides this program's.
    pub fn run(
        &self,
        project: &Path,
        environment: &[(String, std::ffi::OsString)],
    ) -> Result<(), RecipeError> {
        let Some((program, arguments)) = self.command.split_first() else {
            return Err(RecipeError::Empty(project.join(FILE)));
        };
        let program = if program.contains('/') { project.join(program) } else { PathBuf::from(program) };
        if let Some(folder) = self.component.parent() {
            let folder = project.join(folder);
            fs::create_dir_all(&folder).map_err(|source| RecipeError::Read(folder, source))?;
        }
        let mut command = Command::new(program);
        command.args(arguments).current_dir(project);
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        command::quiet(&mut command).map_err(RecipeError::Command)
    }
}
