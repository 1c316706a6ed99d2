import { lazy, Suspense } from "react"
import type { PanelOf } from "../api/schemas"
import { clip } from "../format/clip"
import { formatNumber } from "../format/number"
import { beijingShort } from "../format/time"
import { useClockAhead } from "../shell/clock"
import { useWords } from "../text/language"
import { plotted } from "./plotted"

const Chart = lazy(() => import("./chart"))

export default function SeriesPanel({ panel }: { panel: PanelOf<"series"> }) {
  const words = useWords()
  const now = Date.now() + useClockAhead()
  const { lines, cut } = plotted(panel.lines)
  const count = lines.reduce((sum, line) => sum + line.points.length, 0)
  return (
    <>
      {count === 0 ? (
        <p className="quiet padded">{words.series.none}</p>
      ) : (
        <Suspense fallback={<div className="panel-waiting waiting-series" />}>
          <Chart panel={panel} lines={lines} />
        </Suspense>
      )}
      {cut > 0 && <p className="quiet padded">{words.series.cut(cut)}</p>}
      {count > 0 && (
        <details className="below">
          <summary>{words.series.table}</summary>
          <div className="table-scroll" tabIndex={0} role="group" aria-label={words.series.table}>
            <table>
              <thead>
                <tr>
                  <th scope="col">{words.series.line}</th>
                  <th scope="col" className="end">{`${words.series.latest} ${clip(panel.unit, 20)}`}</th>
                  <th scope="col">{words.series.at}</th>
                  <th scope="col" className="end">
                    {words.series.lowest}
                  </th>
                  <th scope="col" className="end">
                    {words.series.highest}
                  </th>
                </tr>
              </thead>
              <tbody>
                {lines.map((line, index) => {
                  const values = line.points.map(([, value]) => value)
                  const last = line.points.at(-1)
                  return (
                    <tr key={index}>
                      <td>{clip(line.name, 80)}</td>
                      <td className="end figure">{formatNumber(last?.[1], 2)}</td>
                      <td className="figure">{last ? beijingShort(last[0], now) : ""}</td>
                      <td className="end figure">{formatNumber(least(values), 2)}</td>
                      <td className="end figure">{formatNumber(greatest(values), 2)}</td>
                    </tr>
                  )
                })}
              </tbody>
            </table>
          </div>
        </details>
      )}
    </>
  )
}

// Not Math.min(...values): that many arguments overflow the stack.
const least = (values: number[]) => values.reduce((a, b) => Math.min(a, b), Infinity)
const greatest = (values: number[]) => values.reduce((a, b) => Math.max(a, b), -Infinity)
