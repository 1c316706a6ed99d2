//! The resource identifiers of QuakeML.

/// Whether `text` matches the pattern of the standard,
/// `(smi|quakeml):[\w\d][\w\d\-\.\*\(\)_~']{2,}/[\w\d\-\.\*\(\)_~'][\w\d\-\.\*\(\)\+\?_~'=,;#/&]*`.
pub fn is_valid(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("smi:").or_else(|| text.strip_prefix("quakeml:")) else {
        return false;
    };
    let Some((authority, resource)) = rest.split_once('/') else { return false };
    let plain = |c: char| c.is_alphanumeric() || "-.*()_~'".contains(c);
    let first = |part: &str, allowed: &dyn Fn(char) -> bool| part.chars().next().is_some_and(allowed);
    authority.chars().count() >= 3
        && first(authority, &|c| c.is_alphanumeric() || c == '_')
        && authority.chars().all(plain)
        && first(resource, &plain)
        && resource.chars().all(|c| plain(c) || "+?=,;#/&".contains(c))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_pattern_of_the_standard() {
        for (text, valid) in [
            ("smi:ch.ethz.sed/event/historical/1165", true),
            ("quakeml:earthquake.usgs.gov/fdsnws/event/1/query?eventid=us1&format=quakeml", true),
            ("smi:local/a", true),
            ("smi:cn.hunan/事件/1", true),
            ("smi:orig1", false),
            ("smi:ab/c", false),
            ("smi:-bc/d", false),
            ("smi:abc/", false),
            ("smi:abc//d", false),
            ("smi:abc/d e", false),
            ("smi:abc/d:e", false),
            ("SMI:abc/d", false),
            ("http://example.org/1", false),
            ("11", false),
            ("", false),
        ] {
            assert_eq!(super::is_valid(text), valid, "{text}");
        }
    }
}
