import { useQuery } from "@tanstack/react-query"
import { useState } from "react"
import { useSearchParams } from "react-router"
import { queries } from "../api/queries"
import type { Message } from "../api/schemas"
import { clip } from "../format/clip"
import { beijingShort, beijingTime } from "../format/time"
import { KindTag } from "../message/kind"
import { PluginName } from "../message/plugin-name"
import { Pager } from "../panel/pager"
import { concerns } from "../region/code"
import { useRegionName } from "../region/names"
import { useAddress, useOpenMessage } from "../shell/address"
import { useClockAhead } from "../shell/clock"
import { StaleBanner } from "../shell/connection"
import { Failure } from "../shell/failure"
import { useConnection, useLiveQuery } from "../stream/live"
import { useWords } from "../text/language"
import { useTitle } from "./title"

const limit = 200
const pageSize = 50

export function MessagesPage() {
  const words = useWords()
  const { region } = useAddress()
  const regionName = useRegionName()
  const connection = useConnection()
  const [search, setSearch] = useSearchParams()
  const [page, setPage] = useState(0)
  const domain = search.get("domain") ?? ""
  const kind = search.get("kind") ?? ""
  const views = useQuery(queries.views())
  const options = queries.messages({ region, domain: domain || undefined, kind: kind || undefined, limit })
  const found = useQuery({
    ...options,
    refetchOnMount: "always",
    refetchInterval: connection.phase === "live" ? 60_000 : 15_000,
  })
  useLiveQuery(
    options.queryKey,
    (message) =>
      concerns(region, message.region) && (!domain || domain === message.domain) && (!kind || kind === message.kind),
  )
  useTitle(words.messages)

  function filter(name: string, value: string): void {
    const next = new URLSearchParams(search)
    if (value) next.set(name, value)
    else next.delete(name)
    setSearch(next, { replace: true })
    setPage(0)
  }

  const messages = found.data?.messages ?? []
  // What the enabled views read, what is there, and what is chosen: the bus has no list of domains.
  const domains = [
    ...new Set([
      ...(views.data?.views.flatMap((view) => view.reads.map((read) => read.domain)) ?? []),
      ...messages.map((message) => message.domain),
      ...(domain ? [domain] : []),
    ]),
  ].sort()
  const last = Math.max(0, Math.ceil(messages.length / pageSize) - 1)
  const at = Math.min(page, last)
  return (
    <>
      <div className="page-head">
        <h1>{words.messages}</h1>
        <span className="quiet">{regionName(region)}</span>
        <label className="filter">
          {words.messagesPage.domain}
          <select value={domain} data-testid="filter-domain" onChange={(event) => filter("domain", event.target.value)}>
            <option value="">{words.messagesPage.any}</option>
            {domains.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
        <label className="filter">
          {words.messagesPage.kind}
          <select value={kind} data-testid="filter-kind" onChange={(event) => filter("kind", event.target.value)}>
            <option value="">{words.messagesPage.any}</option>
            {Object.entries(words.kinds).map(([value, name]) => (
              <option key={value} value={value}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <span className="freshness">{found.data && words.messagesPage.newest(messages.length)}</span>
      </div>
      <StaleBanner fetchedAt={found.dataUpdatedAt} />
      {found.isError && <Failure error={found.error} retry={() => void found.refetch()} />}
      {found.isLoading && <p className="page-empty">{words.loading}…</p>}
      {found.data && messages.length === 0 && <p className="page-empty">{words.messagesPage.empty}</p>}
      {messages.length > 0 && (
        <section className="panel" aria-label={words.messages}>
          <div className="table-scroll" tabIndex={0} role="group" aria-label={words.messages}>
            <table data-testid="messages">
              <thead>
                <tr>
                  <th scope="col">{words.message.time}</th>
                  <th scope="col">{words.messagesPage.kind}</th>
                  <th scope="col">{words.messagesPage.domain}</th>
                  <th scope="col">{words.region}</th>
                  <th scope="col">{words.message.source}</th>
                  <th scope="col">{words.message.plugin}</th>
                  <th scope="col">
                    <span className="only-read">{words.table.trace}</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {messages.slice(at * pageSize, (at + 1) * pageSize).map((message) => (
                  <One key={message.id} message={message} />
                ))}
              </tbody>
            </table>
          </div>
          <Pager page={at} pageSize={pageSize} all={messages.length} onPage={setPage} />
        </section>
      )}
    </>
  )
}

function One({ message }: { message: Message }) {
  const words = useWords()
  const regionName = useRegionName()
  const openMessage = useOpenMessage()
  const now = Date.now() + useClockAhead()
  return (
    <tr
      className="clickable"
      data-testid={`message-${message.id}`}
      onClick={() => !window.getSelection()?.toString() && openMessage(message.id)}
    >
      <td className="figure" title={beijingTime(message.time)}>
        {beijingShort(message.time, now)}
      </td>
      <td>
        <KindTag kind={message.kind} />
      </td>
      <td>{clip([message.domain, message.detail].filter(Boolean).join(" / "), 60)}</td>
      <td className="figure">{regionName(message.region)}</td>
      <td className="quiet">{clip(message.source, 60)}</td>
      <td>
        <PluginName plugin={message.plugin} />
      </td>
      <td className="end">
        <button
          type="button"
          className="button small"
          aria-label={words.table.traceOf(`${message.domain} ${message.id}`)}
          onClick={(event) => {
            event.stopPropagation()
            openMessage(message.id)
          }}
        >
          {words.table.trace}
        </button>
      </td>
    </tr>
  )
}
