//! The documents that every decoder must bear: made of nothing, of noise, and of good ones. Pure.

use super::random::Random;
use super::{Bounds, Golden};

/// A document, what it is, and a line of shell that makes it again as `input.bin`.
pub struct Case {
    pub name: String,
    pub recipe: String,
    pub body: Vec<u8>,
}

pub fn empty() -> Case {
    Case { name: "an empty document".to_owned(), recipe: ": > input.bin".to_owned(), body: Vec::new() }
}

pub fn one_byte() -> impl Iterator<Item = Case> {
    (0..=u8::MAX).map(|byte| Case {
        name: format!("the one byte 0x{byte:02x}"),
        recipe: format!("printf '\\{byte:03o}' > input.bin"),
        body: vec![byte],
    })
}

/// Cut off at every length within the edges, and at some between.
pub fn truncated<'g>(golden: &'g Golden, bounds: &Bounds) -> impl Iterator<Item = Case> + use<'g> {
    places(golden.body.len(), bounds).into_iter().map(|length| Case {
        name: format!("{} cut off after {length} bytes", golden.name),
        recipe: format!("head -c {length} {} > input.bin", golden.quoted()),
        body: golden.body.get(..length).unwrap_or_default().to_vec(),
    })
}

/// Each byte within the edges turned over, and some between; and one bit of each.
pub fn flipped<'g>(golden: &'g Golden, bounds: &Bounds) -> impl Iterator<Item = Case> + use<'g> {
    let mut random = Random::new(bounds.seed, &golden.name);
    places(golden.body.len(), bounds).into_iter().flat_map(move |at| {
        let bit = 1u8 << random.below(8);
        [0xff, bit].map(|mask| {
            let mut body = golden.body.clone();
            let byte = body.get_mut(at).map_or(0, |byte| {
                *byte ^= mask;
                *byte
            });
            Case {
                name: format!("{} with byte {at} made 0x{byte:02x}", golden.name),
                recipe: format!(
                    "cp {} input.bin; printf '\\{byte:03o}' | dd of=input.bin bs=1 seek={at} conv=notrunc",
                    golden.quoted()
                ),
                body,
            }
        })
    })
}

/// Noise of bytes, of printable characters, and behind the beginning of each good document, which a parser takes for one of its own.
pub fn noise<'g>(goldens: &'g [Golden], bounds: &Bounds) -> impl Iterator<Item = Case> + use<'g> {
    let (seed, bytes) = (bounds.seed, bounds.noise_bytes);
    let case = move |name: String, body: Vec<u8>| Case {
        name: format!("{bytes} bytes of noise {name} (seed {seed})"),
        recipe: format!("the check with the seed {seed} makes it again and saves it as input.bin"),
        body,
    };
    let raw = Random::new(seed, "bytes").bytes(bytes);
    let printable = |raw: &[u8]| raw.iter().map(|byte| b' ' + byte % 95).collect::<Vec<u8>>();
    let text = printable(&Random::new(seed, "text").bytes(bytes));
    let alone = [case("from the whole range".to_owned(), raw), case("that can be printed".to_owned(), text)];
    let behind = goldens.iter().map(move |golden| {
        let begin = golden.body.get(..64.min(golden.body.len())).unwrap_or_default();
        let noise = printable(&Random::new(seed, &golden.name).bytes(bytes));
        case(format!("behind the beginning of {}", golden.name), [begin, &noise].concat())
    });
    alone.into_iter().chain(behind)
}

/// Every place within the edges and some between: never more than two edges and `between`.
fn places(length: usize, bounds: &Bounds) -> Vec<usize> {
    let (head, tail) = (bounds.edge.min(length), length.saturating_sub(bounds.edge));
    let mut places: Vec<usize> = (0..head).collect();
    if let Some(middle) = tail.checked_sub(head).filter(|middle| *middle > 0) {
        let step = middle.div_ceil(bounds.between.max(1));
        places.extend((head..tail).step_by(step));
    }
    places.extend(tail.max(head)..length);
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_cover_the_edges_and_are_bounded() {
        let bounds = Bounds { edge: 10, between: 4, ..Bounds::default() };
        assert_eq!(places(0, &bounds), Vec::<usize>::new());
        assert_eq!(places(15, &bounds), (0..15).collect::<Vec<_>>());
        let long = places(1_000_000, &bounds);
        assert_eq!(long.len(), 24);
        assert!(long.is_sorted() && long[..10] == *(0..10).collect::<Vec<_>>());
        assert_eq!(long[14..], *(999_990..1_000_000).collect::<Vec<_>>());
    }

    #[test]
    fn the_same_seed_makes_the_same_documents() {
        let golden = Golden { name: "g".into(), content_type: None, path: None, body: b"hello".to_vec() };
        let made = |seed| -> Vec<Vec<u8>> {
            let bounds = Bounds { seed, noise_bytes: 100, ..Bounds::default() };
            let noise: Vec<Case> = noise(std::slice::from_ref(&golden), &bounds).collect();
            assert!(noise.iter().all(|case| case.body.len() >= 100));
            flipped(&golden, &bounds).chain(noise).map(|case| case.body).collect()
        };
        assert_eq!(made(1), made(1));
        assert_ne!(made(1), made(2));
        let bounds = Bounds::default();
        assert_eq!(truncated(&golden, &bounds).count(), 5);
        assert!(flipped(&golden, &bounds).all(|case| case.body != golden.body && case.body.len() == 5));
        assert_eq!(one_byte().count(), 256);
    }
}
