import type { PanelOf } from "../api/schemas"
import { clip } from "../format/clip"
import { LevelBadge } from "../level/badge"
import { levelOf } from "../level/level"

export function NoticePanel({ panel }: { panel: PanelOf<"notice"> }) {
  const level = levelOf(panel.level)
  return (
    <section
      className={`panel notice notice-${level}`}
      data-testid={`panel-${panel.id}`}
      aria-label={clip(panel.title, 120)}
    >
      <h2 className="panel-title">
        {level !== "none" && <LevelBadge level={level} />} {clip(panel.title, 200)}
      </h2>
      {panel.body && (
        // Long enough to scroll, and then the keyboard must get there.
        <p className="lines" tabIndex={panel.body.length > 300 ? 0 : undefined}>
          {clip(panel.body, 4000)}
        </p>
      )}
    </section>
  )
}
