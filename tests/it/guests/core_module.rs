//! Guests that no compiler makes: a core module in text, made a component of the contract.

use dongting_manifest::section;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

const MANIFEST: &str = r#"
    name = "core-module"
    version = "0.1.0"
    vendor = "Dongting"
    title = { zh = "测试", en = "Test guest" }
    description = { zh = "测试", en = "Test guest" }
    roles = ["transform"]
"#;

/// A transform. `memories` are the fields that declare its memories and tables, the first memory exported as `memory`, with its first
/// page left to this; `apply` runs once a call, and what it leaves at address 16 is the answer: nothing, if it leaves it alone.
pub fn transform(memories: &str, apply: &str) -> Vec<u8> {
    let text = format!(
        r#"(module
            {memories}
            (global $free (mut i32) (i32.const 4096))
            (func (export "cabi_realloc") (param $old i32) (param $had i32) (param $align i32) (param $size i32)
                (result i32) (local $at i32)
                (local.set $at (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
                (global.set $free (i32.add (local.get $at) (local.get $size)))
                (local.get $at))
            (func (export "dongting:transform/transform@0.1.0#apply") (param i32 i32) (result i32)
                (local $n i32)
                {apply}
                (i32.const 16)))"#
    );
    let mut module = wat::parse_str(text).unwrap();
    let mut resolve = Resolve::default();
    let wit = concat!(env!("CARGO_MANIFEST_DIR"), "/../wit");
    let (package, _) = resolve.push_path(wit).unwrap();
    let world = resolve.select_world(&[package], Some("transform")).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    let component = ComponentEncoder::default().module(&module).unwrap().encode().unwrap();
    section::append(&component, MANIFEST).unwrap()
}
