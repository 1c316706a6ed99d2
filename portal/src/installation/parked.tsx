import { useQuery } from "@tanstack/react-query"
import { useState } from "react"
import { queries } from "../api/queries"
import type { ParkedList } from "../api/schemas"
import { clip } from "../format/clip"
import { formatNumber } from "../format/number"
import { beijingShort, beijingTime, duration } from "../format/time"
import { Pager } from "../panel/pager"
import { useOpenMessage } from "../shell/address"
import { useClockAhead, useTick } from "../shell/clock"
import { Failure } from "../shell/failure"
import { useWords } from "../text/language"
import { Section } from "./section"

const pageSize = 20

/** What waits, by partition: how much, since when, why, and when it is tried again. */
export function Parked({ installation }: { installation: string }) {
  const words = useWords()
  const found = useQuery(queries.parked(installation))
  const parked = found.data
  const counted = parked && parked.messages > 0
  return (
    <Section
      id="parked"
      title={words.parked.title}
      note={counted && words.parked.counted(formatNumber(parked.messages, 0), formatNumber(parked.partitions, 0))}
    >
      {found.isError && !parked && <Failure error={found.error} retry={() => void found.refetch()} />}
      {parked && !counted && <p className="quiet padded">{words.parked.none}</p>}
      {counted && (
        <>
          <p className="quiet padded">{words.parked.about}</p>
          <Waiting waiting={parked.waiting} />
          {parked.waiting.length < parked.partitions && (
            <p className="quiet padded">{words.parked.some(formatNumber(parked.waiting.length, 0))}</p>
          )}
        </>
      )}
    </Section>
  )
}

type One = ParkedList["waiting"][number]

function Waiting({ waiting }: { waiting: One[] }) {
  const words = useWords()
  const openMessage = useOpenMessage()
  // Only what is shown is drawn anew each second.
  const now = useTick() + useClockAhead()
  const [page, setPage] = useState(0)
  const at = Math.min(page, Math.max(0, Math.ceil(waiting.length / pageSize) - 1))
  return (
    <>
      <div className="table-scroll" tabIndex={0} role="group" aria-label={words.parked.title}>
        <table data-testid="parked">
          <thead>
            <tr>
              <th scope="col">{words.parked.partition}</th>
              <th scope="col" className="end">
                {words.parked.messages}
              </th>
              <th scope="col">{words.parked.since}</th>
              <th scope="col">{words.parked.next}</th>
              <th scope="col" className="end">
                {words.parked.tries}
              </th>
              <th scope="col">{words.parked.reason}</th>
              <th scope="col">
                <span className="only-read">{words.parked.first}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {waiting.slice(at * pageSize, (at + 1) * pageSize).map((one) => {
              const left = new Date(one.nextTry).getTime() - now
              return (
                <tr key={`${one.stream} ${one.partition}`} data-testid={`parked-${one.partition}`}>
                  <td>
                    <code>{clip(one.partition, 80)}</code>
                    <div className="quiet">{words.parked.streams[one.stream] ?? clip(one.stream, 40)}</div>
                  </td>
                  <td className="end figure">{formatNumber(one.messages, 0)}</td>
                  <td className="figure" title={beijingTime(one.since)}>
                    {beijingShort(one.since, now)}
                  </td>
                  <td className="figure" title={beijingTime(one.nextTry)}>
                    {left > 0 ? words.parked.inTime(duration(left, words.units)) : words.parked.now}
                  </td>
                  <td className="end figure">{formatNumber(one.tries, 0)}</td>
                  <td className="lines">{clip(one.reason, 600)}</td>
                  <td className="end">
                    <button
                      type="button"
                      className="button small"
                      aria-label={words.table.traceOf(clip(one.partition, 80))}
                      onClick={() => openMessage(one.message)}
                    >
                      {words.table.trace}
                    </button>
                  </td>
                </tr>
              )
            })}
          </tbody>
        </table>
      </div>
      <Pager page={at} pageSize={pageSize} all={waiting.length} onPage={setPage} />
    </>
  )
}
