// Says whether what is shown is the present: quietly while it is, unmistakably when it is not.
import { useQuery } from "@tanstack/react-query"
import { queries } from "../api/queries"
import { beijingTime, duration } from "../format/time"
import { useConnection } from "../stream/live"
import { useWords } from "../text/language"
import { useClockAhead, useTick } from "./clock"

/** A blink while the host restarts a worker is no alarm. */
const graceMs = 2_000

export function ConnectionIndicator() {
  const words = useWords()
  const connection = useConnection()
  const health = useQuery(queries.health())
  const now = useTick()
  const degraded = connection.phase === "live" && health.data?.status === "degraded"
  const text =
    connection.phase === "connecting"
      ? words.connection.connecting
      : connection.phase === "lost"
        ? words.connection.lost(duration(now - connection.since, words.units))
        : health.data?.bus.state === "down"
          ? words.connection.busDown
          : degraded
            ? words.connection.degraded
            : words.connection.live
  const look = connection.phase === "live" ? (degraded ? "degraded" : "live") : connection.phase
  return (
    <div className={`connection connection-${look}`} data-testid="connection" data-state={connection.phase}>
      <span className="connection-mark" aria-hidden="true">
        {look === "live" ? "●" : look === "lost" ? "✕" : look === "degraded" ? "▲" : "○"}
      </span>
      <span className="only-read">{words.connection.label}: </span>
      <span>{text}</span>
    </div>
  )
}

/** What an operator has relaxed is on every page, so that nobody takes it for the usual. */
export function RelaxedIndicator() {
  const words = useWords()
  const health = useQuery(queries.health())
  const { unsigned, unsignedWhy, unsynced, unsyncedWhy } = words.connection
  return (
    <>
      {health.data?.allowUnsigned && <Relaxed name="unsigned-allowed" what={unsigned} why={unsignedWhy} />}
      {health.data?.bus.durability === "relaxed" && <Relaxed name="unsynced" what={unsynced} why={unsyncedWhy} />}
    </>
  )
}

function Relaxed({ name, what, why }: { name: string; what: string; why: string }) {
  return (
    <div className="relaxed" title={why} data-testid={name}>
      <span aria-hidden="true">▲</span> {what}
      <span className="only-read"> {why}</span>
    </div>
  )
}

/** `fetchedAt`: when, by this PC, the content below was last fetched; 0 if never. */
export function StaleBanner({ fetchedAt }: { fetchedAt: number }) {
  const words = useWords()
  const connection = useConnection()
  const ahead = useClockAhead()
  const now = useTick()
  if (connection.phase !== "lost" || now - connection.since < graceMs) return null
  const time = fetchedAt ? beijingTime(fetchedAt + ahead) : words.connection.never
  const length = duration(now - connection.since, words.units)
  // Fetching may still work where streaming does not (a proxy that buffers): then say that instead.
  const polled = fetchedAt > connection.since
  return (
    <div className={polled ? "banner banner-polled" : "banner"} data-testid="stale-banner">
      <span aria-hidden="true">⚠ </span>
      {polled ? words.connection.bannerPolled(length, time) : words.connection.banner(length, time)}
    </div>
  )
}

/** Says a change of the connection once to those who cannot see it; the ticking texts above would never be silent. */
export function ConnectionAnnouncer() {
  const words = useWords()
  const { phase } = useConnection()
  return (
    <div className="only-read" role="status">
      {phase === "lost" ? words.connection.lost("") : phase === "live" ? words.connection.live : ""}
    </div>
  )
}
