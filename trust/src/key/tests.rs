use proptest::prelude::*;
use sm3::Sm3;

use super::*;

fn bytes(hexadecimal: &str) -> Vec<u8> {
    hex::decode(hexadecimal.replace(' ', "")).unwrap()
}

/// The example of GB/T 32918.5 (GM/T 0003.5) annex A: the recommended curve, signing.
const SECRET: &str = "3945208F 7B2144B1 3F36E38A C6D39F95 88939369 2860B51A 42FB81EF 4DF7C5B8";
const PUBLIC_X: &str = "09F9DF31 1E5421A1 50DD7D16 1E4BC5C6 72179FAD 1833FC07 6BB08FF3 56F35020";
const PUBLIC_Y: &str = "CCEA490C E26775A5 2DC6EA71 8CC1AA60 0AED05FB F35E084A 6632F607 2DA9AD13";
const R: &str = "F5A03B06 48D2C463 0EEAC513 E1BB81A1 5944DA38 27D5B741 43AC7EAC EEE720B3";
const S: &str = "B1B6AA29 DF212FD8 763182BC 0D421CA1 BB9038FD 1F7F42D4 840B69C4 85BBC1AA";

fn published_key() -> PublicKey {
    let point = [vec![4], bytes(PUBLIC_X), bytes(PUBLIC_Y)].concat();
    PublicKey(Public::Sm2(sm2::PublicKey::from_sec1_bytes(&point).unwrap()))
}

#[test]
fn sm2_verifies_the_published_signature() {
    let key = published_key();
    let [r, s]: [[u8; 32]; 2] = [bytes(R).try_into().unwrap(), bytes(S).try_into().unwrap()];
    let signature = sm2::dsa::Signature::from_scalars(r, s).unwrap().to_der().to_vec();
    assert_eq!(key.verify(b"message digest", &signature), Ok(()));
    assert_eq!(key.verify(b"message digesT", &signature), Err(KeyError::Signature));
    let swapped = sm2::dsa::Signature::from_scalars(s, r).unwrap().to_der().to_vec();
    assert_eq!(key.verify(b"message digest", &swapped), Err(KeyError::Signature));
}

#[test]
fn sm2_derives_the_published_public_key() {
    let secret = SecretKey(Secret::Sm2(sm2::SecretKey::from_slice(&bytes(SECRET)).unwrap()));
    assert_eq!(secret.public(), published_key());
    let signature = secret.sign(b"message digest").unwrap();
    assert_eq!(published_key().verify(b"message digest", &signature), Ok(()));
}

/// GB/T 32905 annex A.
#[test]
fn sm3_comes_to_the_published_hashes() {
    let cases = [
        ("abc", "66c7f0f4 62eeedd9 d1f2d46b dc10e4e2 4167c487 5cf2f7a2 297da02b 8f4ba8e0"),
        (&"abcd".repeat(16), "debe9ff9 2275b8a1 38604889 c18e5a4d 6fdb70e5 387e5765 293dcba3 9c0c5732"),
    ];
    for (message, hash) in cases {
        assert_eq!(<Sm3 as sm3::Digest>::digest(message).to_vec(), bytes(hash), "{message}");
    }
}

/// RFC 8032 7.1, test 1 (the empty message) and test 2.
#[test]
fn ed25519_comes_to_the_published_signatures() {
    let cases = [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
    ];
    for (secret, message, signature) in cases {
        let secret: [u8; 32] = bytes(secret).try_into().unwrap();
        let key = SecretKey(Secret::Ed25519(Box::new(ed25519_dalek::SigningKey::from_bytes(&secret))));
        assert_eq!(key.sign(&bytes(message)).unwrap(), bytes(signature));
        assert_eq!(key.public().verify(&bytes(message), &bytes(signature)), Ok(()));
    }
}

#[test]
fn keys_are_read_back_from_pem() {
    for algorithm in [Algorithm::Ed25519, Algorithm::Sm2] {
        let secret = SecretKey::generate(algorithm).unwrap();
        let pem = secret.to_pem().unwrap();
        assert!(pem.starts_with("-----BEGIN PRIVATE KEY-----\n"), "{}", pem.as_str());
        let again = SecretKey::from_pem(&pem).unwrap();
        assert_eq!(again.public(), secret.public());
        let public = secret.public();
        let pem = public.to_pem().unwrap();
        assert!(pem.starts_with("-----BEGIN PUBLIC KEY-----\n"), "{pem}");
        let read = PublicKey::from_pem(&format!("\n{pem}\n")).unwrap();
        assert_eq!(read, public);
        assert_eq!(read.algorithm(), algorithm);
        assert_eq!(read.id().unwrap(), public.id().unwrap());
        assert_eq!(format!("{secret:?}"), format!("SecretKey({algorithm})"));
    }
}

/// Written by OpenSSL 3.0: `openssl genpkey -algorithm SM2` and `-algorithm ED25519`, then `openssl pkey -pubout`.
#[test]
fn keys_of_openssl_are_read() {
    let cases = [
        include_str!("../../tests/data/openssl-sm2.key.pem"),
        include_str!("../../tests/data/openssl-ed25519.key.pem"),
    ];
    let publics = [
        include_str!("../../tests/data/openssl-sm2.pub.pem"),
        include_str!("../../tests/data/openssl-ed25519.pub.pem"),
    ];
    for (secret, public) in cases.into_iter().zip(publics) {
        assert_eq!(SecretKey::from_pem(secret).unwrap().public(), PublicKey::from_pem(public).unwrap());
    }
}

/// Made by OpenSSL 3.0: `openssl pkeyutl -sign -rawin -digest sm3 -pkeyopt distid:1234567812345678`.
#[test]
fn an_sm2_signature_of_openssl_verifies() {
    let key = PublicKey::from_pem(include_str!("../../tests/data/openssl-sm2.pub.pem")).unwrap();
    let signature = include_bytes!("../../tests/data/openssl-sm2.signature");
    assert_eq!(key.verify(b"message digest", signature), Ok(()));
}

#[test]
fn other_keys_and_forms_are_refused() {
    let secret = SecretKey::generate(Algorithm::Ed25519).unwrap();
    let public = secret.public().to_pem().unwrap();
    for bad in ["", "-----BEGIN PUBLIC KEY-----", &secret.to_pem().unwrap(), &"x".repeat(MAX_PEM_BYTES + 1)] {
        assert_eq!(PublicKey::from_pem(bad), Err(KeyError::Public));
    }
    assert_eq!(SecretKey::from_pem(&public).err(), Some(KeyError::Secret));
    // The point of order 1: it accepts a signature of zeros over anything.
    let weak = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n-----END PUBLIC KEY-----\n";
    assert_eq!(PublicKey::from_pem(weak), Err(KeyError::Weak));
    assert!("SM2".parse::<Algorithm>().is_err());
    assert!("ABCDEF".parse::<KeyId>().is_err());
}

fn keys() -> impl Strategy<Value = SecretKey> {
    (any::<bool>(), any::<[u8; 32]>()).prop_filter_map("no scalar", |(sm2, drawn)| {
        Some(SecretKey(if sm2 {
            Secret::Sm2(sm2::SecretKey::from_slice(&drawn).ok()?)
        } else {
            Secret::Ed25519(Box::new(ed25519_dalek::SigningKey::from_bytes(&drawn)))
        }))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn a_signature_is_its_messages_and_its_keys(key in keys(), other in keys(), message: Vec<u8>, at: prop::sample::Index, bit in 0..8) {
        let signature = key.sign(&message).unwrap();
        prop_assert_eq!(key.public().verify(&message, &signature), Ok(()));
        prop_assert!(other.public().verify(&message, &signature).is_err());
        let mut flipped = signature.clone();
        flipped[at.index(signature.len())] ^= 1u8 << bit;
        prop_assert!(key.public().verify(&message, &flipped).is_err());
        let longer = [message, vec![0]].concat();
        prop_assert!(key.public().verify(&longer, &signature).is_err());
    }

    #[test]
    fn noise_is_no_signature(key in keys(), noise in prop::collection::vec(any::<u8>(), 0..80)) {
        prop_assert!(key.public().verify(b"message", &noise).is_err());
    }
}
