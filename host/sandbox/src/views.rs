//! The views role in Rust types: what a plugin lists, is given and draws. Defined by `wit/deps/views@0.1.0`; the API
//! turns panels into its own JSON.

pub use crate::bindings::exports::dongting::views::views::{
    Align, Badge, Cell, Choice, Column, Entry, Field, FormPanel, Input, Language, Layer, Level, Line,
    MapPanel, Marks, NoticePanel, Number, Panel, Point, PointMark, RegionMark, Row, SeriesPanel, ShapeMark,
    StatItem, StatPanel, Symbol, TablePanel, Text, Threshold, TimelinePanel, View,
};

use dongting_manifest::plugin::Topic;
use dongting_manifest::{Draft, Message, Region, Timestamp};

/// A view with its reads in the host's words.
#[derive(Debug, Clone)]
pub struct Listed {
    pub id: String,
    pub title: dongting_manifest::Text,
    pub order: u32,
    pub reads: Vec<Read>,
}

#[derive(Debug, Clone)]
pub struct Read {
    pub topic: Topic,
    pub limit: u32,
    pub max_age_seconds: Option<u32>,
}

/// What a view is rendered from.
#[derive(Debug, Clone)]
pub struct Context {
    pub region: Region,
    pub language: Language,
    pub now: Timestamp,
    /// One list for each of the view's reads.
    pub messages: Vec<Vec<Message>>,
}

#[derive(Debug)]
pub struct Acted {
    pub text: String,
    pub drafts: Vec<Draft>,
}
