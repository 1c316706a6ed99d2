//! What people read of a warning.

use dongting_events::earthquake::Status;
use dongting_events::impact::County;
use dongting_events::warning::MsgType;
use jiff::tz::Offset;

use super::{Colour, Occasion};
use crate::decide::Change;
use crate::impact;
use crate::intensity::{roman, roman_letters};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    Chinese,
    English,
}

pub(super) struct Text<'a> {
    pub occasion: &'a Occasion<'a>,
    pub change: &'a Change,
    /// None where the county is no longer affected.
    pub county: Option<&'a County>,
    pub language: Language,
}

impl Language {
    pub(super) const fn tag(self) -> &'static str {
        match self {
            Self::Chinese => "zh-CN",
            Self::English => "en",
        }
    }
}

impl Text<'_> {
    pub(super) fn event(&self) -> &'static str {
        self.either("地震", "Earthquake")
    }

    pub(super) fn sender_name(&self) -> &str {
        let settings = self.occasion.settings;
        self.either(&settings.sender_name, &settings.sender_name_en)
    }

    pub(super) fn county_name(&self) -> &str {
        let (names, code) = (self.occasion.names, &self.change.county);
        self.either(names.zh(code), names.en(code))
    }

    /// As the warnings of the national platform put it: who, what, where, colour, grade.
    pub(super) fn headline(&self) -> String {
        let (sender, county) = (self.sender_name(), self.county_name());
        let colour = self.colour();
        match (self.language, self.change.msg_type) {
            (Language::Chinese, MsgType::Cancel) => format!("{sender}解除{county}地震{colour}预警"),
            (Language::Chinese, verb) => {
                let verb = if verb == MsgType::Update { "更新" } else { "发布" };
                format!("{sender}{verb}{county}地震{colour}预警[{}]", self.grade())
            }
            (Language::English, MsgType::Cancel) => {
                format!("{sender} lifts the {colour} earthquake warning for {county}")
            }
            (Language::English, MsgType::Update) => {
                format!("{sender} changes the earthquake warning for {county} to {colour} ({})", self.grade())
            }
            // The model acknowledges nothing and reports no errors.
            (Language::English, MsgType::Alert | MsgType::Ack | MsgType::Error) => {
                format!("{sender} issues a {colour} earthquake warning for {county} ({})", self.grade())
            }
        }
    }

    pub(super) fn description(&self) -> String {
        if self.change.msg_type == MsgType::Cancel { self.lifted() } else { self.raised() }
    }

    pub(super) const fn instruction(&self) -> &'static str {
        let (zh, en) = match (matches!(self.change.msg_type, MsgType::Cancel), self.change.level.colour) {
            (true, _) => (
                "预警解除，恢复正常值守；如有异常情况请及时报告。",
                "The warning is lifted. Return to normal duty; report anything unusual.",
            ),
            (_, Colour::Blue) => (
                "加强值守，核实震感和舆情，检查水库、矿山、危险化学品企业和地质灾害隐患点。",
                "Strengthen duty, find out what was felt, inspect reservoirs, mines, chemical plants and known landslide sites.",
            ),
            (_, Colour::Yellow) => (
                "立即核查房屋、水库、矿山、危险化学品企业和地质灾害隐患点受损情况，远离危旧房屋，防范余震。",
                "Check buildings, reservoirs, mines, chemical plants and landslide sites for damage at once. Keep away from weak houses; expect aftershocks.",
            ),
            (_, Colour::Orange) => (
                "立即组织险情排查和人员避险转移，救援队伍待命，保障通信、供电和道路，防范余震和次生灾害。",
                "Search for dangers and move people to safety at once. Rescue teams stand by; secure communications, power and roads. Expect aftershocks, landslides, fires and leaks.",
            ),
            (_, Colour::Red) => (
                "立即启动地震应急响应，全力搜救被困人员，疏散受损建筑内人员，转移安置群众，严防余震和次生灾害。",
                "Start the earthquake response. Search for trapped people, clear damaged buildings, move and shelter the population. Expect aftershocks, landslides, fires and leaks.",
            ),
        };
        match self.language {
            Language::Chinese => zh,
            Language::English => en,
        }
    }

    fn raised(&self) -> String {
        let (county, intensity) = (self.county_name(), self.change.level.intensity);
        let shares = self.shares();
        match self.language {
            Language::Chinese => format!(
                "{}。据模型估计，{county}烈度达{}度{}。各烈度区占{county}面积：{shares}。{}估计结果未经现场调查核实。",
                self.earthquake(),
                roman(intensity),
                self.in_places(),
                self.assumption(),
            ),
            Language::English => format!(
                "{}. By the model's estimate {county} has intensity {}{}. Shares of its area: {shares}. {}The estimate \
                 has not been checked on the ground.",
                self.earthquake(),
                roman_letters(intensity),
                self.in_places(),
                self.assumption(),
            ),
        }
    }

    fn lifted(&self) -> String {
        let county = self.county_name();
        if self.occasion.statement.status == Status::Deleted {
            return match self.language {
                Language::Chinese => {
                    format!("{}已撤销该地震，{county}的地震预警随之解除。", self.occasion.statement.agency)
                }
                Language::English => format!(
                    "{} has withdrawn this earthquake; the warning for {county} is lifted with it.",
                    self.occasion.statement.agency
                ),
            };
        }
        match self.language {
            Language::Chinese => {
                format!("{}。按修订后的地震参数估计，{county}的烈度低于预警标准。", self.earthquake())
            }
            Language::English => format!(
                "{}. By the revised parameters the intensity in {county} is below the threshold.",
                self.earthquake()
            ),
        }
    }

    /// Who measured what, when and where.
    fn earthquake(&self) -> String {
        let statement = self.occasion.statement;
        let origin = &statement.origin;
        let at = Offset::constant(8).to_datetime(self.occasion.origin_time);
        let (longitude, latitude) = (origin.longitude, origin.latitude);
        let (north, east) = (latitude >= 0.0, longitude >= 0.0);
        let magnitude = statement.magnitude.as_ref().map_or(0.0, |magnitude| magnitude.mag);
        let place = statement.place.as_deref().unwrap_or_default();
        let depth = origin.depth.map(|metres| (metres / 1000.0).round() + 0.0);
        match self.language {
            Language::Chinese => {
                let measured =
                    if statement.status == Status::Reviewed { "正式测定" } else { "自动测定" };
                let depth = depth.map(|km| format!("，震源深度{km}千米")).unwrap_or_default();
                format!(
                    "据{}{measured}，{}年{}月{}日{}时{:02}分{place}（{}{:.2}度，{}{:.2}度）发生{magnitude:.1}级地震{depth}",
                    statement.agency,
                    at.year(),
                    at.month(),
                    at.day(),
                    at.hour(),
                    at.minute(),
                    if north { "北纬" } else { "南纬" },
                    latitude.abs(),
                    if east { "东经" } else { "西经" },
                    longitude.abs(),
                )
            }
            Language::English => {
                let reviewed = if statement.status == Status::Reviewed { "reviewed" } else { "automatic" };
                let depth = depth.map(|km| format!(", depth {km} km")).unwrap_or_default();
                let place = if place.is_empty() { String::new() } else { format!(" at {place}") };
                format!(
                    "{} ({reviewed}): magnitude {magnitude:.1}{place} ({:.2}°{}, {:.2}°{}){depth}, {:04}-{:02}-{:02} {:02}:{:02} \
                     Beijing time",
                    statement.agency,
                    latitude.abs(),
                    if north { "N" } else { "S" },
                    longitude.abs(),
                    if east { "E" } else { "W" },
                    at.year(),
                    at.month(),
                    at.day(),
                    at.hour(),
                    at.minute(),
                )
            }
        }
    }

    fn shares(&self) -> String {
        let shares = self.county.map(|county| county.shares.as_slice()).unwrap_or_default();
        let one = |share: &dongting_events::impact::Share| {
            let percent = percent(share.area);
            match self.language {
                Language::Chinese => format!("{}度{percent}", roman(share.intensity)),
                Language::English => format!("{} {percent}", roman_letters(share.intensity)),
            }
        };
        shares.iter().map(one).collect::<Vec<String>>().join(self.either("，", ", "))
    }

    /// A degree that too little of the county lies in to be warned of.
    fn in_places(&self) -> String {
        let strongest = self.county.map_or(0, |county| county.intensity);
        match self.language {
            _ if strongest <= self.change.level.intensity => String::new(),
            Language::Chinese => format!("（局部{}度）", roman(strongest)),
            Language::English => format!(" ({} in places)", roman_letters(strongest)),
        }
    }

    fn assumption(&self) -> String {
        let kind =
            self.occasion.statement.magnitude.as_ref().filter(|magnitude| impact::is_assumed(magnitude));
        let Some(kind) = kind.and_then(|magnitude| magnitude.r#type.as_deref()) else { return String::new() };
        match self.language {
            Language::Chinese => format!("目录震级为{kind}，按面波震级使用。"),
            Language::English => format!("The magnitude, {kind}, was used as if it were Ms. "),
        }
    }

    fn colour(&self) -> &'static str {
        match self.change.level.colour {
            Colour::Blue => self.either("蓝色", "blue"),
            Colour::Yellow => self.either("黄色", "yellow"),
            Colour::Orange => self.either("橙色", "orange"),
            Colour::Red => self.either("红色", "red"),
        }
    }

    fn grade(&self) -> &'static str {
        match self.change.level.colour {
            Colour::Blue => self.either("Ⅳ级/一般", "grade IV"),
            Colour::Yellow => self.either("Ⅲ级/较重", "grade III"),
            Colour::Orange => self.either("Ⅱ级/严重", "grade II"),
            Colour::Red => self.either("Ⅰ级/特别严重", "grade I"),
        }
    }

    const fn either<'s>(&self, zh: &'s str, en: &'s str) -> &'s str {
        match self.language {
            Language::Chinese => zh,
            Language::English => en,
        }
    }
}

/// A county is never "0 %" in a degree it is in.
fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent < 1.0 { "<1%".into() } else { format!("{percent:.0}%") }
}
