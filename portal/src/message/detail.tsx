import { useMemo } from "react"
import type { Message } from "../api/schemas"
import { beijingTime } from "../format/time"
import { formatNumber } from "../format/number"
import { useRegionName } from "../region/names"
import { useWords } from "../text/language"
import { Copied } from "./copied"
import { KindTag } from "./kind"
import { PluginName } from "./plugin-name"

/** More than this in one element and an old PC stands still. */
const mostCharacters = 60_000

export function MessageDetail({ message }: { message: Message }) {
  const words = useWords()
  const regionName = useRegionName()
  const lines: [string, React.ReactNode][] = [
    [words.message.time, <time key="t">{beijingTime(message.time)}</time>],
    [words.message.received, <time key="r">{beijingTime(message.received)}</time>],
    [words.region, `${regionName(message.region)} ${message.region}`],
    [words.message.source, message.source],
    [words.message.type, message.type],
    [words.message.subject, <code key="s">{message.subject}</code>],
    [words.message.plugin, <PluginName key="p" plugin={message.plugin} />],
    [words.message.id, <Copied key="i" text={message.id} />],
    [words.message.key, <code key="k">{message.key}</code>],
    [words.message.revision, <code key="v">{message.revision}</code>],
    [words.message.contentType, message.contentType],
  ]
  if (message.traceparent) lines.push([words.message.trace, <code key="w">{message.traceparent}</code>])
  return (
    <>
      <p className="message-head">
        <KindTag kind={message.kind} />
        <strong>{[message.domain, message.detail].filter(Boolean).join(" / ")}</strong>
      </p>
      <dl className="facts" data-testid="message-facts">
        {lines.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <h3>{words.message.data}</h3>
      <Content data={message.data} />
    </>
  )
}

function Content({ data }: { data: unknown }) {
  const words = useWords()
  const text = useMemo(
    () => (data == null ? "" : typeof data === "string" ? data : JSON.stringify(data, null, 2)),
    [data],
  )
  if (!text) return <p className="quiet">{words.message.noData}</p>
  return (
    <>
      <pre className="content" tabIndex={0} aria-label={words.message.data} data-testid="message-data">
        {text.slice(0, mostCharacters)}
      </pre>
      {text.length > mostCharacters && <p className="quiet">{words.message.cut(formatNumber(mostCharacters, 0))}</p>}
    </>
  )
}
