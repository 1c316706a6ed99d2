//! Tests of a built plugin in the real sandbox, from `cargo test`.
//!
//! A [`Plugin`] is one installation of the component that was built, with everything granted that its manifest asks for. Its clock stands
//! where the test puts it, other systems answer from a [`Script`], and what it keeps (state, records, timers) is kept from call to call. Each
//! call gives a [`Call`]: what came of it, what it logged, and what it asked of other systems.
//!
//! ```no_run
//! use dongting_testkit::{Document, Plugin, Samples};
//!
//! # fn main() -> Result<(), dongting_testkit::Error> {
//! let mut plugin = Plugin::built("rain-gauge").start()?;
//! let decoded = plugin.decode(&Document::new("report.csv", "S1,430102,2026-08-29T08:00:00+08:00,12.5"))?.done()?;
//! assert_eq!(decoded.messages[0].region, "430102");
//! plugin.comply(&Samples::folder("samples"))?.passed()?;
//! # Ok(()) }
//! ```
//!
//! The sandbox is that of the program `dongting`, which is asked by lines of JSON: the file that `DONGTING_BIN` names, else the one on PATH. The
//! component is found in the project's `dist`, where `dongting plugin build` leaves it.
//!
//! Every function gives a `Result` whose error is a sentence; a test that returns it is told what was wrong.

mod call;
mod compliance;
mod error;
mod harness;
mod kept;
mod message;
mod plugin;
mod role;
mod script;

pub use call::{Asked, Call, Fault, LogLine, Outcome};
pub use compliance::{Report, Samples};
pub use error::Error;
pub use kept::{Kept, Record, Timer};
pub use message::{Bytes, Message, Reject};
pub use plugin::{Builder, Plugin};
pub use role::{
    Acted, Applied, Conversed, Decoded, Delivery, Document, Polled, Rejected, Reply, Request, Response, View,
};
pub use script::{Answer, Script};
