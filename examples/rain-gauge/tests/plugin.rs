//! The built plugin in the real sandbox.

use dongting_testkit::{Document, Error, Plugin, Samples};

#[test]
fn good_lines_are_published_and_bad_ones_kept() -> Result<(), Error> {
    let mut plugin = Plugin::built("rain-gauge").start()?;
    let report = "S1,430102,2026-08-29T08:00:00+08:00,12.5\nS2,430102\n";
    let decoded = plugin.decode(&Document::new("report.csv", report))?.done()?;
    assert_eq!(decoded.messages.len(), 1);
    assert_eq!(decoded.messages[0].subject, "em.43.01.02.water.observation.-");
    assert_eq!(decoded.rejects[0].reason, "a line has 4 fields, not 2");
    // The same report again is the same message.
    let again = plugin.decode(&Document::new("report.csv", report))?.done()?;
    assert_eq!(again.messages[0].id, decoded.messages[0].id);
    Ok(())
}

#[test]
fn it_bears_whatever_it_is_given() -> Result<(), Error> {
    let mut plugin = Plugin::built("rain-gauge").start()?;
    plugin.comply_as_decoder(&Samples::folder("samples"))?.passed()
}
