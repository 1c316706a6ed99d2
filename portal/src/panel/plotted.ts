import type { PanelOf } from "../api/schemas"

const mostLines = 30
const mostPoints = 20_000

export interface PlottedLine {
  name: string
  /** Instant in ms and value, in order of time. */
  points: [number, number][]
}

/** What can be drawn of a plugin's lines: real instants and numbers, in order, not too many. `cut` is the limit if met. */
export function plotted(lines: PanelOf<"series">["lines"]): { lines: PlottedLine[]; cut: number } {
  const share = Math.floor(mostPoints / Math.max(1, Math.min(lines.length, mostLines)))
  let cut = 0
  const drawn = lines.slice(0, mostLines).map((line) => {
    const points = line.points
      .map((point): [number, number] => [new Date(point.time).getTime(), point.value])
      .filter(([time, value]) => Number.isFinite(time) && typeof value === "number" && Number.isFinite(value))
      .sort((a, b) => a[0] - b[0])
    if (points.length > share) cut = share
    return { name: line.name, points: points.slice(-share) }
  })
  return { lines: drawn, cut }
}
