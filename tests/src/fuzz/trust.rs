//! Envelopes, statements and keys of strangers are read or refused, what is read is written back the same, and none of them makes a release
//! trusted.

use dongting_trust::{Claim, Envelope, Keyring, PublicKey, SecretKey, Statement, verify_release};

pub fn trust(bytes: &[u8]) {
    if let Ok(read) = Envelope::parse(bytes) {
        assert_eq!(Envelope::parse(read.to_json().as_bytes()).as_ref(), Ok(&read));
        drop(Statement::of(&read));
    }
    if let Ok(statement) = Statement::parse(bytes) {
        assert_eq!(Statement::parse(statement.to_json().as_bytes()), Ok(statement));
    }
    let text = String::from_utf8_lossy(bytes);
    if let Ok(key) = PublicKey::from_pem(&text) {
        assert_eq!(PublicKey::from_pem(&key.to_pem().unwrap_or_default()).as_ref(), Ok(&key));
        assert!(key.verify(b"message", bytes).is_err());
    }
    drop(SecretKey::from_pem(&text));
    if let Ok(version) = "1.2.0".parse() {
        let claim =
            Claim { repository: "hydro/gauge".to_owned(), version, component_digest: "0f".repeat(32) };
        assert!(verify_release(&Keyring::default(), &claim, &[bytes]).is_err());
    }
}
