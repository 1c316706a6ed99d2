//! The counties' names, from the attachment `regions`: CSV of code, Chinese name, English name.

use std::collections::BTreeMap;

/// All of China has under 4,000 regions.
const MAX_ROWS: usize = 10_000;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names(BTreeMap<String, [String; 2]>);

impl Names {
    /// A first line that begins with `code` is the header. The sentence says which line is wrong.
    pub fn from_csv(bytes: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(bytes).map_err(|_| "the names are not UTF-8")?;
        let mut names = BTreeMap::new();
        for (line, row) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
            if row.trim().is_empty() || (line == 1 && row.starts_with("code")) {
                continue;
            }
            let mut fields = row.split(',').map(str::trim);
            let (Some(code), Some(zh), Some(en), None) =
                (fields.next(), fields.next(), fields.next(), fields.next())
            else {
                return Err(format!("names, line {line}: not code, Chinese name, English name"));
            };
            names.insert(code.to_owned(), [zh.to_owned(), en.to_owned()]);
            if line > MAX_ROWS {
                return Err(format!("names: over {MAX_ROWS} lines"));
            }
        }
        Ok(Self(names))
    }

    /// The code itself where there is no name.
    #[must_use]
    pub fn zh<'n>(&'n self, code: &'n str) -> &'n str {
        self.0.get(code).map_or(code, |[zh, _]| zh)
    }

    #[must_use]
    pub fn en<'n>(&'n self, code: &'n str) -> &'n str {
        self.0.get(code).map_or(code, |[_, en]| en)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn names_and_codes() {
        let names = Names::from_csv("\u{feff}code,zh,en\r\n430702,武陵区,Wuling District\r\n\r\n".as_bytes())
            .unwrap();
        assert_eq!(names.zh("430702"), "武陵区");
        assert_eq!(names.en("430702"), "Wuling District");
        assert_eq!(names.zh("430703"), "430703");
        let wrong = |bytes: &[u8]| Names::from_csv(bytes).unwrap_err();
        assert!(wrong("430702,武陵区".as_bytes()).contains("line 1"));
        assert!(wrong("430702,武陵区,a\n430703,\"a,b\",c".as_bytes()).contains("line 2"));
        assert!(wrong(&[0xB3, 0xA3]).contains("UTF-8"));
        assert!(wrong("1,a,b\n".repeat(10_002).as_bytes()).contains("over 10000 lines"));
    }
}
