//! Envelopes, statements and keys of strangers are read or refused, what is read is written back the same, and none of them
//! makes a release trusted.
#![no_main]

use dongting_trust::{Claim, Envelope, Keyring, PublicKey, SecretKey, Statement, verify_release};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&[u8], &str)| {
    let (envelope, text) = input;
    if let Ok(read) = Envelope::parse(envelope) {
        assert_eq!(Envelope::parse(read.to_json().as_bytes()), Ok(read.clone()));
        drop(Statement::of(&read));
    }
    if let Ok(statement) = Statement::parse(envelope) {
        assert_eq!(Statement::parse(statement.to_json().as_bytes()), Ok(statement));
    }
    if let Ok(key) = PublicKey::from_pem(text) {
        assert_eq!(PublicKey::from_pem(&key.to_pem().unwrap_or_default()), Ok(key.clone()));
        assert!(key.verify(b"message", envelope).is_err());
    }
    drop(SecretKey::from_pem(text));
    if let Ok(version) = "1.2.0".parse() {
        let claim = Claim { repository: "hydro/gauge".to_owned(), version, component_digest: "0f".repeat(32) };
        assert!(verify_release(&Keyring::default(), &claim, &[envelope]).is_err());
    }
});
