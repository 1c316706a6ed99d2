//! Medians of three sides that take turns, so that whatever else the machine does hits all of them.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::Result;

const WARM_UP: Duration = Duration::from_secs(1);
const MEASURE: Duration = Duration::from_secs(6);

/// Medians.
pub struct Row {
    pub name: &'static str,
    pub ours: Duration,
    pub raw: Duration,
    /// None where there is nothing to do natively.
    pub native: Option<Duration>,
    pub rounds: usize,
}

pub async fn interleaved<T>(
    name: &'static str,
    ours: impl AsyncFn() -> Result<T>,
    raw: impl AsyncFn() -> Result<T>,
    native: Option<impl Fn() -> Result<T>>,
) -> Result<Row> {
    let start = Instant::now();
    let mut times: [Vec<Duration>; 3] = Default::default();
    while start.elapsed() < WARM_UP + MEASURE {
        let warm = start.elapsed() >= WARM_UP;
        let [for_ours, for_raw, for_native] = &mut times;
        let note = |times: &mut Vec<Duration>, begun: Instant, answer: Result<T>| {
            let took = begun.elapsed();
            black_box(answer?);
            if warm {
                times.push(took);
            }
            anyhow::Ok(())
        };
        let begun = Instant::now();
        note(for_ours, begun, ours().await)?;
        let begun = Instant::now();
        note(for_raw, begun, raw().await)?;
        if let Some(native) = &native {
            let begun = Instant::now();
            note(for_native, begun, native())?;
        }
    }
    let [ours, raw, native] = times;
    let rounds = ours.len();
    Ok(Row {
        name,
        ours: median(ours).unwrap_or_default(),
        raw: median(raw).unwrap_or_default(),
        native: median(native),
        rounds,
    })
}

fn median(mut times: Vec<Duration>) -> Option<Duration> {
    times.sort_unstable();
    times.get(times.len() / 2).copied()
}

/// A table in Markdown, its columns aligned for a terminal.
pub fn table(rows: &[Row]) -> String {
    let head = ["", "sandbox", "raw wasmtime", "native", "sandbox / raw", "sandbox / native", "rounds"];
    let mut lines = vec![head.map(str::to_owned)];
    for row in rows {
        let ratio = |to: Duration| format!("{:.2}", row.ours.as_secs_f64() / to.as_secs_f64());
        lines.push([
            row.name.to_owned(),
            micros(row.ours),
            micros(row.raw),
            row.native.map_or_else(|| "–".to_owned(), micros),
            ratio(row.raw),
            row.native.map_or_else(|| "–".to_owned(), ratio),
            row.rounds.to_string(),
        ]);
    }
    let mut widths = [0; 7];
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let ruled = |cells: &[String; 7]| {
        let mut padded = widths.iter().zip(cells).enumerate().map(|(column, (width, cell))| {
            if column == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
        });
        format!("| {} |\n", padded.by_ref().collect::<Vec<_>>().join(" | "))
    };
    let mut text = String::new();
    for (at, line) in lines.iter().enumerate() {
        text.push_str(&ruled(line));
        if at == 0 {
            let mut column = 0;
            let rule = widths.map(|width| {
                column += 1;
                if column == 1 { "-".repeat(width) } else { format!("{}:", "-".repeat(width - 1)) }
            });
            text.push_str(&ruled(&rule));
        }
    }
    text
}

fn micros(time: Duration) -> String {
    let micros = time.as_secs_f64() * 1e6;
    if micros < 100.0 { format!("{micros:.1} µs") } else { format!("{micros:.0} µs") }
}
