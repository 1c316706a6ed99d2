//! Short chaos runs. `cargo xtask chaos` makes longer ones.

use std::process::Command;

/// What a run said that went well.
fn chaos(options: &[&str]) -> String {
    let ran = Command::new(env!("CARGO_BIN_EXE_chaos")).args(options).output().unwrap();
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    println!("{said}");
    assert!(ran.status.success(), "{said}{}", String::from_utf8_lossy(&ran.stderr));
    assert!(said.contains("\nlost: 0\nduplicated: 0\nreordered: 0\nmiscounted: 0\ninvented: 0\n"), "{said}");
    said
}

/// The number behind a name at the beginning of a line.
fn figure(said: &str, name: &str) -> u64 {
    let of = |line: &str| line.strip_prefix(name)?.strip_prefix(": ").map(str::to_owned);
    let text = said.lines().find_map(of).unwrap_or_else(|| panic!("no {name}: {said}"));
    text.split(',').next().unwrap().parse().unwrap()
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
    let said = chaos(&["--kills", "3", "--seconds", "8", "--rate", "100", "--outage", "10"]);
    assert!(said.contains(" s: HostDown\n"), "{said}");
}

/// How fast the good ones are afterwards is a matter of the machine, and not asked for here.
#[test]
fn the_dead_letters_are_the_poison_and_a_receiver_that_was_down_misses_nothing() {
    let options =
        ["--poison", "2", "--receiver-down", "3", "--seconds", "10", "--rate", "100", "--keep", "0"];
    let said = chaos(&options);
    assert!(said.contains(" s: ReceiverDown\n") && said.contains(" s: ReceiverBack\n"), "{said}");
    assert!(figure(&said, "attempts while the receiver was down") > 0, "{said}");
    assert!(figure(&said, "good messages due at the end") > 0, "{said}");
    let (poison, expected) = (figure(&said, "poison"), figure(&said, "expected"));
    // At most the last hundred of each half is not whole.
    assert!((poison * 100).abs_diff((poison + expected) * 2) <= 400 && poison > 0, "{said}");
    let last = format!(
        "\ndead letters: {poison}\npoison without a dead letter: 0\ndead letters of no poison, or again: 0\n"
    );
    assert!(said.ends_with(&last), "{said}");
}

#[test]
fn nothing_is_lost_by_upgrades_either() {
    let said = chaos(&["--upgrades", "5", "--rate", "300"]);
    assert!(said.contains("\n5 upgrades at 300 messages a second"), "{said}");
    assert!(said.contains("\nlongest gap between two outputs while upgrading: "), "{said}");
    assert!(figure(&said, "sent") > 0 && figure(&said, "sent") == figure(&said, "arrived"), "{said}");
}
