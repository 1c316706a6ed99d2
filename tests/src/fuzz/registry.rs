//! What strangers send the registry: addresses, names, references, digests, ranges, manifests and components. Each is read or refused, what
//! is read prints as it was, and no name leaves its folder.

use std::fmt::Display;
use std::str::FromStr;

use dongting_registry::manifest::ImageManifest;
use dongting_registry::range::{Chunk, Wanted, wanted};
use dongting_registry::{At, Digest, Reference, Repository, Tag, Target, component};

/// The first line is text in a request, the rest a body. The length stands for a blob's size.
pub fn registry(bytes: &[u8]) {
    let (text, body) = super::line(bytes);
    let (text, size) = (String::from_utf8_lossy(text), bytes.len() as u64);
    if let Ok(target) = Target::read(&text)
        && let Some(repository) = target.repository()
    {
        assert!(repository.as_str().split('/').all(|part| !part.is_empty() && !part.starts_with('.')));
    }
    prints_as_read::<Repository>(&text);
    prints_as_read::<Tag>(&text);
    prints_as_read::<Digest>(&text);
    prints_as_read::<Reference>(&text);
    prints_as_read::<At>(&text);
    if let Wanted::Part { first, last } = wanted(Some(&text), size) {
        assert!(first <= last && last < size);
    }
    if let Ok(chunk) = text.parse::<Chunk>() {
        assert!(chunk.first <= chunk.last && chunk.size() > 0);
    }
    drop(ImageManifest::parse(None, body));
    drop(component::check(body));
}

fn prints_as_read<T: FromStr + Display>(text: &str) {
    if let Ok(read) = text.parse::<T>() {
        assert_eq!(read.to_string(), text);
    }
}
