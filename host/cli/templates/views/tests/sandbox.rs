//! The built plugin in the real sandbox. Build it first: `dongting plugin build`.

use dongting_testkit::{Error, Plugin, Samples};

#[test]
fn it_holds_to_what_every_plugin_must() -> Result<(), Error> {
    let mut plugin = Plugin::built("plugin-name").start()?;
    plugin.comply(&Samples::folder("samples"))?.passed()
}
