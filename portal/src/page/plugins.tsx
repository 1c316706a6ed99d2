import { useQuery } from "@tanstack/react-query"
import { queries } from "../api/queries"
import type { Installation } from "../api/schemas"
import { clip } from "../format/clip"
import { formatNumber } from "../format/number"
import { beijingShort } from "../format/time"
import { PluginName } from "../message/plugin-name"
import { useRegionName } from "../region/names"
import { useClockAhead } from "../shell/clock"
import { StaleBanner } from "../shell/connection"
import { Failure } from "../shell/failure"
import { say, useLanguage, useWords } from "../text/language"
import { useTitle } from "./title"

/** Trouble first: that is what somebody opens this page for. */
const order: Installation["state"][] = ["refused", "tripped", "backoff", "stopped", "starting", "standby", "running"]
const marks = { refused: "✕", tripped: "⚡", backoff: "▲", stopped: "■", starting: "○", standby: "◌", running: "●" }

export function PluginsPage() {
  const words = useWords()
  const plugins = useQuery(queries.plugins())
  const health = useQuery(queries.health())
  useTitle(words.plugins)
  const installations = [...(plugins.data?.installations ?? [])].sort(
    (a, b) => order.indexOf(a.state) - order.indexOf(b.state) || a.id.localeCompare(b.id),
  )
  return (
    <>
      <div className="page-head">
        <h1>{words.pluginsPage.title}</h1>
        {health.data && (
          <span className="freshness">
            {words.pluginsPage.host} {words.pluginsPage.version} {health.data.version} · {words.pluginsPage.bus}{" "}
            {health.data.bus.state === "up" ? words.pluginsPage.up : `▲ ${words.pluginsPage.down}`} ·{" "}
            {words.pluginsPage.restarts(health.data.bus.restarts)}
          </span>
        )}
      </div>
      <StaleBanner fetchedAt={plugins.dataUpdatedAt} />
      {plugins.isError && <Failure error={plugins.error} retry={() => void plugins.refetch()} />}
      {plugins.data && installations.length === 0 && <p className="page-empty">{words.pluginsPage.empty}</p>}
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
  const { state, counts, plugin } = installation
  return (
    <tr data-testid={`plugin-${installation.id}`} data-state={state}>
      <td>
        <span className={`state state-${state}`}>
          <span aria-hidden="true">{marks[state] ?? "○"}</span> {words.states[state] ?? state}
        </span>
      </td>
      <td className="plugin-cell">
        <strong>{clip(say(installation.title, language), 60)}</strong>
        <div className="quiet">
          {clip(installation.id, 40)} · <PluginName plugin={`${plugin.name}@${plugin.version}#${plugin.digest}`} />
        </div>
        {installation.reason && <div className="reason lines">{clip(installation.reason, 600)}</div>}
      </td>
      <td className="figure">{regionName(installation.region)}</td>
      <td>
        {installation.roles.join(", ")}
        <div className="quiet">{installation.capabilities.join(", ")}</div>
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
