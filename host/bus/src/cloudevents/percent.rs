//! Header values: section 3.1.3.2 of the binding.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// Beyond printable ASCII, which the crate encodes by itself, these three.
const ENCODED: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'%');

#[must_use]
pub fn encode(value: &str) -> String {
    utf8_percent_encode(value, ENCODED).to_string()
}

/// Bytes that [`encode`] makes of it.
#[must_use]
pub fn length(value: &str) -> usize {
    utf8_percent_encode(value, ENCODED).map(str::len).sum()
}

/// As much of the beginning of `value` as [`encode`] makes at most so many bytes of.
#[must_use]
pub fn cut(value: &str, bytes: usize) -> &str {
    let mut left = bytes;
    let end = value.char_indices().find_map(|(at, char)| {
        let taken = length(char.encode_utf8(&mut [0; 4]));
        let fits = left.checked_sub(taken);
        left = fits.unwrap_or_default();
        fits.is_none().then_some(at)
    });
    value.get(..end.unwrap_or(value.len())).unwrap_or(value)
}

/// Undoes double quotes (older senders write them), then percent-encoding, once. None where a `%` is not
/// followed by two hexadecimal digits, where the bytes are no UTF-8 (`%C0%A0` is an overlong space), or where
/// a quote stays open.
#[must_use]
pub fn decode(value: &str) -> Option<String> {
    let value = unquote(value.trim_matches([' ', '\t']))?;
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        let digits = byte != b'%'
            || (rest.next().is_some_and(|b| b.is_ascii_hexdigit())
                && rest.next().is_some_and(|b| b.is_ascii_hexdigit()));
        if !digits {
            return None;
        }
    }
    percent_encoding::percent_decode_str(&value).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

/// A value that is one quoted string, as RFC 7230 section 3.2.6 has it.
fn unquote(value: &str) -> Option<String> {
    let Some(quoted) = value.strip_prefix('"') else { return Some(value.to_owned()) };
    let mut text = String::with_capacity(quoted.len());
    let mut rest = quoted.chars();
    loop {
        match rest.next()? {
            '"' => return rest.next().is_none().then_some(text),
            '\\' => text.push(rest.next()?),
            other => text.push(other),
        }
    }
}
