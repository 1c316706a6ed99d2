import type { Level } from "../api/schemas"
import { clip } from "../format/clip"
import { useWords } from "../text/language"
import { levelOf } from "./level"

/** A level with its numeral; `text` is the plugin's word for it, else the colour's name. */
export function LevelBadge({ level, text }: { level: Level; text?: string }) {
  const words = useWords()
  const known = levelOf(level)
  const numeral = words.levelRank[known]
  const said = text ?? words.levels[known]
  return (
    <span className={`badge level-${known}`} title={text === undefined ? undefined : words.levels[known]}>
      {numeral && (
        <>
          <b aria-hidden="true">{numeral}</b>
          <span className="only-read">{words.levels[known]} </span>
        </>
      )}
      {clip(said, 60)}
    </span>
  )
}
