import type { PanelOf } from "../api/schemas"
import { clip } from "../format/clip"
import { LevelBadge } from "../level/badge"
import { levelOf } from "../level/level"
import { useWords } from "../text/language"

const most = 48

export function StatPanel({ panel }: { panel: PanelOf<"stat"> }) {
  const words = useWords()
  if (panel.items.length === 0) return <p className="quiet padded">{words.empty}</p>
  return (
    <dl className="stats">
      {panel.items.slice(0, most).map((item, index) => {
        const level = levelOf(item.level)
        return (
          <div key={index} className={`stat stat-${level}`}>
            <dt>
              {clip(item.label, 60)} {level !== "none" && <LevelBadge level={level} />}
            </dt>
            <dd title={clip(item.value, 200)}>
              <span className="stat-value">{clip(item.value, 40)}</span>
              {item.unit && <span className="stat-unit"> {clip(item.unit, 20)}</span>}
            </dd>
            {item.detail && (
              <dd className="quiet" title={clip(item.detail, 500)}>
                {clip(item.detail, 120)}
              </dd>
            )}
          </div>
        )
      })}
    </dl>
  )
}
