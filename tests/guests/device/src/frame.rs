//! The device's protocol, pure. A frame is the payload's length (16 bits), a number (32 bits), the payload and a checksum (16 bits), all
//! big-endian. The first frame of a connection has the number 0 and names the device.

const HEAD_BYTES: usize = 6;
const CHECK_BYTES: usize = 2;
/// A longer payload is none: the stream is out of step.
pub const MAX_PAYLOAD_BYTES: usize = 1024;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    pub number: u32,
    pub payload: Vec<u8>,
}

/// What stands at the beginning of a buffer.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    Frame(Frame),
    /// Its number may be wrong like the rest of it.
    Spoiled {
        number: u32,
        raw: Vec<u8>,
    },
    /// No frame can begin like this.
    Nonsense,
}

impl Frame {
    #[must_use]
    pub fn new(number: u32, payload: impl Into<Vec<u8>>) -> Self {
        Self { number, payload: payload.into() }
    }

    #[must_use]
    pub fn written(&self) -> Vec<u8> {
        let length = u16::try_from(self.payload.len()).unwrap_or(u16::MAX);
        let mut bytes = length.to_be_bytes().to_vec();
        bytes.extend(self.number.to_be_bytes());
        bytes.extend(&self.payload);
        let check = check(&bytes);
        bytes.extend(check.to_be_bytes());
        bytes
    }
}

/// Takes what is whole from the beginning of the buffer; none where more must come first.
pub fn next(buffer: &mut Vec<u8>) -> Option<Found> {
    let (length, rest) = buffer.split_first_chunk::<2>()?;
    let length = usize::from(u16::from_be_bytes(*length));
    if length == 0 || length > MAX_PAYLOAD_BYTES {
        return Some(Found::Nonsense);
    }
    let number = u32::from_be_bytes(*rest.first_chunk::<4>()?);
    let checked = HEAD_BYTES + length;
    let whole = buffer.get(..checked + CHECK_BYTES)?;
    let (body, told) = whole.split_last_chunk::<CHECK_BYTES>()?;
    let found = if check(body) == u16::from_be_bytes(*told) {
        Found::Frame(Frame::new(number, body.get(HEAD_BYTES..)?))
    } else {
        Found::Spoiled { number, raw: whole.to_vec() }
    };
    buffer.drain(..checked + CHECK_BYTES);
    Some(found)
}

/// A letter and a number: `A` has it, `N` wants it again, `H` is there.
#[must_use]
pub fn answer(letter: u8, number: u32) -> [u8; 5] {
    let [a, b, c, d] = number.to_be_bytes();
    [letter, a, b, c, d]
}

fn check(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xACE1, |sum: u16, byte| sum.rotate_left(3) ^ u16::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_found_however_they_come() {
        let (one, two) = (Frame::new(0, *b"hello"), Frame::new(7, *b"{\"mm\":1}"));
        let stream = [one.written(), two.written()].concat();
        for cut in 1..stream.len() {
            let (mut buffer, mut found) = (Vec::new(), Vec::new());
            for piece in [&stream[..cut], &stream[cut..]] {
                buffer.extend(piece);
                found.extend(std::iter::from_fn(|| next(&mut buffer)));
            }
            assert_eq!(found, [Found::Frame(one.clone()), Found::Frame(two.clone())], "cut at {cut}");
            assert!(buffer.is_empty());
        }
    }

    #[test]
    fn what_is_wrong_is_told() {
        let mut spoiled = Frame::new(7, *b"12.5").written();
        spoiled[6] ^= 1;
        let raw = spoiled.clone();
        assert_eq!(next(&mut spoiled), Some(Found::Spoiled { number: 7, raw }));
        for nonsense in [[0, 0, 0], [0xff, 0xff, 0]] {
            assert_eq!(next(&mut nonsense.to_vec()), Some(Found::Nonsense));
        }
        assert_eq!((next(&mut Vec::new()), next(&mut vec![0])), (None, None));
    }
}
