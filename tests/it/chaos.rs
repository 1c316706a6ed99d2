//! A short chaos run. `cargo xtask chaos` makes longer ones.

use std::process::Command;

fn chaos(options: &[&str]) {
    let ran = Command::new(env!("CARGO_BIN_EXE_chaos")).args(options).output().unwrap();
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    println!("{said}");
    assert!(ran.status.success(), "{said}{}", String::from_utf8_lossy(&ran.stderr));
    assert!(said.contains("\nlost: 0\nduplicated: 0\nreordered: 0\nmiscounted: 0\n"), "{said}");
}

#[test]
fn nothing_is_lost_doubled_or_out_of_order() {
    chaos(&["--kills", "4", "--seconds", "10", "--rate", "100"]);
}

#[test]
fn nor_on_postgresql() {
    chaos(&["--kills", "5", "--seconds", "10", "--rate", "100", "--postgres"]);
}

#[test]
fn nor_by_an_outage_that_is_longer_than_ids_are_remembered() {
    chaos(&["--kills", "3", "--seconds", "8", "--rate", "100", "--outage", "10"]);
}
