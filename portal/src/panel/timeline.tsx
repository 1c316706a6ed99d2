import { useState } from "react"
import type { PanelOf } from "../api/schemas"
import { clip } from "../format/clip"
import { beijingShort, beijingTime } from "../format/time"
import { LevelBadge } from "../level/badge"
import { levelOf } from "../level/level"
import { useOpenMessage } from "../shell/address"
import { useClockAhead } from "../shell/clock"
import { useWords } from "../text/language"
import { distinct } from "./distinct"
import { Pager } from "./pager"

const pageSize = 40

export function TimelinePanel({ panel }: { panel: PanelOf<"timeline"> }) {
  const words = useWords()
  const now = Date.now() + useClockAhead()
  const openMessage = useOpenMessage()
  const [page, setPage] = useState(0)
  if (panel.entries.length === 0) return <p className="quiet padded">{words.empty}</p>
  const at = Math.min(page, Math.ceil(panel.entries.length / pageSize) - 1)
  const shown = panel.entries.slice(at * pageSize, (at + 1) * pageSize)
  const keys = distinct(shown.map((entry) => entry.id))
  return (
    <>
      <ol className="timeline" tabIndex={0} aria-label={clip(panel.title, 120)}>
        {shown.map((entry, index) => {
          const level = levelOf(entry.level)
          return (
            <li
              key={keys[index]}
              data-testid={`entry-${entry.id}`}
              className={`entry entry-${level}${entry.message ? " clickable" : ""}`}
              onClick={() => entry.message && !window.getSelection()?.toString() && openMessage(entry.message)}
            >
              <div className="entry-head">
                <time dateTime={entry.time} title={beijingTime(entry.time)}>
                  {beijingShort(entry.time, now)}
                </time>
                {level !== "none" && <LevelBadge level={level} />}
                {entry.message && (
                  <button
                    type="button"
                    className="button small"
                    aria-label={words.table.traceOf(clip(entry.title, 60))}
                    onClick={(event) => {
                      event.stopPropagation()
                      openMessage(entry.message ?? "")
                    }}
                  >
                    {words.table.trace}
                  </button>
                )}
              </div>
              <div className="entry-title">{clip(entry.title, 200)}</div>
              {entry.detail && <div className="quiet lines">{clip(entry.detail, 600)}</div>}
            </li>
          )
        })}
      </ol>
      <Pager page={at} pageSize={pageSize} all={panel.entries.length} onPage={setPage} />
    </>
  )
}
