import { useQuery } from "@tanstack/react-query"
import { useParams } from "react-router"
import { queries } from "../api/queries"
import type { Panel, Rendered } from "../api/schemas"
import { beijingShort } from "../format/time"
import { distinct } from "../panel/distinct"
import { AnyPanel } from "../panel/panel"
import { useRegionName } from "../region/names"
import { useAddress } from "../shell/address"
import { useClockAhead } from "../shell/clock"
import { StaleBanner } from "../shell/connection"
import { Failure } from "../shell/failure"
import { useConnection, useLiveQuery } from "../stream/live"
import { touches } from "../stream/match"
import { say, useWords } from "../text/language"
import { NotFound } from "./not-found"
import { useTitle } from "./title"

/** A view may leave out what has grown old, so it is rendered again even when nothing is said. */
const liveRefreshMs = 60_000
const lostRefreshMs = 15_000

export function ViewPage() {
  const words = useWords()
  const { installation = "", view = "" } = useParams()
  const { region, language } = useAddress()
  const regionName = useRegionName()
  const connection = useConnection()
  const views = useQuery(queries.views())
  const options = queries.view(installation, view, region, language)
  const info = views.data?.views.find((one) => one.installation === installation && one.id === view)
  const rendered = useQuery({
    ...options,
    enabled: info !== undefined,
    refetchInterval: connection.phase === "live" ? liveRefreshMs : lostRefreshMs,
    // Coming back to a view shows it as it was for an instant, and fetches it.
    refetchOnMount: "always",
  })
  useLiveQuery(options.queryKey, (message) => touches(info?.reads ?? [], region, message))
  const title = info ? say(info.title, language) : ""
  useTitle(title)

  if (views.isError && !views.data) return <Failure error={views.error} retry={() => void views.refetch()} />
  if (!views.data) return <p className="page-empty">{words.loading}…</p>
  if (!info) return <NotFound />

  const retry = () => void rendered.refetch()
  return (
    <>
      <div className="page-head">
        <h1>{title}</h1>
        <span className="quiet">{regionName(region)}</span>
        <Freshness rendered={rendered.data} />
        <button type="button" className="button small" onClick={retry} disabled={rendered.isFetching}>
          {words.refresh}
        </button>
      </div>
      <StaleBanner fetchedAt={rendered.dataUpdatedAt} />
      {info.state !== "running" && (
        <p className="banner banner-polled">
          ▲ {words.notRunning(words.states[info.state])} {info.reason ?? ""}
        </p>
      )}
      {rendered.isError && rendered.data && (
        <StaleFailure fetchedAt={rendered.dataUpdatedAt} error={rendered.error} retry={retry} />
      )}
      {rendered.data ? (
        <Panels panels={rendered.data.panels} scope={`${installation} ${view} ${region}`} />
      ) : rendered.isError ? (
        <Failure error={rendered.error} retry={retry} />
      ) : (
        <div className="skeleton" role="status" aria-label={words.loading} />
      )}
    </>
  )
}

function Freshness({ rendered }: { rendered: Rendered | undefined }) {
  const words = useWords()
  const now = Date.now() + useClockAhead()
  if (!rendered) return <span className="freshness" />
  return (
    <span className="freshness" data-testid="freshness">
      {words.newest} <time>{rendered.newest ? beijingShort(rendered.newest, now) : words.noMessage}</time>
      <span aria-hidden="true"> · </span>
      {words.renderedAt} <time data-testid="rendered-at">{beijingShort(rendered.renderedAt, now)}</time>
    </span>
  )
}

function StaleFailure({ fetchedAt, error, retry }: { fetchedAt: number; error: unknown; retry: () => void }) {
  const words = useWords()
  const ahead = useClockAhead()
  return (
    <Failure
      title={words.staleError(beijingShort(fetchedAt + ahead, Date.now() + ahead))}
      error={error}
      retry={retry}
    />
  )
}

/** Figures first, then what needs width beside what is read downwards. */
const places: Record<Panel["kind"], "top" | "wide" | "narrow"> = {
  notice: "top",
  stat: "top",
  map: "wide",
  series: "wide",
  table: "wide",
  timeline: "narrow",
  form: "narrow",
}

function Panels({ panels, scope }: { panels: Panel[]; scope: string }) {
  const words = useWords()
  if (panels.length === 0) return <p className="page-empty">{words.emptyPanels}</p>
  const keys = distinct(panels.map((panel) => `${scope} ${panel.kind} ${panel.id}`))
  const inPlace = (place: string) =>
    panels.flatMap((panel, index) =>
      (places[panel.kind] ?? "wide") === place ? [<AnyPanel key={keys[index]} panel={panel} />] : [],
    )
  const [top, wide, narrow] = [inPlace("top"), inPlace("wide"), inPlace("narrow")]
  return (
    <div className="panels" data-testid="panels">
      {top.length > 0 && <div className="panels-top">{top}</div>}
      <div className={wide.length > 0 && narrow.length > 0 ? "panels-both" : "panels-one"}>
        {wide.length > 0 && <div className="panels-wide">{wide}</div>}
        {narrow.length > 0 && <div className="panels-narrow">{narrow}</div>}
      </div>
    </div>
  )
}
