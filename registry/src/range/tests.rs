use proptest::prelude::*;

use super::*;

#[test]
fn ranges_of_a_download() {
    let part = |first, last| Wanted::Part { first, last };
    for (header, size, meant) in [
        ("bytes=0-3", 10, part(0, 3)),
        ("bytes=4-", 10, part(4, 9)),
        ("bytes=-3", 10, part(7, 9)),
        ("bytes=-30", 10, part(0, 9)),
        ("bytes=9-99", 10, part(9, 9)),
        ("bytes=10-", 10, Wanted::Nothing),
        ("bytes=-0", 10, Wanted::Nothing),
        ("bytes=0-", 0, Wanted::Nothing),
        ("bytes=5-4", 10, Wanted::Whole),
        ("bytes=0-1,3-4", 10, Wanted::Whole),
        ("bytes=+1-2", 10, Wanted::Whole),
        ("bytes=-", 10, Wanted::Whole),
        ("lines=0-1", 10, Wanted::Whole),
        ("bytes=0-99999999999999999999", 10, Wanted::Whole),
    ] {
        assert_eq!(wanted(Some(header), size), meant, "{header} of {size}");
    }
    assert_eq!(wanted(None, 10), Wanted::Whole);
}

#[test]
fn ranges_of_a_chunk() {
    assert_eq!("0-1023".parse::<Chunk>().unwrap(), Chunk { first: 0, last: 1023 });
    assert_eq!("7-7".parse::<Chunk>().unwrap().size(), 1);
    for bad in ["", "-", "0", "0-", "-1", "2-1", "bytes 0-1/2", "0-1-2", "+0-1", "0-18446744073709551615"] {
        assert!(bad.parse::<Chunk>().is_err(), "{bad}");
    }
}

proptest! {
    #[test]
    fn a_part_lies_inside(header in "(bytes=)?[0-9+,-]{0,24}", size in 0u64..100) {
        if let Wanted::Part { first, last } = wanted(Some(&header), size) {
            prop_assert!(first <= last && last < size);
        }
        if let Ok(chunk) = header.parse::<Chunk>() {
            prop_assert!(chunk.first <= chunk.last && chunk.size() > 0);
        }
    }
}
