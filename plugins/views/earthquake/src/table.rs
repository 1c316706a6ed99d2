//! Tables and their cells.

use dongting_sdk::views::{Align, Badge, Cell, Column, Level, Number, Panel, Row, TablePanel};

use crate::situation::{Event, Situation};
use crate::text::Text;

#[must_use]
pub fn panel(id: &str, title: String, columns: Vec<Column>, rows: Vec<Row>) -> Panel {
    Panel::Table(TablePanel { id: id.to_owned(), title, columns, rows })
}

#[must_use]
pub fn column(title: &str) -> Column {
    Column { title: title.to_owned(), align: Align::Start }
}

/// A column of numbers.
#[must_use]
pub fn figures(title: &str) -> Column {
    Column { title: title.to_owned(), align: Align::End }
}

#[must_use]
pub fn words(text: &str) -> Cell {
    if text.is_empty() { Cell::Empty } else { Cell::Text(text.to_owned()) }
}

#[must_use]
pub fn number(value: Option<f64>, decimals: u8, unit: Option<&str>) -> Cell {
    value.filter(|value| value.is_finite()).map_or(Cell::Empty, |value| {
        // No "-0".
        Cell::Number(Number { value: value + 0.0, decimals, unit: unit.map(str::to_owned) })
    })
}

#[must_use]
pub fn badge(level: Level, text: impl Into<String>) -> Cell {
    Cell::Badge(Badge { level, text: text.into() })
}

/// Where it was; of a withdrawn earthquake with a mark, so that nobody takes it for one that happened.
#[must_use]
pub fn place(event: &Event, text: Text) -> Cell {
    if event.is_withdrawn() {
        let mark = text.either("【已撤销】", "[withdrawn] ");
        return Cell::Text(format!("{mark}{}", event.place).trim_end().to_owned());
    }
    words(&event.place)
}

/// Magnitude with its type; of a withdrawn earthquake in brackets.
#[must_use]
pub fn magnitude(situation: &Situation, event: &Event, text: Text) -> Cell {
    let magnitude = text.magnitude(event.magnitude.as_ref());
    if event.is_withdrawn() {
        let brackets =
            if text.is_chinese() { format!("（{magnitude}）") } else { format!("({magnitude})") };
        return Cell::Text(brackets);
    }
    badge(situation.level(event), magnitude)
}
