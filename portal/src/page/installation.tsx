import { useQuery } from "@tanstack/react-query"
import { Link, useParams } from "react-router"
import { queries } from "../api/queries"
import { ApiFailure } from "../api/request"
import type { InstallationWhole } from "../api/schemas"
import { clip } from "../format/clip"
import { formatNumber } from "../format/number"
import { beijingShort } from "../format/time"
import { Addresses, InstallationFacts, Limits, Listening } from "../installation/facts"
import { GrantedSection } from "../installation/granted"
import { Letters } from "../installation/letters"
import { Parked } from "../installation/parked"
import { ReplaySection } from "../installation/replay"
import { Shadow } from "../installation/shadow"
import { StateMark, UnsignedMark } from "../installation/state"
import { PluginName } from "../message/plugin-name"
import { carried, useAddress } from "../shell/address"
import { useClockAhead } from "../shell/clock"
import { StaleBanner } from "../shell/connection"
import { Failure } from "../shell/failure"
import { say, useLanguage, useWords } from "../text/language"
import { useTitle } from "./title"

/** One installation, for whoever asks why it does not do what it should. */
export function InstallationPage() {
  const words = useWords()
  const language = useLanguage()
  const { installation = "" } = useParams()
  const { search } = useAddress()
  const found = useQuery({ ...queries.installation(installation), refetchOnMount: "always" })
  const one = found.data
  const title = one ? say(one.title, language) : installation
  useTitle(clip(title, 60))
  const gone = found.error instanceof ApiFailure && found.error.code === "not-found"
  return (
    <>
      <p className="trail">
        <Link to={`/system/plugins${carried(search)}`}>‹ {words.installationPage.back}</Link>
      </p>
      <div className="page-head">
        <h1>{clip(title, 80)}</h1>
        {one && <StateMark state={one.state} />}
        {one?.plugin.name && <PluginName plugin={`${one.plugin.name}@${one.plugin.version}#${one.plugin.digest}`} />}
        {one?.unsigned && <UnsignedMark />}
      </div>
      <StaleBanner fetchedAt={found.dataUpdatedAt} />
      {gone && <p className="page-empty">{words.installationPage.gone}</p>}
      {found.isError && !gone && <Failure error={found.error} retry={() => void found.refetch()} />}
      {found.isLoading && <p className="page-empty">{words.loading}…</p>}
      {one && !gone && <Whole one={one} />}
    </>
  )
}

function Whole({ one }: { one: InstallationWhole }) {
  return (
    <div className="panels" data-testid="installation" data-state={one.state}>
      <Reason one={one} />
      <Counts one={one} />
      <div className="panels-both">
        <div className="panels-wide">
          {/* Nothing of a plugin without order is ever parked. */}
          {one.about?.ordered !== false && <Parked installation={one.id} />}
          {(one.shadow || one.roles.includes("transform")) && <Shadow one={one} />}
          <ReplaySection one={one} />
          <Letters installation={one.id} />
        </div>
        <div className="panels-narrow">
          <InstallationFacts one={one} />
          <Addresses one={one} />
          <Listening one={one} />
          <GrantedSection one={one} />
          <Limits limits={one.limits} />
        </div>
      </div>
    </div>
  )
}

function Reason({ one }: { one: InstallationWhole }) {
  const words = useWords()
  if (one.state === "running" && !one.reason) return null
  return (
    <section className={`panel notice notice-state-${one.state}`} aria-label={words.pluginsPage.reason}>
      <h2 className="panel-title">{words.stateMeans[one.state]}</h2>
      {one.reason && (
        <p className="lines" data-testid="installation-reason">
          {clip(one.reason, 2000)}
        </p>
      )}
    </section>
  )
}

function Counts({ one }: { one: InstallationWhole }) {
  const words = useWords()
  const now = Date.now() + useClockAhead()
  const { counts } = one
  const figures: [string, number][] = [
    [words.pluginsPage.calls, counts.calls],
    [words.pluginsPage.messages, counts.messages],
    [words.pluginsPage.rejects, counts.rejects],
    [words.pluginsPage.faults, counts.faults],
  ]
  return (
    <section className="panel" aria-label={words.installationPage.counts}>
      <dl className="stats" data-testid="installation-counts">
        {figures.map(([name, value]) => (
          <div key={name} className="stat">
            <dt>{name}</dt>
            <dd className="stat-value">{formatNumber(value, 0)}</dd>
          </div>
        ))}
        <div className="stat">
          <dt>{words.pluginsPage.activity}</dt>
          <dd className="stat-value">
            {one.lastActivity ? beijingShort(one.lastActivity, now) : words.pluginsPage.never}
          </dd>
        </div>
      </dl>
      <p className="quiet padded">{words.installationPage.countedSince}</p>
    </section>
  )
}
