use wasm_encoder::{
    Component, ComponentInstanceSection, InstanceSection, MemorySection, MemoryType, Module, ModuleArg,
    ModuleSection, NestedComponentSection, RefType, TableSection, TableType,
};

use super::*;

fn around(module: &Module) -> Vec<u8> {
    let mut component = Component::new();
    component.section(&ModuleSection(module));
    component.finish()
}

fn memories(count: usize, pages: u64) -> Module {
    let mut section = MemorySection::new();
    for _ in 0..count {
        section.memory(MemoryType {
            minimum: pages,
            maximum: None,
            memory64: false,
            shared: false,
            page_size_log2: None,
        });
    }
    let mut module = Module::new();
    module.section(&section);
    module
}

/// A component with `copies` instances of what `inner` is, so many levels deep.
fn unfolded(levels: usize, copies: usize) -> Vec<u8> {
    let mut inner = Component::new();
    inner.section(&ModuleSection(&Module::new()));
    let mut instances = InstanceSection::new();
    let no_arguments: [(&str, ModuleArg); 0] = [];
    instances.instantiate(0, no_arguments);
    inner.section(&instances);
    for _ in 0..levels {
        let mut outer = Component::new();
        outer.section(&NestedComponentSection(&inner));
        let mut instances = ComponentInstanceSection::new();
        for _ in 0..copies {
            let no_arguments: [(&str, wasm_encoder::ComponentExportKind, u32); 0] = [];
            instances.instantiate(0, no_arguments);
        }
        outer.section(&instances);
        inner = outer;
    }
    inner.finish()
}

#[test]
fn ordinary_components_pass() {
    check(&Component::new().finish()).unwrap();
    check(&around(&memories(1, 17))).unwrap();
    check(&unfolded(2, 10)).unwrap();
}

#[test]
fn memories_that_no_machine_has_are_refused() {
    let said = check(&around(&memories(100, 65_536))).unwrap_err().to_string();
    assert!(said.contains("begin with") && said.contains("declare what it needs"), "{said}");
}

#[test]
fn tables_that_no_machine_has_are_refused() {
    let mut section = TableSection::new();
    for _ in 0..8 {
        section.table(TableType {
            element_type: RefType::FUNCREF,
            minimum: 0xffff_ffff,
            maximum: None,
            table64: false,
            shared: false,
        });
    }
    let mut module = Module::new();
    module.section(&section);
    assert!(matches!(check(&around(&module)), Err(BombError::Start { .. })));
}

#[test]
fn instances_that_double_at_each_level_are_refused() {
    // A few hundred bytes that come to 100 to the 5th instances.
    let bomb = unfolded(5, 100);
    assert!(bomb.len() < 4096);
    assert!(matches!(check(&bomb), Err(BombError::Instances)));
    assert!(matches!(check(&unfolded(20, 1)), Err(BombError::Depth)));
}

#[test]
fn noise_is_no_component() {
    let mut bytes = Component::new().finish();
    bytes.extend([7, 200, 1]);
    assert!(matches!(check(&bytes), Err(BombError::Invalid(_))));
}
