//! A page for a person: names to the left, what they stand for to the right.
//!
//! Much of it was written by strangers, and whoever reads it decides by it. So nothing in it moves the terminal's cursor, hides what stands
//! beside it, or turns the order of letters about.

#[derive(Default)]
pub struct Page(String);

impl Page {
    pub fn line(&mut self, name: &str, text: impl AsRef<str>) {
        self.0.push_str(format!("{name:<13} {}", harmless(text.as_ref())).trim_end());
        self.0.push('\n');
    }

    /// Nothing where there are none.
    pub fn lines(&mut self, name: &str, texts: impl Iterator<Item = String>) {
        for (at, text) in texts.enumerate() {
            self.line(if at == 0 { name } else { "" }, text);
        }
    }

    pub fn text(self) -> String {
        self.0
    }
}

fn harmless(text: &str) -> String {
    let turns = |c| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|c| if c.is_control() || turns(c) { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_stranger_wrote_stays_on_its_line() {
        let mut page = Page::default();
        page.line("note", "good\u{1b}[2K\rverdict       may run\nhere \u{202e}oN\u{9b}1A");
        page.lines("roles", ["decoder".to_owned(), "雨量站".to_owned()].into_iter());
        assert_eq!(
            page.text(),
            "note          good [2K verdict       may run here  oN 1A\nroles         decoder\n              雨量站\n"
        );
    }
}
