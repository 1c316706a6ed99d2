//! From bytes to a release: digest, manifest, roles and imports are read and checked before anything is compiled or
//! linked, and every refusal says what to do.

use std::collections::BTreeSet;
use std::sync::Arc;

use dongting_manifest::Manifest;
use dongting_manifest::plugin::{Capability, ManifestError, Role};
use dongting_manifest::section::{self, SectionError};
use sha2::{Digest, Sha256};
use wasmtime::component::Component;
use wasmtime::component::types::ComponentItem;

use crate::capability::{Import, of_import};
use crate::engine::Sandbox;
use crate::places::Places;

/// A component larger than this is not looked at.
pub const MAX_COMPONENT_BYTES: usize = 64 * 1024 * 1024;

/// A compiled component with what it says of itself.
#[derive(Clone)]
pub struct Release {
    /// Shared by all who run it.
    pub manifest: Arc<Manifest>,
    /// SHA-256 of the component's bytes, hexadecimal.
    pub digest: String,
    pub(crate) component: Component,
    pub(crate) engine: wasmtime::Engine,
    pub(crate) places: Arc<Places>,
}

#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("the component has {0} bytes; at most {MAX_COMPONENT_BYTES} are accepted")]
    TooLarge(usize),
    #[error(transparent)]
    Section(#[from] SectionError),
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    #[error("the component cannot be compiled: {0}")]
    Compile(String),
    #[error(
        "the component imports `{0}`, which this host does not offer: plugins may import dongting:log, config, state, history, timers, records (0.1.0), wasi:http/outgoing-handler@0.2 and the parts of WASI 0.2 that reach nothing outside"
    )]
    UnknownImport(String),
    #[error(
        "the component imports `{0}`: this host speaks version 0.1.0 of the contract; build against the wit/ folder of this release"
    )]
    ImportVersion(String),
    #[error(
        "the component imports `{interface}`, but its plugin.toml does not ask for the capability `{capability}`: add it under [capabilities] with a reason, or drop the import"
    )]
    NotAsked { interface: String, capability: Capability },
    #[error(
        "plugin.toml names the role `{role}`, but the component does not export `{interface}`: export it, or drop the role"
    )]
    RoleMissing { role: Role, interface: &'static str },
    #[error(
        "the component exports `{interface}`, but plugin.toml does not name the role `{role}`: add it to roles"
    )]
    RoleUnnamed { role: Role, interface: &'static str },
    #[error(
        "the component's export `{0}` is an async function: roles are plain functions, build it against the wit/ folder of this release"
    )]
    AsyncExport(String),
    #[error(
        "the component exports `{0}` in a version that this host does not speak: build against version 0.1.0"
    )]
    ExportVersion(String),
    #[error(
        "plugin.toml says state_version = {0}, but the component does not export `{MIGRATION}`, by which what an earlier release keeps is brought along: export it, or leave state_version at 1"
    )]
    MigrationMissing(u32),
    #[error("the component cannot be linked: {0}")]
    Link(String),
}

/// What a plugin exports beside its roles where it has changed the form of what it keeps.
pub(crate) const MIGRATION: &str = "dongting:migration/migration@0.1.0";
/// What a session exports beside its role to bring open connections from release to release.
pub(crate) const HANDOVER: &str = "dongting:handover/handover@0.1.0";

/// The interface that makes a role.
pub(crate) fn interface(role: Role) -> &'static str {
    match role {
        Role::Source => "dongting:source/source@0.1.0",
        Role::Decoder => "dongting:decoder/decoder@0.1.0",
        Role::Session => "dongting:session/session@0.1.0",
        Role::Transform => "dongting:transform/transform@0.1.0",
        Role::Sink => "dongting:sink/sink@0.1.0",
        Role::Service => "dongting:service/service@0.1.0",
        Role::Views => "dongting:views/views@0.1.0",
    }
}

impl Sandbox {
    /// Reads, checks and compiles. Takes seconds for a large component that is not in the cache: call it off the async threads.
    pub fn load(&self, bytes: &[u8]) -> Result<Release, LoadError> {
        if bytes.len() > MAX_COMPONENT_BYTES {
            return Err(LoadError::TooLarge(bytes.len()));
        }
        let manifest = Arc::new(Manifest::parse(section::read(bytes)?)?);
        let digest = hex::encode(Sha256::digest(bytes));
        let component = self.compile(&digest, bytes)?;
        let (engine, places) = (self.engine.clone(), Arc::clone(&self.places));
        let release = Release { manifest, digest, component, engine, places };
        release.check_imports()?;
        release.check_exports()?;
        Ok(release)
    }

    fn compile(&self, digest: &str, bytes: &[u8]) -> Result<Component, LoadError> {
        if let Some(component) = self.cache.as_ref().and_then(|cache| cache.get(&self.engine, digest)) {
            return Ok(component);
        }
        let component =
            Component::new(&self.engine, bytes).map_err(|error| LoadError::Compile(format!("{error:#}")))?;
        if let Some(Err(error)) = self.cache.as_ref().map(|cache| cache.put(digest, &component)) {
            tracing::warn!(%error, "The compiled component could not be cached; it is compiled again at the next start");
        }
        Ok(component)
    }
}

impl Release {
    /// `name@version#digest`, as messages carry it.
    #[must_use]
    pub fn reference(&self) -> String {
        format!("{}@{}#{}", self.manifest.name, self.manifest.version, self.digest)
    }

    /// The capabilities whose interfaces the component imports.
    #[must_use]
    pub fn imported(&self) -> BTreeSet<Capability> {
        self.component
            .component_type()
            .imports(&self.engine)
            .filter_map(|(name, _)| match of_import(name) {
                Import::Asked(capability) => Some(capability),
                _ => None,
            })
            .collect()
    }

    /// The interfaces that the component imports, by their full names.
    #[must_use]
    pub fn imports(&self) -> BTreeSet<String> {
        self.component.component_type().imports(&self.engine).map(|(name, _)| name.to_owned()).collect()
    }

    /// Whether it can bring along what an earlier release keeps.
    #[must_use]
    pub fn migrates(&self) -> bool {
        self.exports(MIGRATION)
    }

    /// Whether it can give a connection's state to another release, and take one.
    #[must_use]
    pub fn hands_over(&self) -> bool {
        self.exports(HANDOVER)
    }

    fn exports(&self, interface: &str) -> bool {
        self.component.component_type().exports(&self.engine).any(|(name, _)| name == interface)
    }

    fn check_imports(&self) -> Result<(), LoadError> {
        for (name, _) in self.component.component_type().imports(&self.engine) {
            match of_import(name) {
                Import::Free => {}
                Import::Asked(capability) if self.manifest.capabilities.contains_key(&capability) => {}
                Import::Asked(capability) => {
                    return Err(LoadError::NotAsked { interface: name.to_owned(), capability });
                }
                Import::Unknown { ours: true } => return Err(LoadError::ImportVersion(name.to_owned())),
                Import::Unknown { ours: false } => return Err(LoadError::UnknownImport(name.to_owned())),
            }
        }
        Ok(())
    }

    fn check_exports(&self) -> Result<(), LoadError> {
        let ty = self.component.component_type();
        let mut found = BTreeSet::new();
        for (name, export) in ty.exports(&self.engine) {
            let role = Role::ALL.into_iter().find(|role| interface(*role) == name);
            if role.is_none() && ![MIGRATION, HANDOVER].contains(&name) {
                let stem = |name: &str| name.split('@').next().map(str::to_owned);
                let mut ours = Role::ALL.into_iter().map(interface).chain([MIGRATION, HANDOVER]);
                if ours.any(|ours| stem(ours) == stem(name)) {
                    return Err(LoadError::ExportVersion(name.to_owned()));
                }
                continue;
            }
            if let ComponentItem::ComponentInstance(instance) = export.ty {
                for (function, item) in instance.exports(&self.engine) {
                    if matches!(&item.ty, ComponentItem::ComponentFunc(f) if f.async_()) {
                        return Err(LoadError::AsyncExport(format!("{name}#{function}")));
                    }
                }
            }
            found.extend(role);
        }
        for role in Role::ALL {
            let interface = interface(role);
            match (self.manifest.roles.contains(&role), found.contains(&role)) {
                (true, false) => return Err(LoadError::RoleMissing { role, interface }),
                (false, true) => return Err(LoadError::RoleUnnamed { role, interface }),
                _ => {}
            }
        }
        match self.manifest.state_version {
            version if version > 1 && !self.migrates() => Err(LoadError::MigrationMissing(version)),
            _ => Ok(()),
        }
    }
}
