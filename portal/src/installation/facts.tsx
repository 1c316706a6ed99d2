import { Link } from "react-router"
import type { InstallationWhole } from "../api/schemas"
import { clip } from "../format/clip"
import { formatNumber } from "../format/number"
import { beijingTime } from "../format/time"
import { Copied } from "../message/copied"
import { useRegionName } from "../region/names"
import { releasePath } from "../release/address"
import { carried, useAddress } from "../shell/address"
import { say, useLanguage, useWords } from "../text/language"
import { Named } from "./named"
import { Facts, Section } from "./section"

/** What runs here: the release down to its digest, where it works and in which order. */
export function InstallationFacts({ one }: { one: InstallationWhole }) {
  const words = useWords()
  const language = useLanguage()
  const regionName = useRegionName()
  const { about, plugin } = one
  const page = words.installationPage
  return (
    <Section id="facts" title={page.facts}>
      {about && <p className="padded-top lines">{clip(say(about.description, language), 600)}</p>}
      <Facts
        testid="installation-facts"
        lines={[
          [page.id, <code>{one.id}</code>],
          [page.name, plugin.name && `${plugin.name}@${plugin.version}`],
          [page.release, one.release && <ReleaseLink reference={one.release} />],
          [page.reviewer, one.reviewer && clip(one.reviewer, 120)],
          [page.digest, plugin.digest && <Copied text={plugin.digest} />],
          [page.vendor, about && clip(about.vendor, 120)],
          [words.region, `${regionName(one.region)} ${one.region}`],
          [words.pluginsPage.roles, <Named names={one.roles} words={words.roles} />],
          [page.system, one.system],
          [page.ordering, about && (about.ordered ? page.ordered : page.unordered)],
          [page.polled, one.pollSeconds !== null && page.everySeconds(String(one.pollSeconds))],
          [page.completeUntil, one.completeUntil && beijingTime(one.completeUntil)],
          [page.unknown, one.holdsUnknown !== null && (one.holdsUnknown ? page.held : page.retried)],
        ]}
      />
    </Section>
  )
}

/** A release of the registry; one that is named by its digest has its page under that. */
export function ReleaseLink({ reference }: { reference: string }) {
  const { search } = useAddress()
  const [, repository = "", at = ""] = /^([^@:]+)[:@](.+)$/.exec(reference) ?? []
  if (!repository) return <code>{clip(reference, 160)}</code>
  return <Link to={releasePath(repository, at) + carried(search)}>{clip(reference, 160)}</Link>
}

/** Where it can be asked or delivered to. Nothing where it answers nobody. */
export function Addresses({ one }: { one: InstallationWhole }) {
  const words = useWords()
  const page = words.installationPage
  if (!one.service && !one.push) return null
  const full = (path: string) => <Copied text={location.origin + path} />
  return (
    <Section id="addresses" title={page.addresses}>
      <Facts
        testid="addresses"
        lines={[
          [page.push, one.push && full(one.push)],
          [
            page.service,
            one.service && (one.service.path ? full(one.service.path) : <span className="quiet">{page.noToken}</span>),
          ],
          [page.subject, one.service && <Copied text={one.service.subject} />],
        ]}
      />
      {(one.push ?? one.service?.path) && <p className="quiet padded">{page.token}</p>}
    </Section>
  )
}

/** Where a session's devices connect, and how many are connected. */
export function Listening({ one }: { one: InstallationWhole }) {
  const page = useWords().installationPage
  const { listening } = one
  if (!listening) return null
  return (
    <Section id="listening" title={page.listening}>
      <Facts
        testid="listening"
        lines={[
          [
            page.listensAt,
            listening.address ? <Copied text={listening.address} /> : page.listensNot(listening.granted),
          ],
          ...listening.open.map(({ plugin, count }): [string, string] => [
            page.openOn(clip(plugin.split("#")[0] ?? plugin, 80)),
            formatNumber(count, 0),
          ]),
          [page.mostOpen, formatNumber(listening.most, 0)],
          [page.openedSince, formatNumber(listening.opened, 0)],
          [page.refusedSince, formatNumber(listening.refused, 0)],
          [page.movedSince, formatNumber(listening.moved, 0)],
          [page.idleFor, `${formatNumber(listening.idleSeconds, 0)} s`],
          [page.drainFor, `${formatNumber(listening.drainSeconds, 0)} s`],
        ]}
      />
    </Section>
  )
}

const unit: Partial<Record<keyof InstallationWhole["limits"], string>> = {
  memoryMib: "MiB",
  cpuMs: "ms",
  wallMs: "ms",
  outputKib: "KiB",
  httpResponseKib: "KiB",
  httpTotalKib: "KiB",
  httpRecordKib: "KiB",
  documentRecordKib: "KiB",
  stateKib: "KiB",
  recordsKib: "KiB",
}

export function Limits({ limits }: { limits: InstallationWhole["limits"] }) {
  const words = useWords()
  const page = words.installationPage
  const names = Object.keys(page.limit) as (keyof typeof limits)[]
  return (
    <Section id="limits" title={page.limits}>
      <dl className="facts padded limits" data-testid="limits">
        {names.map((name) => (
          <div key={name}>
            <dt>{page.limit[name]}</dt>
            <dd>
              {formatNumber(limits[name], 0)} {unit[name] && <span className="unit">{unit[name]}</span>}
            </dd>
          </div>
        ))}
      </dl>
      <p className="quiet padded">{page.perCall}</p>
    </Section>
  )
}
