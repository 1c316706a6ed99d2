import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import { useState } from "react"
import { useSearchParams } from "react-router"
import { queries } from "../api/queries"
import { address, isUnanswered, post, remove } from "../api/request"
import type { DeadLetter, Redrive, Redriven } from "../api/schemas"
import { clip } from "../format/clip"
import { formatNumber } from "../format/number"
import { beijingShort, beijingTime } from "../format/time"
import { PluginName } from "../message/plugin-name"
import { ReleaseField } from "../release/field"
import { useClockAhead } from "../shell/clock"
import { StaleBanner } from "../shell/connection"
import { Failure } from "../shell/failure"
import { useWords } from "../text/language"
import { useTitle } from "./title"

const limit = 200
/** Installations that are offered while a name is typed. */
const suggested = 20

/** What could not be processed, for the person who decides: look at it, drive it again, or discard it. */
export function DeadLettersPage() {
  const words = useWords()
  const [search, setSearch] = useSearchParams()
  const installation = search.get("installation") ?? ""
  const before = search.get("before") ?? ""
  const [typed, setTyped] = useState(installation)
  const plugins = useQuery(queries.plugins({ q: typed || undefined, order: "id", limit: suggested }))
  const found = useQuery({
    ...queries.deadLetters({ installation: installation || undefined, before: before || undefined, limit }),
    refetchOnMount: "always",
    refetchInterval: 15_000,
  })
  const [done, setDone] = useState("")
  useTitle(words.deadLetters)

  function choose(value: string): void {
    const next = new URLSearchParams(search)
    if (value) next.set("installation", value)
    else next.delete("installation")
    next.delete("before")
    setSearch(next, { replace: true })
  }

  function turn(to: number | null): void {
    const next = new URLSearchParams(search)
    if (to === null) next.delete("before")
    else next.set("before", String(to))
    setSearch(next)
  }

  const letters = found.data?.deadLetters ?? []
  const known = plugins.data?.installations.map(({ id }) => id) ?? []
  const choices = [...new Set([...known, ...letters.map((one) => one.installation), installation])].filter(Boolean)
  return (
    <>
      <div className="page-head">
        <h1>{words.deadLetters}</h1>
        <label className="filter">
          {words.deadLettersPage.installation}
          <input
            type="search"
            className="search"
            list="known-installations"
            value={typed}
            placeholder={words.messagesPage.any}
            data-testid="filter-installation"
            onChange={(event) => {
              setTyped(event.target.value)
              if (["", ...choices].includes(event.target.value)) choose(event.target.value)
            }}
            onKeyDown={(event) => event.key === "Enter" && choose(typed)}
            onBlur={() => choose(typed)}
          />
          <datalist id="known-installations">
            {choices.sort().map((one) => (
              <option key={one} value={one} />
            ))}
          </datalist>
        </label>
        <span className="freshness">{found.data && !before && words.messagesPage.newest(letters.length)}</span>
      </div>
      <p className="quiet">{words.deadLettersPage.about}</p>
      <p role="status" data-testid="dead-letter-done">
        {done}
      </p>
      <StaleBanner fetchedAt={found.dataUpdatedAt} />
      {found.isError && <Failure error={found.error} retry={() => void found.refetch()} />}
      {found.isLoading && <p className="page-empty">{words.loading}…</p>}
      {found.data && letters.length === 0 && <p className="page-empty">{words.deadLettersPage.empty}</p>}
      {letters.length > 0 && (
        <section className="panel" aria-label={words.deadLetters}>
          <div className="table-scroll" tabIndex={0} role="group" aria-label={words.deadLetters}>
            <table data-testid="dead-letters">
              <thead>
                <tr>
                  <th scope="col">{words.deadLettersPage.number}</th>
                  <th scope="col">{words.deadLettersPage.storedAt}</th>
                  <th scope="col">{words.deadLettersPage.installation}</th>
                  <th scope="col">{words.deadLettersPage.reason}</th>
                  <th scope="col" className="end">
                    {words.deadLettersPage.bytes}
                  </th>
                  <th scope="col">{words.deadLettersPage.actions}</th>
                </tr>
              </thead>
              <tbody>
                {letters.map((letter) => (
                  <One key={letter.sequence} letter={letter} onDone={setDone} />
                ))}
              </tbody>
            </table>
          </div>
        </section>
      )}
      {(before || letters.length === limit) && (
        <nav className="pager" aria-label={words.deadLetters}>
          <button
            type="button"
            className="button small"
            disabled={!before}
            data-testid="newest-letters"
            onClick={() => turn(null)}
          >
            « {words.deadLettersPage.newest}
          </button>
          <button
            type="button"
            className="button small"
            disabled={letters.length < limit}
            data-testid="older-letters"
            onClick={() => turn(letters.at(-1)?.sequence ?? null)}
          >
            {words.deadLettersPage.older} ›
          </button>
        </nav>
      )}
    </>
  )
}

function One({ letter, onDone }: { letter: DeadLetter; onDone: (said: string) => void }) {
  const words = useWords()
  const client = useQueryClient()
  const now = Date.now() + useClockAhead()
  const [open, setOpen] = useState(false)
  const [asking, setAsking] = useState(false)
  const [choosing, setChoosing] = useState(false)
  const path = `/dead-letters/${letter.sequence}`
  const settled = () => client.invalidateQueries({ queryKey: ["dead-letters"] })
  const redrive = useMutation({
    mutationFn: (named: string) => post<Redriven>(`${path}/redrive`, redriveIn(named)),
    onSuccess: ({ messages }) => onDone(words.deadLettersPage.redriven(letter.sequence, messages.length)),
    onSettled: settled,
  })
  const discard = useMutation({
    mutationFn: () => remove(path),
    onSuccess: () => onDone(words.deadLettersPage.discarded(letter.sequence)),
    onSettled: settled,
  })
  const busy = redrive.isPending || discard.isPending
  const error = redrive.error ?? discard.error
  return (
    <>
      <tr data-testid={`dead-letter-${letter.sequence}`}>
        <td className="figure">{letter.sequence}</td>
        <td className="figure" title={beijingTime(letter.storedAt)}>
          {beijingShort(letter.storedAt, now)}
        </td>
        <td>
          {clip(letter.installation, 40)}
          <div className="quiet">{letter.plugin && <PluginName plugin={letter.plugin} />}</div>
        </td>
        <td className="lines">
          {clip(letter.reason, 600)}
          {letter.subject && (
            <div className="quiet">
              <code>{clip(letter.subject, 120)}</code>
            </div>
          )}
          {error && <Failure error={error} title={isUnanswered(error) ? words.deadLettersPage.unknown : undefined} />}
        </td>
        <td className="end figure">{formatNumber(letter.bytes, 0)}</td>
        <td>
          <button type="button" className="button small" aria-expanded={open} onClick={() => setOpen(!open)}>
            {words.deadLettersPage.show}
          </button>{" "}
          <button type="button" className="button small" disabled={busy} onClick={() => redrive.mutate("")}>
            {words.deadLettersPage.redrive}
          </button>{" "}
          <button
            type="button"
            className="button small"
            aria-expanded={choosing}
            onClick={() => setChoosing(!choosing)}
          >
            {words.deadLettersPage.other}
          </button>{" "}
          {asking ? (
            <>
              <button
                type="button"
                className="button small danger"
                disabled={busy}
                autoFocus
                onClick={() => discard.mutate()}
              >
                {words.deadLettersPage.discardReally}
              </button>{" "}
              <button type="button" className="button small" onClick={() => setAsking(false)}>
                {words.form.cancel}
              </button>
            </>
          ) : (
            <button type="button" className="button small" disabled={busy} onClick={() => setAsking(true)}>
              {words.deadLettersPage.discard}
            </button>
          )}
        </td>
      </tr>
      {choosing && (
        <tr>
          <td colSpan={6}>
            <Elsewhere busy={busy} onRedrive={redrive.mutate} />
          </td>
        </tr>
      )}
      {open && (
        <tr>
          <td colSpan={6}>
            <Payload sequence={letter.sequence} />
          </td>
        </tr>
      )}
    </>
  )
}

/** A path ends in `.wasm`; everything else names a release of the registry. */
export function redriveIn(named: string): Redrive {
  if (!named) return {}
  return named.endsWith(".wasm") ? { component: named } : { release: named }
}

/** Drives it again in a release that is not the one enabled: the one that made the mistake, or the one that mends it. */
function Elsewhere({ busy, onRedrive }: { busy: boolean; onRedrive: (named: string) => void }) {
  const words = useWords()
  const [named, setNamed] = useState("")
  return (
    <form
      className="redrive-form"
      onSubmit={(event) => {
        event.preventDefault()
        if (named.trim()) onRedrive(named.trim())
      }}
    >
      <label>
        {words.deadLettersPage.otherRelease}
        <ReleaseField value={named} onChange={setNamed} testid="redrive-release" />
      </label>
      <button type="submit" className="button small" disabled={busy || !named.trim()}>
        {words.deadLettersPage.redriveWith}
      </button>
      <p className="quiet">{words.deadLettersPage.otherHint}</p>
    </form>
  )
}

function Payload({ sequence }: { sequence: number }) {
  const words = useWords()
  const whole = useQuery(queries.deadLetter(sequence))
  if (whole.isError) return <Failure error={whole.error} retry={() => void whole.refetch()} />
  if (!whole.data) return <p>{words.loading}…</p>
  const { text, cut } = whole.data
  return (
    <>
      {text === null ? (
        <p className="quiet">{words.deadLettersPage.notText}</p>
      ) : (
        <pre className="content" tabIndex={0} aria-label={words.message.data} data-testid="dead-letter-text">
          {text}
        </pre>
      )}
      {text !== null && cut && <p className="quiet">{words.message.cut(formatNumber(text.length, 0))}</p>}
      <p>
        <a href={address(`/dead-letters/${sequence}/payload`)} download data-testid="dead-letter-download">
          {words.deadLettersPage.download}
        </a>
      </p>
    </>
  )
}
