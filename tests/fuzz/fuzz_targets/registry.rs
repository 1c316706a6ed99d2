//! What strangers send the registry: addresses, names, references, digests, ranges, manifests and components. Each is read or refused, what
//! is read prints as it was, and no name leaves its folder.
#![no_main]

use dongting_registry::manifest::ImageManifest;
use dongting_registry::range::{Chunk, Wanted, wanted};
use dongting_registry::{At, Digest, Reference, Repository, Tag, Target, component};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, u64, &[u8])| {
    let (text, size, bytes) = input;
    if let Ok(target) = Target::read(text)
        && let Some(repository) = target.repository()
    {
        assert!(repository.as_str().split('/').all(|part| !part.is_empty() && !part.starts_with('.')));
    }
    if let Ok(repository) = text.parse::<Repository>() {
        assert_eq!(repository.to_string(), text);
    }
    if let Ok(tag) = text.parse::<Tag>() {
        assert_eq!(tag.to_string(), text);
    }
    if let Ok(digest) = text.parse::<Digest>() {
        assert_eq!(digest.to_string(), text);
    }
    if let Ok(reference) = text.parse::<Reference>() {
        assert_eq!(reference.to_string(), text);
    }
    if let Ok(at) = text.parse::<At>() {
        assert_eq!(at.to_string(), text);
    }
    if let Wanted::Part { first, last } = wanted(Some(text), size) {
        assert!(first <= last && last < size);
    }
    if let Ok(chunk) = text.parse::<Chunk>() {
        assert!(chunk.first <= chunk.last && chunk.size() > 0);
    }
    let _ = ImageManifest::parse(None, bytes);
    let _ = component::check(bytes);
});
