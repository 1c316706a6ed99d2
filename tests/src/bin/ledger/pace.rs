//! Whether what is made keeps up with what comes due.

use std::time::Instant;

/// How many of those that came due had something made for them, one for one and not before they were due. What is made beyond that is of a
/// backlog and counts for nothing. Both are in their order.
pub fn kept(due: &[Instant], made: &[Instant]) -> u64 {
    let mut due = due.iter().peekable();
    let (mut waiting, mut kept) = (0_u64, 0);
    for made in made {
        while due.next_if(|due| *due <= made).is_some() {
            waiting += 1;
        }
        if waiting > 0 {
            waiting -= 1;
            kept += 1;
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_backlog_makes_up_for_nothing() {
        let start = Instant::now();
        let at = |millis: &[u64]| -> Vec<Instant> {
            millis.iter().map(|millis| start + Duration::from_millis(*millis)).collect()
        };
        let due = at(&[10, 20, 30, 40]);
        assert_eq!(kept(&due, &at(&[12, 22, 32, 42])), 4);
        assert_eq!(kept(&due, &at(&[5, 15, 25, 35])), 3, "the first is of one from before");
        assert_eq!(kept(&due, &at(&[41, 42, 43, 44, 45])), 4, "a stall that is made up for");
        assert_eq!(kept(&due, &at(&[1, 2, 3, 4, 5, 6, 7, 8, 11])), 1, "a backlog, and then nothing");
        assert_eq!(kept(&due, &at(&[12, 13, 14, 22, 23, 32, 33])), 3, "more at each than came due");
        assert_eq!((kept(&due, &[]), kept(&[], &due)), (0, 0));
    }
}
