import type { Cell } from "../api/schemas"
import { clip } from "../format/clip"
import { formatNumber, missing } from "../format/number"
import { beijingShort, beijingTime } from "../format/time"
import { LevelBadge } from "../level/badge"
import { levelOf, rank } from "../level/level"
import { useRegionName } from "../region/names"
import { useClockAhead } from "../shell/clock"

export function CellValue({ cell }: { cell: Cell | undefined }) {
  const regionName = useRegionName()
  const ahead = useClockAhead()
  switch (cell?.kind) {
    case "text":
      return <span title={cell.value.length > 120 ? clip(cell.value, 1000) : undefined}>{clip(cell.value, 120)}</span>
    case "number":
      return (
        <span className="figure">
          {formatNumber(cell.value, cell.decimals)}
          {cell.unit && <span className="unit"> {clip(cell.unit, 20)}</span>}
        </span>
      )
    case "time":
      return (
        <time className="figure" dateTime={cell.value} title={beijingTime(cell.value)}>
          {beijingShort(cell.value, Date.now() + ahead)}
        </time>
      )
    case "badge":
      return <LevelBadge level={cell.level} text={cell.text} />
    case "region":
      return (
        <span className="figure" title={cell.value}>
          {regionName(cell.value)}
        </span>
      )
    default:
      return <span className="quiet">{missing}</span>
  }
}

/** What a cell is sorted by; null goes last, whichever way. */
export function sortKey(cell: Cell | undefined): number | string | null {
  switch (cell?.kind) {
    case "number":
      return Number.isFinite(cell.value) ? cell.value : null
    case "time": {
      const at = new Date(cell.value).getTime()
      return Number.isFinite(at) ? at : null
    }
    case "badge":
      return rank(levelOf(cell.level))
    case "text":
    case "region":
      return cell.value
    default:
      return null
  }
}
