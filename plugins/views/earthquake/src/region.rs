//! GB/T 2260 codes: two digits each for province, city, county.

/// Where an epicentre outside the province is filed.
pub const OUTSIDE: &str = "000000";

/// Whether `code` is `region` or lies in it. Everything lies in `000000`.
#[must_use]
pub fn contains(region: &str, code: &str) -> bool {
    let mut significant = region;
    while let Some(shorter) = significant.strip_suffix("00").filter(|_| significant.len().is_multiple_of(2)) {
        significant = shorter;
    }
    code.starts_with(significant)
}

#[cfg(test)]
mod tests {
    use super::contains;

    #[test]
    fn counties_lie_in_their_city_and_province() {
        assert!(contains("430000", "430703") && contains("430700", "430703") && contains("430703", "430703"));
        assert!(
            !contains("430700", "430102") && !contains("430703", "430702") && !contains("430703", "430700")
        );
        // A city whose own digits end in a nought.
        assert!(
            contains("431000", "431002") && !contains("431000", "430102") && !contains("431000", "431102")
        );
        assert!(contains("000000", "430703") && contains("", "430703"));
    }
}
