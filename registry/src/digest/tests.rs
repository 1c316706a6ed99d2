use proptest::prelude::*;

use super::*;

const EMPTY: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

#[test]
fn a_digest_prints_as_it_was_read() {
    assert_eq!(EMPTY.parse::<Digest>().unwrap(), Digest::of(b""));
    assert_eq!(Digest::of(b"").to_string(), EMPTY);
}

#[test]
fn what_is_no_digest_is_refused() {
    let long = format!("{EMPTY}0");
    let upper = EMPTY.to_uppercase();
    for bad in ["", ":", "sha256:", "sha256", "../../etc/passwd", &EMPTY[..70], &long, &upper, "md5:00"] {
        assert!(matches!(bad.parse::<Digest>(), Err(DigestError::Form(_))), "{bad}");
    }
    let said = "sha512:00".parse::<Digest>().unwrap_err().to_string();
    assert_eq!(said, "digests by `sha512` are not kept here: use sha256");
}

proptest! {
    #[test]
    fn every_digest_survives_printing(bytes in any::<[u8; 32]>()) {
        let digest = Digest(bytes);
        prop_assert_eq!(digest.to_string().parse::<Digest>().unwrap(), digest);
    }

    #[test]
    fn noise_is_refused_or_prints_as_it_was_read(text in ".{0,80}") {
        if let Ok(digest) = text.parse::<Digest>() {
            prop_assert_eq!(digest.to_string(), text);
        }
    }
}
