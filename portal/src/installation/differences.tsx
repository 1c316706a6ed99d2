import { useState } from "react"
import type { Difference } from "../api/schemas"
import { beijingTime } from "../format/time"
import { Pager } from "../panel/pager"
import { useOpenMessage } from "../shell/address"
import { useWords } from "../text/language"
import { compared, type Line } from "./compared"

const pageSize = 10

/** Where two releases part: each statement before and after, what differs marked in words and by colour. */
export function Differences({ differences, note }: { differences: Difference[]; note: string }) {
  const words = useWords()
  const [page, setPage] = useState(0)
  const last = Math.max(0, Math.ceil(differences.length / pageSize) - 1)
  const at = Math.min(page, last)
  return (
    <>
      <h3 className="padded-top">
        {words.difference.title} <span className="quiet">{note}</span>
      </h3>
      <ol className="differences" data-testid="differences">
        {differences.slice(at * pageSize, (at + 1) * pageSize).map((one, index) => (
          <One key={at * pageSize + index} one={one} />
        ))}
      </ol>
      <Pager page={at} pageSize={pageSize} all={differences.length} onPage={setPage} />
    </>
  )
}

function One({ one }: { one: Difference }) {
  const words = useWords()
  const openMessage = useOpenMessage()
  const { before, after } = compared(one.before, one.after)
  const isVerdict = one.what === "verdict"
  const absent = (side: "before" | "after") =>
    isVerdict
      ? words.difference.accepted
      : ["cursor", "answer", "request", "order", "kept"].includes(one.what)
        ? words.difference.nothing
        : (side === "before") === (one.what === "new") || one.what === "missing"
          ? words.difference.nothing
          : words.difference.gone
  return (
    <li data-testid={`difference-${one.what}`}>
      <p className="difference-head">
        <span className={`difference-what what-${one.what}`}>{words.difference.what[one.what] ?? one.what}</span>
        <time>{beijingTime(one.at)}</time>
        {/* What only the other release made was never published, so there is nothing to open. */}
        {one.message && one.what !== "new" && (
          <button
            type="button"
            className="button small"
            aria-label={words.difference.open(one.message)}
            onClick={() => openMessage(one.message)}
          >
            {words.difference.message}
          </button>
        )}
      </p>
      <div className="difference-sides">
        <Side title={words.difference.before} lines={before} mark="−" absent={absent("before")} />
        <Side title={words.difference.after} lines={after} mark="＋" absent={absent("after")} />
      </div>
    </li>
  )
}

function Side(props: { title: string; lines: Line[] | null; mark: string; absent: string }) {
  const { title, lines, mark, absent } = props
  return (
    <div>
      <p className="quiet">{title}</p>
      {lines === null ? (
        <p className="quiet absent">{absent}</p>
      ) : (
        <pre className="content" tabIndex={0} role="group" aria-label={title}>
          {lines.map((line, index) => (
            <span key={index} className={line.differs ? "line differs" : "line"}>
              <span className="line-mark">{line.differs ? mark : " "}</span>
              {line.text}
              {"\n"}
            </span>
          ))}
        </pre>
      )}
    </div>
  )
}
