//! Names: the token alphabet of subjects and the forms that other identifiers must have.

/// Whether `text` is a subject token: `[a-z0-9-]{1,32}`. A lone `-` means "none" in a subject and is no name.
#[must_use]
pub fn is_token(text: &str) -> bool {
    (1..=32).contains(&text.len())
        && text != "-"
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// Whether `text` is a message type: dotted lower-case tokens that end in `.v<number>`, at most 128 characters.
#[must_use]
pub fn is_message_type(text: &str) -> bool {
    let Some((head, version)) = text.rsplit_once(".v") else { return false };
    text.len() <= 128
        && !version.is_empty()
        && version.bytes().all(|b| b.is_ascii_digit())
        && head.split('.').all(is_token)
}

/// Whether `text` may name a CloudEvents extension attribute: `[a-z0-9]{1,20}`.
#[must_use]
pub fn is_extension(text: &str) -> bool {
    (1..=20).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens() {
        for good in ["water", "a", "0", "hot-spot", &"a".repeat(32)] {
            assert!(is_token(good), "{good}");
        }
        for bad in ["", "-", "Water", "a.b", "a*", ">", "水", "a b", &"a".repeat(33)] {
            assert!(!is_token(bad), "{bad}");
        }
    }

    #[test]
    fn message_types() {
        for good in ["em.earthquake.observation.v1", "a.v12"] {
            assert!(is_message_type(good), "{good}");
        }
        for bad in ["", "v1", ".v1", "em.earthquake", "em..x.v1", "em.x.v", "em.x.v1a", "Em.x.v1"] {
            assert!(!is_message_type(bad), "{bad}");
        }
    }
}
