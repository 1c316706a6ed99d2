use proptest::prelude::*;

use super::*;
use crate::Algorithm;

fn parse(json: &str) -> Result<Envelope, EnvelopeError> {
    Envelope::parse(json.as_bytes())
}

/// The example of the DSSE protocol's text.
#[test]
fn what_is_signed_is_the_pre_authentication_encoding() {
    let envelope = Envelope {
        payload_type: "http://example.com/HelloWorld".to_owned(),
        payload: b"hello world".to_vec(),
        signatures: Vec::new(),
    };
    assert_eq!(envelope.signed(), b"DSSEv1 29 http://example.com/HelloWorld 11 hello world");
}

#[test]
fn several_keys_sign_one_payload() {
    let keys = [Algorithm::Ed25519, Algorithm::Sm2].map(|algorithm| SecretKey::generate(algorithm).unwrap());
    let [old, new] = &keys;
    let mut envelope = Envelope::sign("text/plain", b"hello".to_vec(), old).unwrap();
    envelope.add(new).unwrap();
    let read = parse(&envelope.to_json()).unwrap();
    assert_eq!(read, envelope);
    for (key, signature) in keys.iter().zip(&read.signatures) {
        assert_eq!(signature.key, key.public().id().unwrap());
        assert_eq!(key.public().verify(&read.signed(), &signature.bytes), Ok(()));
    }
}

#[test]
fn bad_envelopes_are_named() {
    let key = "0f".repeat(32);
    let one = format!(r#"{{"keyid":"{key}","sig":"AA=="}}"#);
    let good = format!(r#"{{"payloadType":"t","payload":"aGk=","signatures":[{one}],"extra":1}}"#);
    let envelope = parse(&good).unwrap();
    assert_eq!((envelope.payload.as_slice(), envelope.signatures.len()), (b"hi".as_slice(), 1));
    let said = |from: &str, to: &str| {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good);
        parse(&bad).unwrap_err().to_string()
    };
    assert!(said(r#""extra":1"#, r#""payload":"aG8=""#).contains("duplicate field `payload`"));
    assert!(said(r#""sig":"#, r#""sig":"AQ==","sig":"#).contains("duplicate field `sig`"));
    assert!(said("aGk=", "aGk").contains("payload is not base64"));
    assert!(said("aGk=", "aGl=").contains("payload is not base64"));
    assert!(said("aGk=", "aG k=").contains("payload is not base64"));
    assert!(said("AA==", "AB==").contains("signature is not base64"));
    assert!(said(&key, "").contains("names no key"));
    assert!(said(&key, &"0F".repeat(32)).contains("names no key"));
    assert!(said(&one, "").contains("0 signatures"));
    assert!(said(&one, &[one.as_str(); 9].join(",")).contains("9 signatures"));
    assert!(said("AA==", &STANDARD.encode([0; 73])).contains("over 72 bytes"));
    assert!(said(r#""t""#, &format!("\"{}\"", "t".repeat(129))).contains("payloadType"));
    assert!(said("}],", "}],,").contains("no DSSE JSON"));
    assert!(said(r#""extra":1}"#, r#""extra":1} {}"#).contains("no DSSE JSON"));
    assert!(
        Envelope::parse(&vec![b' '; MAX_ENVELOPE_BYTES + 1]).unwrap_err().to_string().contains("at most")
    );
}

proptest! {
    #[test]
    fn it_reads_what_it_writes(
        payload_type in "[ -~]{0,128}",
        payload: Vec<u8>,
        signatures in prop::collection::vec(("[0-9a-f]{64}", prop::collection::vec(any::<u8>(), 0..=72)), 1..=8),
    ) {
        let signatures = signatures
            .into_iter()
            .map(|(key, bytes)| Signature { key: key.parse().unwrap(), bytes })
            .collect();
        let envelope = Envelope { payload_type, payload, signatures };
        prop_assert_eq!(parse(&envelope.to_json()), Ok(envelope));
    }

    #[test]
    fn two_payloads_never_have_the_same_signed_bytes(
        a in ("[0-9 ]{0,3}", "[0-9 ]{0,6}"),
        b in ("[0-9 ]{0,3}", "[0-9 ]{0,6}"),
    ) {
        let envelope = |(payload_type, payload): (String, String)| Envelope {
            payload_type,
            payload: payload.into_bytes(),
            signatures: Vec::new(),
        };
        let (same, a, b) = (a == b, envelope(a), envelope(b));
        prop_assert_eq!(a.signed() == b.signed(), same);
    }
}
