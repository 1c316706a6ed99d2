//! Words and phrases in both languages of the portal.

use dongting_events::earthquake::{Magnitude, Status};
use dongting_events::feedback::Answer;
use dongting_events::warning;
use dongting_sdk::views::{Kind, Language, Level};

/// Longest piece of text taken over from a message.
const MAX_CHARS: usize = 120;

/// Writes in one of the languages.
#[derive(Debug, Clone, Copy)]
pub struct Text {
    language: Language,
}

impl Text {
    #[must_use]
    pub const fn of(language: Language) -> Self {
        Self { language }
    }

    #[must_use]
    pub const fn either<'s>(self, zh: &'s str, en: &'s str) -> &'s str {
        match self.language {
            Language::Zh => zh,
            Language::En => en,
        }
    }

    #[must_use]
    pub fn own(self, zh: &str, en: &str) -> String {
        self.either(zh, en).to_owned()
    }

    #[must_use]
    pub const fn is_chinese(self) -> bool {
        matches!(self.language, Language::Zh)
    }

    #[must_use]
    pub const fn colour(self, level: Level) -> &'static str {
        match level {
            Level::None => self.either("未定级", "no colour"),
            Level::Blue => self.either("蓝色", "Blue"),
            Level::Yellow => self.either("黄色", "Yellow"),
            Level::Orange => self.either("橙色", "Orange"),
            Level::Red => self.either("红色", "Red"),
        }
    }

    /// `Ⅶ度`, `VII`.
    #[must_use]
    pub fn degree(self, degree: u8) -> String {
        let (zh, en) = match degree {
            0 | 1 => ("Ⅰ", "I"),
            2 => ("Ⅱ", "II"),
            3 => ("Ⅲ", "III"),
            4 => ("Ⅳ", "IV"),
            5 => ("Ⅴ", "V"),
            6 => ("Ⅵ", "VI"),
            7 => ("Ⅶ", "VII"),
            8 => ("Ⅷ", "VIII"),
            9 => ("Ⅸ", "IX"),
            10 => ("Ⅹ", "X"),
            11 => ("Ⅺ", "XI"),
            _ => ("Ⅻ", "XII"),
        };
        if self.is_chinese() { format!("{zh}度") } else { en.to_owned() }
    }

    #[must_use]
    pub const fn status(self, status: Status) -> &'static str {
        match status {
            Status::Automatic => self.either("自动测定", "Automatic"),
            Status::Reviewed => self.either("正式测定", "Reviewed"),
            Status::Deleted => self.either("已撤销", "Withdrawn"),
        }
    }

    #[must_use]
    pub const fn answer(self, answer: Answer) -> &'static str {
        match answer {
            Answer::Received => self.either("已确认", "acknowledged"),
            Answer::Doing => self.either("正在处置", "is acting on"),
            Answer::Done => self.either("已处置", "has dealt with"),
            Answer::Unable => self.either("无法处置", "cannot deal with"),
        }
    }

    /// Of a warning that is not for real; none for one that is.
    #[must_use]
    pub const fn rehearsal(self, status: warning::Status) -> Option<&'static str> {
        match status {
            warning::Status::Actual => None,
            warning::Status::Exercise => Some(self.either("演练", "EXERCISE")),
            warning::Status::System | warning::Status::Test => Some(self.either("测试", "TEST")),
            warning::Status::Draft => Some(self.either("草稿", "DRAFT")),
        }
    }

    #[must_use]
    pub const fn messages(self, kind: Kind) -> &'static str {
        match kind {
            Kind::Observation => self.either("地震目录", "catalogue statements"),
            Kind::Assessment => self.either("影响评估", "impact assessments"),
            Kind::Warning => self.either("预警", "warnings"),
            Kind::Status => self.either("目录完整性说明", "statements of how far the catalogue is complete"),
            _ => self.either("反馈", "acknowledgements"),
        }
    }

    /// `Ms 5.1`.
    #[must_use]
    pub fn magnitude(self, magnitude: Option<&Magnitude>) -> String {
        magnitude.map_or_else(
            || self.own("震级未定", "magnitude pending"),
            |magnitude| {
                let kind = magnitude.r#type.as_deref().filter(|kind| !kind.is_empty()).unwrap_or("M");
                format!("{} {:.1}", line(kind), magnitude.mag)
            },
        )
    }

    /// `Ms 5.1 湖南常德市鼎城区`.
    #[must_use]
    pub fn earthquake(self, magnitude: Option<&Magnitude>, place: &str) -> String {
        format!("{} {place}", self.magnitude(magnitude)).trim_end().to_owned()
    }

    /// A part of 1, in percent. A county is never "0 %" in a degree it is in.
    #[must_use]
    pub fn percent(self, share: f64) -> String {
        let percent = (share * 100.0).clamp(0.0, 100.0);
        if percent < 1.0 { "<1%".into() } else { format!("{percent:.0}%") }
    }

    /// `红色 1、蓝色 9`; levels of which there are none are left out.
    #[must_use]
    pub fn tally(self, levels: impl Iterator<Item = Level> + Clone) -> String {
        let counted = crate::level::COLOURS.iter().filter_map(|colour| {
            let count = levels.clone().filter(|level| level == colour).count();
            (count > 0).then(|| format!("{} {count}", self.colour(*colour)))
        });
        counted.collect::<Vec<String>>().join(self.either("、", ", "))
    }
}

/// One line of at most `MAX_CHARS` characters out of text that somebody else wrote: no control characters, none that turn
/// the direction of writing or hide.
#[must_use]
pub fn line(text: &str) -> String {
    let visible = text.chars().map(|c| if c.is_control() { ' ' } else { c }).filter(|c| !is_hidden(*c));
    let visible: String = visible.collect();
    let words: Vec<&str> = visible.split_whitespace().collect();
    let line = words.join(" ");
    if line.chars().count() <= MAX_CHARS {
        return line;
    }
    line.chars().take(MAX_CHARS - 1).chain(std::iter::once('…')).collect()
}

/// Marks of direction, joiners and the byte order mark.
const fn is_hidden(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_others_are_made_harmless() {
        assert_eq!(line("  a\u{0}b\n\tc\u{202e}d \u{feff}"), "a b cd");
        assert_eq!(line(&"长".repeat(500)).chars().count(), MAX_CHARS);
        assert_eq!(line("湖南常德市鼎城区"), "湖南常德市鼎城区");
    }

    #[test]
    fn numbers_are_written_as_people_read_them() {
        let (zh, en) = (Text::of(Language::Zh), Text::of(Language::En));
        let magnitude = Magnitude { mag: 5.04, r#type: Some("Ms".into()) };
        assert_eq!(zh.earthquake(Some(&magnitude), "鼎城区"), "Ms 5.0 鼎城区");
        assert_eq!(en.earthquake(None, ""), "magnitude pending");
        assert_eq!((zh.degree(7), en.degree(7)), ("Ⅶ度".to_owned(), "VII".to_owned()));
        assert_eq!(zh.percent(0.004), "<1%");
        assert_eq!(zh.percent(0.615), "62%");
        let levels = [Level::Blue, Level::Red, Level::Blue];
        assert_eq!(zh.tally(levels.into_iter()), "红色 1、蓝色 2");
        assert_eq!(en.tally(levels.into_iter()), "Red 1, Blue 2");
    }
}
