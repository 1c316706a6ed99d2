import { useQuery } from "@tanstack/react-query"
import { useMemo, useState } from "react"
import { Link, useSearchParams } from "react-router"
import { queries } from "../api/queries"
import { ApiFailure } from "../api/request"
import { clip } from "../format/clip"
import { beijingShort, beijingTime } from "../format/time"
import { Named } from "../installation/named"
import { Pager } from "../panel/pager"
import { chosen, gradesOf, rolesOf, shownVersion, type Found } from "../release/chosen"
import { releasePath } from "../release/address"
import { Grade } from "../release/quality"
import { YankedMark } from "../release/verdict"
import { carried, useAddress } from "../shell/address"
import { useClockAhead } from "../shell/clock"
import { StaleBanner } from "../shell/connection"
import { Failure } from "../shell/failure"
import { say, useLanguage, useWords } from "../text/language"
import { useTitle } from "./title"

const pageSize = 30
const shownVersions = 6

/** What the registry has, to be found by whoever looks for a plugin. */
export function CataloguePage() {
  const words = useWords()
  const page = words.catalogue
  const [search, setSearch] = useSearchParams()
  const [at, setAt] = useState(0)
  const found = useQuery({ ...queries.catalogue(), refetchOnMount: "always" })
  useTitle(page.title)
  const wanted = {
    text: search.get("q") ?? "",
    role: search.get("role") ?? "",
    grade: search.get("grade") ?? "",
    yanked: search.get("yanked") === "1",
  }
  const all = found.data?.plugins
  const { text, role, grade, yanked } = wanted
  const plugins = useMemo(() => chosen(all ?? [], { text, role, grade, yanked }), [all, text, role, grade, yanked])
  const current = Math.min(at, Math.max(0, Math.ceil(plugins.length / pageSize) - 1))

  function filter(name: string, value: string): void {
    const next = new URLSearchParams(search)
    if (value) next.set(name, value)
    else next.delete(name)
    setSearch(next, { replace: true })
    setAt(0)
  }

  const off = found.error instanceof ApiFailure && found.error.code === "not-found"
  return (
    <>
      <div className="page-head">
        <h1>{page.title}</h1>
        <span className="freshness" role="status">
          {all && page.found(plugins.length)}
        </span>
      </div>
      <p className="quiet">{page.about}</p>
      <div className="page-filters">
        <input
          type="search"
          className="search"
          value={text}
          placeholder={page.search}
          aria-label={page.search}
          data-testid="filter-text"
          onChange={(event) => filter("q", event.target.value)}
        />
        <Choice name="role" label={page.role} any={page.anyRole} value={role} onChoose={filter}>
          {rolesOf(all ?? [], role).map((one) => [one, words.roles[one] ?? one])}
        </Choice>
        <Choice name="grade" label={page.grade} any={page.anyGrade} value={grade} onChoose={filter}>
          {gradesOf(all ?? [], grade).map((one) => [one, one])}
        </Choice>
        <label className="filter">
          <input
            type="checkbox"
            checked={yanked}
            data-testid="filter-yanked"
            onChange={(event) => filter("yanked", event.target.checked ? "1" : "")}
          />
          {page.withYanked}
        </label>
      </div>
      <StaleBanner fetchedAt={found.dataUpdatedAt} />
      {off && <p className="page-empty">{page.off}</p>}
      {found.isError && !off && <Failure error={found.error} retry={() => void found.refetch()} />}
      {found.isLoading && <p className="page-empty">{words.loading}…</p>}
      {all && plugins.length === 0 && <p className="page-empty">{all.length === 0 ? page.empty : page.none}</p>}
      {plugins.length > 0 && (
        <section className="panel" aria-label={page.title}>
          <ul className="catalogue" data-testid="catalogue">
            {plugins.slice(current * pageSize, (current + 1) * pageSize).map((plugin) => (
              <One key={plugin.repository} plugin={plugin} />
            ))}
          </ul>
          <Pager page={current} pageSize={pageSize} all={plugins.length} onPage={setAt} />
        </section>
      )}
    </>
  )
}

function Choice(props: {
  name: string
  label: string
  any: string
  value: string
  onChoose: (name: string, value: string) => void
  children: [value: string, name: string][]
}) {
  const { name, label, any, value, onChoose, children } = props
  return (
    <label className="filter">
      {label}
      <select value={value} data-testid={`filter-${name}`} onChange={(event) => onChoose(name, event.target.value)}>
        <option value="">{any}</option>
        {children.map(([one, said]) => (
          <option key={one} value={one}>
            {said}
          </option>
        ))}
      </select>
    </label>
  )
}

function One({ plugin }: { plugin: Found }) {
  const words = useWords()
  const language = useLanguage()
  const { search } = useAddress()
  const now = Date.now() + useClockAhead()
  const kept = carried(search)
  const newest = shownVersion(plugin)
  return (
    <li data-testid={`catalogue-${plugin.repository}`}>
      <div className="catalogue-main">
        <Link className="strong" to={releasePath(plugin.repository, newest?.version) + kept}>
          {clip(say(plugin.title, language), 80)}
        </Link>{" "}
        <code className="quiet">{plugin.repository}</code>
        <p className="lines">{clip(say(plugin.description, language), 240)}</p>
        <p className="quiet">
          <Named names={plugin.roles} words={words.roles} />
        </p>
      </div>
      <ul className="catalogue-versions" aria-label={words.catalogue.versions}>
        {plugin.versions.slice(0, shownVersions).map((one) => (
          <li key={one.version}>
            <Link to={releasePath(plugin.repository, one.version) + kept}>{one.version}</Link>
            <Grade grade={one.grade} />
            <YankedMark reason={one.yanked} />
            <time className="quiet figure" title={beijingTime(one.pushed)}>
              {beijingShort(one.pushed, now)}
            </time>
          </li>
        ))}
        {plugin.versions.length > shownVersions && (
          <li className="quiet">+ {plugin.versions.length - shownVersions}</li>
        )}
      </ul>
    </li>
  )
}
