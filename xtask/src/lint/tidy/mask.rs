//! Blanks comments and the contents of strings, so that rules see code only. A pattern
//! inside a template literal's expression is not seen.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    Rust,
    TypeScript,
}

/// The same text, line for line, with spaces where comments and strings were.
pub fn code(text: &str, language: Language) -> String {
    let mut rest = text;
    let mut code = String::with_capacity(text.len());
    while let Some(first) = rest.chars().next() {
        let hidden = hidden_length(rest, code.chars().next_back(), language);
        if hidden == 0 {
            code.push(first);
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
        } else {
            let (part, after) = rest.split_at_checked(hidden).unwrap_or((rest, ""));
            code.extend(part.chars().map(|letter| if letter == '\n' { '\n' } else { ' ' }));
            rest = after;
        }
    }
    code
}

/// How many bytes of a comment or literal begin here; none in the midst of code.
fn hidden_length(rest: &str, before: Option<char>, language: Language) -> usize {
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return block_comment(rest);
    }
    let in_word = before.is_some_and(|letter| letter.is_alphanumeric() || letter == '_');
    if language == Language::Rust
        && !in_word
        && let Some(length) = raw_string(rest)
    {
        return length;
    }
    match rest.chars().next() {
        Some('"') => quoted(rest, '"'),
        Some('`') if language == Language::TypeScript => quoted(rest, '`'),
        Some('\'') if !in_word => apostrophe(rest, language),
        _ => 0,
    }
}

fn block_comment(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(part) = rest.get(at..).filter(|part| !part.is_empty()) {
        if part.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if part.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += part.chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

/// `r"…"`, `r#"…"#` and the same of bytes.
fn raw_string(rest: &str) -> Option<usize> {
    let start = rest.strip_prefix("br").or_else(|| rest.strip_prefix('r'))?;
    let hashes = start.len() - start.trim_start_matches('#').len();
    let body = start.get(hashes..)?.strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let length = body.find(&end).map_or(body.len(), |at| at + end.len());
    Some(rest.len() - body.len() + length)
}

fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, letter) in rest.char_indices().skip(1) {
        if !escaped && letter == quote {
            return at + quote.len_utf8();
        }
        escaped = !escaped && letter == '\\';
    }
    rest.len()
}

/// In Rust a character, or no literal at all but a lifetime; in TypeScript a string, which ends with its line.
fn apostrophe(rest: &str, language: Language) -> usize {
    let line = rest.split('\n').next().unwrap_or_default();
    let mut letters = line.chars().skip(1);
    match (language, letters.next(), letters.next()) {
        (Language::Rust, Some('\\'), _) | (Language::TypeScript, _, _) => quoted(line, '\''),
        (Language::Rust, Some(letter), Some('\'')) => letter.len_utf8() + 2,
        (Language::Rust, _, _) => 0,
    }
}
