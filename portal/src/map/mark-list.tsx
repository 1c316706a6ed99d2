// The map in words: for those who do not see it, for the keyboard, and for marks that could not be drawn.
import { useMemo, useState } from "react"
import { clip } from "../format/clip"
import { formatNumber } from "../format/number"
import { LevelBadge } from "../level/badge"
import { rank } from "../level/level"
import { Pager } from "../panel/pager"
import { useRegionName } from "../region/names"
import { useWords } from "../text/language"
import type { Mark } from "./marks"

const pageSize = 25

export function MarkList(props: { marks: Mark[]; onPoint: (mark: Mark | null) => void; onOpen: (id: string) => void }) {
  const { marks, onPoint, onOpen } = props
  const words = useWords()
  const regionName = useRegionName()
  const [page, setPage] = useState(0)
  const [open, setOpen] = useState(false)
  const sorted = useMemo(() => [...marks].sort((a, b) => rank(b.level) - rank(a.level)), [marks])
  if (marks.length === 0) return null
  const at = Math.min(page, Math.ceil(sorted.length / pageSize) - 1)
  const shown = open ? sorted.slice(at * pageSize, (at + 1) * pageSize) : []
  const where = (mark: Mark): string =>
    mark.place === null
      ? ""
      : "region" in mark.place
        ? regionName(mark.place.region)
        : `${formatNumber(mark.place.at[0], 2)}°, ${formatNumber(mark.place.at[1], 2)}°`
  const valued = shown.some((mark) => mark.value !== null)
  return (
    <details className="below" data-testid="mark-list" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{words.map.list(marks.length)}</summary>
      <div className="table-scroll" tabIndex={0} role="group" aria-label={words.map.list(marks.length)}>
        <table>
          <thead>
            <tr>
              <th scope="col">{words.map.level}</th>
              <th scope="col">{words.map.place}</th>
              <th scope="col">{words.map.text}</th>
              {valued && (
                <th scope="col" className="end">
                  {words.map.value}
                </th>
              )}
              <th scope="col">{words.map.kind}</th>
              <th scope="col">
                <span className="only-read">{words.table.trace}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map((mark, index) => (
              <tr key={index} onMouseEnter={() => onPoint(mark)} onMouseLeave={() => onPoint(null)}>
                <td>
                  <LevelBadge level={mark.level} />
                </td>
                <td>{where(mark)}</td>
                <td>
                  {clip(mark.label, 120)}
                  {mark.drawn === null && <span className="quiet"> ({words.map.hidden})</span>}
                </td>
                {valued && <td className="end figure">{mark.value === null ? "" : formatNumber(mark.value, 2)}</td>}
                <td className="quiet">{clip(mark.layerTitle, 40)}</td>
                <td className="end">
                  {mark.message && (
                    <button
                      type="button"
                      className="button small"
                      aria-label={words.table.traceOf(clip(mark.label, 60))}
                      onFocus={() => onPoint(mark)}
                      onBlur={() => onPoint(null)}
                      onClick={() => onOpen(mark.message ?? "")}
                    >
                      {words.table.trace}
                    </button>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Pager page={at} pageSize={pageSize} all={sorted.length} onPage={setPage} />
    </details>
  )
}
