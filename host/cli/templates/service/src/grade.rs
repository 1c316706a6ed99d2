//! Grades of rain after GB/T 28592-2012.

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    Trace,
    Light,
    Moderate,
    Heavy,
    Storm,
    SevereStorm,
    ExtremeStorm,
}

const GRADES: [Grade; 7] = [
    Grade::Trace,
    Grade::Light,
    Grade::Moderate,
    Grade::Heavy,
    Grade::Storm,
    Grade::SevereStorm,
    Grade::ExtremeStorm,
];

/// Millimetres at which each grade after `Trace` begins.
const IN_12_HOURS: [f64; 6] = [0.1, 5.0, 15.0, 30.0, 70.0, 140.0];
const IN_24_HOURS: [f64; 6] = [0.1, 10.0, 25.0, 50.0, 100.0, 250.0];

impl Grade {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Trace => "微量降雨",
            Self::Light => "小雨",
            Self::Moderate => "中雨",
            Self::Heavy => "大雨",
            Self::Storm => "暴雨",
            Self::SevereStorm => "大暴雨",
            Self::ExtremeStorm => "特大暴雨",
        }
    }

    /// The standard knows 12 and 24 hours. The error is a sentence for whoever asked.
    pub fn of(millimetres: f64, hours: u32) -> Result<Self, String> {
        let begins = match hours {
            12 => IN_12_HOURS,
            24 => IN_24_HOURS,
            _ => {
                return Err(format!(
                    "the standard has grades for 12 and 24 hours, not for {hours}"
                ));
            }
        };
        if !(0.0..=3_000.0).contains(&millimetres) {
            return Err(format!("{millimetres} mm cannot be"));
        }
        let reached = begins.iter().filter(|begin| millimetres >= **begin).count();
        GRADES
            .get(reached)
            .copied()
            .ok_or_else(|| "there is no such grade".to_owned())
    }
}

/// Reads `mm=60&hours=24`; 24 hours where none are given.
pub fn asked(query: &str) -> Result<(Grade, u32), String> {
    let mut millimetres = None;
    let mut hours = 24;
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        match name {
            "mm" => {
                millimetres = Some(
                    value
                        .parse()
                        .map_err(|_| format!("mm: `{value}` is no number"))?,
                )
            }
            "hours" => {
                hours = value
                    .parse()
                    .map_err(|_| format!("hours: `{value}` is no number"))?
            }
            _ => return Err(format!("`{name}` is not understood: mm and hours are")),
        }
    }
    let millimetres = millimetres.ok_or("say how much rain: mm=60")?;
    Ok((Grade::of(millimetres, hours)?, hours))
}
