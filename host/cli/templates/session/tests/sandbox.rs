//! The built plugin in the real sandbox. Build it first: `dongting plugin build`.

use dongting_testkit::{Error, Plugin, Samples};

const STREAM: &[u8] = include_bytes!("../samples/streams/morning.txt");

#[test]
fn what_is_understood_is_acknowledged_and_the_rest_kept() -> Result<(), Error> {
    let mut plugin = Plugin::built("plugin-name").start()?;
    let (begin, end) = STREAM.split_at(30);
    let made = plugin.converse(&[begin, end])?.done()?;
    assert_eq!((made.messages.len(), made.rejects.len()), (2, 1));
    // The last is the plugin's own: the gauge has been silent for a while.
    assert_eq!(made.sent.0, b"OK\nACK 1\nERR\nACK 3\nPONG\nPING\n");
    // The same stream on another connection is the same messages.
    let again = plugin.converse(&[STREAM])?.done()?;
    assert_eq!(again.messages[0].id, made.messages[0].id);
    Ok(())
}

#[test]
fn it_holds_to_what_every_plugin_must() -> Result<(), Error> {
    let mut plugin = Plugin::built("plugin-name").start()?;
    plugin.comply(&Samples::folder("samples"))?.passed()
}
