//! Who signed a release and whether that suffices: keys, envelopes, statements and the province's policy. No I/O.

pub mod envelope;
pub mod key;
pub mod keyring;
pub mod release;
pub mod statement;

pub use envelope::{Envelope, EnvelopeError};
pub use key::{Algorithm, KeyError, KeyId, PublicKey, SecretKey};
pub use keyring::{KeyRecord, Keyring, Owner, OwnerError, Revoked};
pub use release::{Claim, Distrust, Trusted, Verdict, admit, admit_early, verdicts, verify_release};
pub use statement::{Predicate, Statement, StatementError};
