import type { PointMark } from "../api/schemas"
import { clip } from "../format/clip"
import { levels } from "../level/level"
import { useWords } from "../text/language"
import type { Mark } from "./marks"

const glyphs: Record<PointMark["symbol"], string> = { circle: "●", star: "★", triangle: "▲", square: "■" }

/** Explains what is on the map and nothing else. */
export function MapLegend({ marks }: { marks: Mark[] }) {
  const words = useWords()
  const present = levels.filter((level) => marks.some((mark) => mark.drawn && mark.level === level))
  const forms = new Map<string, string>()
  for (const mark of marks) {
    if (mark.drawn?.kind === "point")
      forms.set(`${glyphs[mark.drawn.symbol]} ${mark.layerTitle}`, glyphs[mark.drawn.symbol])
    if (mark.drawn?.kind === "shape") forms.set(`┅ ${mark.layerTitle}`, "┅")
    if (forms.size >= 6) break
  }
  if (present.length === 0) return null
  return (
    <div className="map-legend" role="group" aria-label={words.map.legend}>
      <ul>
        {[...present].reverse().map((level) => (
          <li key={level}>
            <span className={`swatch swatch-${level}`} aria-hidden="true" />
            {words.levels[level]} {words.levelRank[level]}
          </li>
        ))}
        {[...forms].map(([text, glyph]) => (
          <li key={text}>
            <span className="glyph" aria-hidden="true">
              {glyph}
            </span>
            {clip(text.slice(2), 20)}
          </li>
        ))}
      </ul>
    </div>
  )
}
