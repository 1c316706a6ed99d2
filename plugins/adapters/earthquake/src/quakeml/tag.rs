//! The elements of BED that are read. All others, and all of other namespaces, are `Other` and passed over with what is in them.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tag {
    Quakeml,
    EventParameters,
    Event,
    PreferredOriginId,
    PreferredMagnitudeId,
    Type,
    Description,
    Text,
    CreationInfo,
    AgencyId,
    CreationTime,
    Origin,
    Time,
    Latitude,
    Longitude,
    Depth,
    Value,
    EvaluationMode,
    EvaluationStatus,
    Magnitude,
    Mag,
    Other,
}

const NAMES: [(&str, Tag); 21] = [
    ("quakeml", Tag::Quakeml),
    ("eventParameters", Tag::EventParameters),
    ("event", Tag::Event),
    ("preferredOriginID", Tag::PreferredOriginId),
    ("preferredMagnitudeID", Tag::PreferredMagnitudeId),
    ("type", Tag::Type),
    ("description", Tag::Description),
    ("text", Tag::Text),
    ("creationInfo", Tag::CreationInfo),
    ("agencyID", Tag::AgencyId),
    ("creationTime", Tag::CreationTime),
    ("origin", Tag::Origin),
    ("time", Tag::Time),
    ("latitude", Tag::Latitude),
    ("longitude", Tag::Longitude),
    ("depth", Tag::Depth),
    ("value", Tag::Value),
    ("evaluationMode", Tag::EvaluationMode),
    ("evaluationStatus", Tag::EvaluationStatus),
    ("magnitude", Tag::Magnitude),
    ("mag", Tag::Mag),
];

impl Tag {
    pub fn of(name: &str) -> Self {
        NAMES.iter().find(|(known, _)| *known == name).map_or(Self::Other, |(_, tag)| *tag)
    }

    pub fn name(self) -> Option<&'static str> {
        NAMES.iter().find(|(_, tag)| *tag == self).map(|(name, _)| *name)
    }

    /// Whether its text is kept; such an element has no children in BED.
    pub const fn is_leaf(self) -> bool {
        matches!(
            self,
            Self::PreferredOriginId
                | Self::PreferredMagnitudeId
                | Self::Type
                | Self::Text
                | Self::AgencyId
                | Self::CreationTime
                | Self::Value
                | Self::EvaluationMode
                | Self::EvaluationStatus
        )
    }
}
