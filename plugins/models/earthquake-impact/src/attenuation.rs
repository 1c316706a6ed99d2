//! Ground motion by distance, for each axis of the isoseismal ellipse: Yu Yanxiang, Li Shanyou, Xiao Liang (2013), the
//! relations behind the zonation map GB 18306-2015:
//!
//! ln A = a + b·Ms + c·ln(R + d·exp(e·Ms))
//!
//! A is the peak acceleration (cm/s²) or velocity (cm/s) on rock, horizontal; R the epicentral distance (km) along the axis;
//! a and b change at Ms 6.5. The depth of the focus is not in them: they are fitted to shallow crustal earthquakes.
//!
//! Each axis is evaluated by itself and the ellipse is drawn through both. (OpenQuake's `yu_2013` instead combines
//! the logarithms of both axes as if they were radii, and its verification table has motion that grows with distance.)

use serde::{Deserialize, Serialize};

/// Yu et al. give one pair of a and b up to here and another above.
const LARGE: f64 = 6.5;

/// Acceleration and, where known, velocity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coefficients {
    pub pga: Motion,
    #[serde(default)]
    pub pgv: Option<Motion>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Motion {
    pub major: Axis,
    pub minor: Axis,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Axis {
    pub a: f64,
    pub b: f64,
    /// `a` and `b` above Ms 6.5.
    pub a_large: f64,
    pub b_large: f64,
    pub c: f64,
    pub d: f64,
    pub e: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Along {
    Major,
    Minor,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Zone {
    /// 中强地震区, the moderate zone that Hunan lies in.
    Stable,
    /// 东部强震区.
    East,
}

impl Zone {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stable => "stable",
            Self::East => "east",
        }
    }

    /// As tabulated by OpenQuake (`hazardlib/gsim/yu_2013.py`), which is where they can be read without the paper.
    #[must_use]
    pub const fn coefficients(self) -> Coefficients {
        match self {
            Self::Stable => Coefficients {
                pga: Motion {
                    major: axis([5.5591, 1.1454], [8.5238, 0.6854], [-2.079, 2.802, 0.295]),
                    minor: axis([3.9445, 1.0833], [6.187, 0.7383], [-1.723, 1.295, 0.331]),
                },
                pgv: Some(Motion {
                    major: axis([0.2139, 1.4283], [3.772, 0.8786], [-1.889, 2.802, 0.295]),
                    minor: axis([-1.3547, 1.3823], [1.5433, 0.9361], [-1.559, 1.295, 0.331]),
                }),
            },
            Self::East => Coefficients {
                pga: Motion {
                    major: axis([4.5517, 1.5433], [8.1259, 0.9936], [-2.315, 2.088, 0.399]),
                    minor: axis([2.7048, 1.518], [6.3319, 0.9614], [-2.004, 0.944, 0.447]),
                },
                pgv: Some(Motion {
                    major: axis([-0.8349, 1.8193], [3.3051, 1.1799], [-2.103, 2.088, 0.399]),
                    minor: axis([-2.6381, 1.8124], [1.6376, 1.1546], [-1.825, 0.944, 0.447]),
                }),
            },
        }
    }
}

impl Coefficients {
    /// Motion must fall with distance, or nothing below can be solved. The sentence says what is wrong.
    pub fn check(&self) -> Result<(), String> {
        let motions = [Some(("pga", self.pga)), self.pgv.map(|pgv| ("pgv", pgv))];
        for (name, motion) in motions.into_iter().flatten() {
            for (along, axis) in [("major", motion.major), ("minor", motion.minor)] {
                let all = [axis.a, axis.b, axis.a_large, axis.b_large, axis.c, axis.d, axis.e];
                if !all.iter().all(|number| number.is_finite() && number.abs() <= 100.0)
                    || axis.c >= 0.0
                    || axis.d <= 0.0
                {
                    return Err(format!(
                        "coefficients {name}.{along}: c is below 0, d above 0, none beyond ±100"
                    ));
                }
            }
        }
        Ok(())
    }
}

impl Motion {
    #[must_use]
    pub const fn along(&self, along: Along) -> &Axis {
        match along {
            Along::Major => &self.major,
            Along::Minor => &self.minor,
        }
    }
}

impl Axis {
    /// cm/s² or cm/s at a distance in kilometres.
    #[must_use]
    pub fn motion(&self, ms: f64, distance_km: f64) -> f64 {
        (self.source(ms) + self.c * (distance_km + self.saturation(ms)).ln()).exp()
    }

    /// The distance in kilometres at which the motion has fallen to a value; none where it is less at the epicentre already.
    #[must_use]
    pub fn distance(&self, ms: f64, motion: f64) -> Option<f64> {
        let distance = ((motion.ln() - self.source(ms)) / self.c).exp() - self.saturation(ms);
        (distance >= 0.0).then_some(distance)
    }

    fn source(&self, ms: f64) -> f64 {
        let (a, b) = if ms > LARGE { (self.a_large, self.b_large) } else { (self.a, self.b) };
        a + b * ms
    }

    fn saturation(&self, ms: f64) -> f64 {
        self.d * (self.e * ms).exp()
    }
}

const fn axis([a, b]: [f64; 2], [a_large, b_large]: [f64; 2], [c, d, e]: [f64; 3]) -> Axis {
    Axis { a, b, a_large, b_large, c, d, e }
}

#[cfg(test)]
mod tests;
