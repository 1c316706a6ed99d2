//! NATS subjects: `em.<province>.<city>.<district>.<domain>.<kind>.<detail>`, and the filters that an installation
//! listens on.

use std::fmt;
use std::str::FromStr;

use crate::name::is_token;
use crate::region::Level;
use crate::{Kind, Region};

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Subject {
    pub region: Region,
    pub domain: String,
    pub kind: Kind,
    pub detail: Option<String>,
}

#[derive(Debug, thiserror::Error)]
#[error(
    "`{0}` is not a subject: em.<province>.<city>.<district>.<domain>.<kind>.<detail>, region as three two-digit tokens, `-` where there is no detail"
)]
pub struct SubjectError(String);

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [p, c, d] = self.region.digits();
        let detail = self.detail.as_deref().unwrap_or("-");
        write!(f, "em.{p:02}.{c:02}.{d:02}.{}.{}.{detail}", self.domain, self.kind)
    }
}

impl FromStr for Subject {
    type Err = SubjectError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).ok_or_else(|| SubjectError(text.chars().take(256).collect()))
    }
}

/// The filters of everything that concerns `region`: what lies in it, itself, and its ancestors. None of them overlap, which
/// JetStream demands of one consumer.
#[must_use]
pub fn filters(region: Region, domain: &str, kind: Kind, detail: Option<&str>) -> Vec<String> {
    let [p, c, d] = region.digits();
    let own = match region.level() {
        Level::Outside => "00.00.00".to_owned(),
        Level::Province => format!("{p:02}.*.*"),
        Level::City => format!("{p:02}.{c:02}.*"),
        Level::County => format!("{p:02}.{c:02}.{d:02}"),
    };
    let above = region.ancestors().map(|ancestor| {
        let [p, c, d] = ancestor.digits();
        format!("{p:02}.{c:02}.{d:02}")
    });
    let detail = detail.unwrap_or("*");
    std::iter::once(own).chain(above).map(|place| format!("em.{place}.{domain}.{kind}.{detail}")).collect()
}

/// Takes out every filter that another one covers and refuses, by naming them, two that overlap without one covering the other.
pub fn normalise(mut filters: Vec<String>) -> Result<Vec<String>, (String, String)> {
    filters.sort();
    filters.dedup();
    let covered: Vec<bool> = filters
        .iter()
        .map(|inner| filters.iter().any(|outer| outer != inner && covers(outer, inner)))
        .collect();
    let mut kept: Vec<String> = Vec::with_capacity(filters.len());
    for (filter, covered) in filters.into_iter().zip(covered) {
        if covered {
            continue;
        }
        if let Some(other) = kept.iter().find(|other| overlap(other, &filter)) {
            return Err((other.clone(), filter));
        }
        kept.push(filter);
    }
    Ok(kept)
}

/// Whether `filter` (with `*` for one token) matches `subject`.
#[must_use]
pub fn matches(filter: &str, subject: &str) -> bool {
    covers(filter, subject)
}

fn covers(outer: &str, inner: &str) -> bool {
    pairs(outer, inner).is_some_and(|mut pairs| pairs.all(|(o, i)| o == "*" || o == i))
}

fn overlap(a: &str, b: &str) -> bool {
    pairs(a, b).is_some_and(|mut pairs| pairs.all(|(a, b)| a == "*" || b == "*" || a == b))
}

fn pairs<'t>(a: &'t str, b: &'t str) -> Option<impl Iterator<Item = (&'t str, &'t str)>> {
    (a.split('.').count() == b.split('.').count()).then(|| a.split('.').zip(b.split('.')))
}

fn parse(text: &str) -> Option<Subject> {
    let mut tokens = text.split('.');
    if tokens.next()? != "em" {
        return None;
    }
    let mut digits = || -> Option<u8> {
        let token = tokens.next()?;
        (token.len() == 2 && token.bytes().all(|b| b.is_ascii_digit())).then(|| token.parse().ok())?
    };
    let region = Region::from_digits([digits()?, digits()?, digits()?])?;
    let domain = tokens.next().filter(|token| is_token(token))?.to_owned();
    let kind = tokens.next()?.parse().ok()?;
    let detail = match tokens.next()? {
        "-" => None,
        token => Some(is_token(token).then(|| token.to_owned())?),
    };
    tokens.next().is_none().then_some(Subject { region, domain, kind, detail })
}

#[cfg(test)]
mod tests;
