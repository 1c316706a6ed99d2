//! Inputs of calls, by their places on their streams.

use dongting_manifest::Timestamp;

use crate::row;
use crate::sql::{Listed, Sql};

/// An input by its place on its stream. A stream that was deleted and made again counts from one again, so its
/// creation is part of the place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Input {
    pub stream: String,
    pub stream_created: Timestamp,
    pub sequence: u64,
}

/// The inputs, each once, in pieces that are of one stream and short enough for one statement.
pub(crate) fn pieces(mut inputs: Vec<&Input>) -> Vec<Vec<&Input>> {
    inputs.sort_unstable();
    inputs.dedup();
    let streams = inputs.chunk_by(|a, b| (&a.stream, a.stream_created) == (&b.stream, b.stream_created));
    streams.flat_map(row::lists).map(<[_]>::to_vec).collect()
}

/// What such a statement says of them. From the first to the last: else PostgreSQL, while it has no statistics of the table, reads all that
/// the stream has there.
pub(crate) fn among(count: usize) -> String {
    format!(
        "installation = $1 AND stream = $2 AND stream_created = $3 AND sequence >= $4 AND sequence <= $5
         AND sequence IN ({})",
        row::placeholders(6, count)
    )
}

/// The statement for such a piece.
pub(crate) fn of<'q>(statement: &'static Listed, installation: &'q str, piece: &[&'q Input]) -> Sql<'q> {
    let mut query = statement.of(piece.len()).bind(installation);
    if let (Some(first), Some(last)) = (piece.first(), piece.last()) {
        query = query
            .bind(&first.stream)
            .bind(first.stream_created.as_micros())
            .bind(row::sequence(first.sequence))
            .bind(row::sequence(last.sequence));
    }
    piece.iter().fold(query, |query, input| query.bind(row::sequence(input.sequence)))
}
