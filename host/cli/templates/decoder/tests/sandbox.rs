//! The built plugin in the real sandbox. Build it first: `dongting plugin build`.

use dongting_testkit::{Document, Error, Plugin, Samples};

#[test]
fn good_lines_are_published_and_bad_ones_kept() -> Result<(), Error> {
    let mut plugin = Plugin::built("plugin-name").start()?;
    let report = Document::new(
        "report.csv",
        include_str!("../samples/documents/report.csv"),
    );
    let decoded = plugin.decode(&report)?.done()?;
    assert_eq!((decoded.messages.len(), decoded.rejects.len()), (2, 3));
    // The same report again is the same messages.
    let again = plugin.decode(&report)?.done()?;
    assert_eq!(again.messages[0].id, decoded.messages[0].id);
    Ok(())
}

#[test]
fn it_holds_to_what_every_plugin_must() -> Result<(), Error> {
    let mut plugin = Plugin::built("plugin-name").start()?;
    plugin.comply(&Samples::folder("samples"))?.passed()
}
