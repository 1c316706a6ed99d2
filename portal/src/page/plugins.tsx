import { useQuery } from "@tanstack/react-query"
import { Link, useSearchParams } from "react-router"
import { queries } from "../api/queries"
import type { Installation } from "../api/schemas"
import { clip } from "../format/clip"
import { formatNumber } from "../format/number"
import { beijingShort } from "../format/time"
import { Named } from "../installation/named"
import { installationPath, StateMark, stateOrder, UnsignedMark } from "../installation/state"
import { PluginName } from "../message/plugin-name"
import { Pager } from "../panel/pager"
import { useRegionName } from "../region/names"
import { carried, useAddress } from "../shell/address"
import { useClockAhead } from "../shell/clock"
import { StaleBanner } from "../shell/connection"
import { Failure } from "../shell/failure"
import { say, useLanguage, useWords } from "../text/language"
import { useTitle } from "./title"

const pageSize = 50

export function PluginsPage() {
  const words = useWords()
  const health = useQuery(queries.health())
  useTitle(words.plugins)
  const [search, setSearch] = useSearchParams()
  const [wanted, state] = [search.get("q") ?? "", search.get("state") ?? ""]
  const asked = Math.max(0, Math.floor(Number(search.get("page") ?? 1)) - 1) || 0
  const filters = { q: wanted || undefined, state: state || undefined, limit: pageSize }
  const plugins = useQuery(queries.plugins({ ...filters, offset: asked * pageSize || undefined }))
  const { enabled = 0, found = 0, installations = [] } = plugins.data ?? {}

  function turn(page: number): void {
    const next = new URLSearchParams(search)
    if (page > 0) next.set("page", String(page + 1))
    else next.delete("page")
    setSearch(next, { replace: true })
  }

  function filter(name: string, value: string): void {
    const next = new URLSearchParams(search)
    if (value) next.set(name, value)
    else next.delete(name)
    next.delete("page")
    setSearch(next, { replace: true })
  }

  return (
    <>
      <div className="page-head">
        <h1>{words.pluginsPage.title}</h1>
        {health.data && (
          <span className="freshness">
            {words.pluginsPage.host} {words.pluginsPage.version} {health.data.version} · {words.pluginsPage.bus}{" "}
            {health.data.bus.state === "up" ? words.pluginsPage.up : `▲ ${words.pluginsPage.down}`} ·{" "}
            {words.pluginsPage.restarts(health.data.bus.restarts)} ·{" "}
            {health.data.bus.reason && <span className="reason">{clip(health.data.bus.reason, 200)} · </span>}
            <span data-testid="durability">{words.pluginsPage.durability[health.data.bus.durability]}</span>
          </span>
        )}
      </div>
      <div className="page-filters">
        <input
          type="search"
          className="search"
          value={wanted}
          placeholder={words.installationPage.filter}
          aria-label={words.installationPage.filter}
          data-testid="filter-text"
          onChange={(event) => filter("q", event.target.value)}
        />
        <label className="filter">
          {words.pluginsPage.state}
          <select value={state} data-testid="filter-state" onChange={(event) => filter("state", event.target.value)}>
            <option value="">{words.installationPage.anyState}</option>
            {stateOrder.map((one) => (
              <option key={one} value={one}>
                {words.states[one]}
              </option>
            ))}
          </select>
        </label>
        <span className="quiet" role="status">
          {plugins.data && words.installationPage.found(found)}
        </span>
      </div>
      <StaleBanner fetchedAt={plugins.dataUpdatedAt} />
      {plugins.isError && <Failure error={plugins.error} retry={() => void plugins.refetch()} />}
      {plugins.data && installations.length === 0 && (
        <p className="page-empty">
          {enabled === 0 ? words.pluginsPage.empty : words.installationPage.none}{" "}
          {asked > 0 && found > 0 && (
            <button type="button" className="button small" onClick={() => turn(0)}>
              {words.installationPage.firstPage}
            </button>
          )}
        </p>
      )}
      {installations.length > 0 && (
        <section className="panel" aria-label={words.pluginsPage.title}>
          <div className="table-scroll" tabIndex={0} role="group" aria-label={words.pluginsPage.title}>
            <table data-testid="plugins">
              <thead>
                <tr>
                  <th scope="col">{words.pluginsPage.state}</th>
                  <th scope="col">{words.pluginsPage.name}</th>
                  <th scope="col">{words.region}</th>
                  <th scope="col">{words.pluginsPage.roles}</th>
                  <th scope="col">{words.pluginsPage.activity}</th>
                  <th scope="col" className="end">
                    {words.pluginsPage.calls}
                  </th>
                  <th scope="col" className="end">
                    {words.pluginsPage.messages}
                  </th>
                  <th scope="col" className="end">
                    {words.pluginsPage.rejects}
                  </th>
                  <th scope="col" className="end">
                    {words.pluginsPage.faults}
                  </th>
                </tr>
              </thead>
              <tbody>
                {installations.map((installation) => (
                  <One key={installation.id} installation={installation} />
                ))}
              </tbody>
            </table>
          </div>
          <Pager page={asked} pageSize={pageSize} all={found} onPage={turn} />
        </section>
      )}
    </>
  )
}

function One({ installation }: { installation: Installation }) {
  const words = useWords()
  const language = useLanguage()
  const regionName = useRegionName()
  const now = Date.now() + useClockAhead()
  const { search } = useAddress()
  const { state, counts, plugin } = installation
  return (
    <tr data-testid={`plugin-${installation.id}`} data-state={state}>
      <td>
        <StateMark state={state} />
        {installation.unsigned && (
          <div>
            <UnsignedMark />
          </div>
        )}
      </td>
      <td className="plugin-cell">
        <Link className="strong" to={installationPath(installation.id) + carried(search)}>
          {clip(say(installation.title, language), 60)}
        </Link>
        <div className="quiet">
          {clip(installation.id, 40)} · <PluginName plugin={`${plugin.name}@${plugin.version}#${plugin.digest}`} />
        </div>
        {installation.reason && <div className="reason lines">{clip(installation.reason, 600)}</div>}
      </td>
      <td className="figure">{regionName(installation.region)}</td>
      <td>
        <Named names={installation.roles} words={words.roles} />
        <div className="quiet">
          {installation.capabilities.map((name) => words.capabilities[name] ?? name).join(", ")}
        </div>
      </td>
      <td className="figure">
        {installation.lastActivity ? beijingShort(installation.lastActivity, now) : words.pluginsPage.never}
      </td>
      <td className="end figure">{formatNumber(counts.calls, 0)}</td>
      <td className="end figure">{formatNumber(counts.messages, 0)}</td>
      <td className="end figure">{formatNumber(counts.rejects, 0)}</td>
      <td className={counts.faults > 0 ? "end figure faults" : "end figure"}>{formatNumber(counts.faults, 0)}</td>
    </tr>
  )
}
