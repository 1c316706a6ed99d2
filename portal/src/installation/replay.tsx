import { useMutation } from "@tanstack/react-query"
import { useRef, useState, type FormEvent } from "react"
import { useSearchParams } from "react-router"
import { postFile } from "../api/request"
import type { InstallationWhole, Replay } from "../api/schemas"
import { clip } from "../format/clip"
import { formatNumber } from "../format/number"
import { beijingField, fromBeijingField } from "../format/time"
import { PluginName } from "../message/plugin-name"
import { useClockAhead } from "../shell/clock"
import { ReleaseField } from "../release/field"
import { Failure } from "../shell/failure"
import { useWords } from "../text/language"
import { Differences } from "./differences"
import { Facts, Section } from "./section"

const hourMs = 3_600_000
/** A replay of many calls takes minutes. */
const waitMs = 15 * 60_000
/** The host takes no larger component. */
const mostBytes = 64 * 1024 * 1024

/** A stretch of the past run again: in the release at work, or in a candidate that is compared with it. */
export function ReplaySection({ one }: { one: InstallationWhole }) {
  const words = useWords()
  return (
    <Section id="replay" title={words.replay.title}>
      <p className="quiet padded-top">{words.replay.about}</p>
      <Form installation={one.id} />
    </Section>
  )
}

function Form({ installation }: { installation: string }) {
  const words = useWords()
  const ahead = useClockAhead()
  const [search, setSearch] = useSearchParams()
  // The last hour, as of when the form was first seen: a time that moved while somebody looks would be no choice.
  const [opened] = useState(() => Date.now() + ahead)
  const from = search.get("from") ?? beijingField(opened - hourMs)
  const to = search.get("to") ?? beijingField(opened)
  const chooser = useRef<HTMLInputElement>(null)
  const [wrong, setWrong] = useState("")
  const [release, setRelease] = useState("")
  const replay = useMutation({
    mutationFn: async (asked: { from: string; to: string; release: string; candidate: File | null }) => {
      const { candidate, ...times } = asked
      const file = { body: candidate, type: "application/wasm", waitMs }
      const result = await postFile<Replay>("/replays", { installation, ...times }, file)
      return { result, candidate: candidate?.name ?? (asked.release || null) }
    },
  })

  function choose(name: string, value: string): void {
    const next = new URLSearchParams(search)
    next.set("from", from)
    next.set("to", to)
    next.set(name, value)
    setSearch(next, { replace: true })
  }

  function run(event: FormEvent): void {
    event.preventDefault()
    const [start, end] = [fromBeijingField(from), fromBeijingField(to)]
    const candidate = chooser.current?.files?.[0] ?? null
    const named = release.trim()
    if (!start || !end || Date.parse(start) >= Date.parse(end)) return setWrong(words.replay.wrongTime)
    if (candidate && candidate.size > mostBytes) return setWrong(words.replay.tooLarge)
    if (candidate && named) return setWrong(words.replay.one)
    setWrong("")
    replay.mutate({ from: start, to: end, release: named, candidate })
  }

  const time = (name: "from" | "to", value: string) => (
    <label>
      {words.replay[name]}
      <input
        type="datetime-local"
        step="1"
        required
        value={value}
        data-testid={`replay-${name}`}
        onChange={(event) => choose(name, event.target.value)}
      />
    </label>
  )
  return (
    <>
      <form className="replay-form padded" onSubmit={run} noValidate data-testid="replay-form">
        {time("from", from)}
        {time("to", to)}
        <label>
          {words.replay.candidateRelease}
          <ReleaseField value={release} onChange={setRelease} testid="replay-release" />
        </label>
        <label>
          {words.replay.candidate}
          <input type="file" accept=".wasm,application/wasm" ref={chooser} data-testid="replay-candidate" />
        </label>
        <button type="submit" className="button" disabled={replay.isPending} data-testid="replay-run">
          {words.replay.run}
        </button>
        <p className="quiet">{words.replay.candidateHint}</p>
      </form>
      <div role="status" className="padded-sides">
        {replay.isPending && <p>{words.replay.running}</p>}
        {wrong && <p className="reason">{wrong}</p>}
        {replay.data && !replay.isPending && <Verdict {...replay.data} />}
      </div>
      {replay.isError && <Failure error={replay.error} />}
      {replay.data && !replay.isPending && <Result result={replay.data.result} />}
    </>
  )
}

export function verdictOf(result: Replay, candidate: boolean): { good: boolean | null; say: Saying } {
  const { calls, different, incomplete, otherwise } = result
  const figure = (value: number) => formatNumber(value, 0)
  if (calls === 0) return { good: null, say: (words) => words.nothing }
  if (different > 0) {
    if (candidate) return { good: null, say: (words) => words.candidateDiffers(figure(different), figure(calls)) }
    if (otherwise > 0) return { good: null, say: (words) => words.otherDiffers(figure(different), figure(calls)) }
    return { good: false, say: (words) => words.diverged(figure(different)) }
  }
  if (incomplete > 0) return { good: null, say: (words) => words.unfinished(figure(incomplete)) }
  if (candidate) return { good: true, say: (words) => words.candidateSame(figure(calls)) }
  return { good: true, say: (words) => words.identical(figure(calls)) }
}

type Saying = (words: ReturnType<typeof useWords>["replay"]) => string

function Verdict({ result, candidate }: { result: Replay; candidate: string | null }) {
  const words = useWords()
  const { good, say } = verdictOf(result, candidate !== null)
  const look = good === null ? "open" : good ? "good" : "bad"
  return (
    <p className={`verdict verdict-${look}`} data-testid="replay-verdict" data-verdict={look}>
      <span aria-hidden="true">{good === null ? "●" : good ? "✓" : "✕"}</span> {say(words.replay)}
    </p>
  )
}

function Result({ result }: { result: Replay }) {
  const words = useWords()
  const figure = (value: number) => formatNumber(value, 0)
  const { calls, same, different, incomplete, otherwise, differences } = result
  return (
    <>
      <Facts
        testid="replay-result"
        lines={[
          [words.replay.release, <PluginName plugin={result.plugin} />],
          [words.replay.calls, figure(calls)],
          [words.replay.same, figure(same)],
          [words.replay.different, figure(different)],
          [
            words.replay.incomplete,
            incomplete > 0 && `${words.replay.incompleteNote(figure(incomplete))} ${clip(result.unkept ?? "", 600)}`,
          ],
          [words.replay.otherwise, otherwise > 0 && words.replay.otherwiseNote(figure(otherwise))],
        ]}
      />
      {differences.length > 0 && (
        <Differences differences={differences} note={words.difference.some(figure(differences.length))} />
      )}
    </>
  )
}
