import { useQuery } from "@tanstack/react-query"
import { useEffect, useState } from "react"
import { queries } from "../api/queries"
import { beijingTime, duration } from "../format/time"
import { useWords } from "../text/language"

/** A PC's clock may be wrong by minutes; everything on the page goes by the host's. */
const tolerableMs = 5_000

export function useClockAhead(): number {
  return useQuery(queries.health()).data?.clockAhead ?? 0
}

/** This PC's time, again every second. */
export function useTick(): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [])
  return now
}

export function Clock() {
  const words = useWords()
  const ahead = useClockAhead()
  const now = useTick() + ahead
  const off = Math.abs(ahead) > tolerableMs
  return (
    <div className="clock" title={off ? words.clockOff(duration(Math.abs(ahead), words.units)) : undefined}>
      <span className="clock-label">{words.beijing}</span>
      {/* A clock that speaks every second would drown everything else. */}
      <time aria-hidden="true">{beijingTime(now)}</time>
      {off && <span aria-label={words.clockOff(duration(Math.abs(ahead), words.units))}>⚠</span>}
    </div>
  )
}
