import { useState } from "react"
import type { LineageStep } from "../api/schemas"
import { clip } from "../format/clip"
import { beijingTime } from "../format/time"
import { useRegionName } from "../region/names"
import { useWords } from "../text/language"
import { KindTag } from "./kind"
import { PluginName } from "./plugin-name"
import { StepDetails } from "./step"

const most = 60

export function LineageList(props: {
  messages: LineageStep[]
  none: string
  /** Where there may be more than these. */
  truncated: false | ((count: number) => string)
  onOpen: (id: string) => void
  testid: string
}) {
  const { messages, none, truncated, onOpen, testid } = props
  const words = useWords()
  const regionName = useRegionName()
  const [all, setAll] = useState(false)
  if (messages.length === 0 && !truncated) return <p className="quiet">{none}</p>
  return (
    <>
      <ol className="lineage" data-testid={testid}>
        {messages.slice(0, all ? undefined : most).map((message) => (
          <li key={message.id}>
            <button type="button" onClick={() => onOpen(message.id)} data-testid={`lineage-${message.id}`}>
              <span className="lineage-head">
                <KindTag kind={message.kind} />
                <strong>{clip([message.domain, message.detail].filter(Boolean).join(" / "), 60)}</strong>
                <span>{regionName(message.region)}</span>
                <time>{beijingTime(message.time)}</time>
              </span>
              <span className="quiet">
                <PluginName plugin={message.plugin} /> · {clip(message.source, 80)}
              </span>
            </button>
            <StepDetails step={message} />
          </li>
        ))}
      </ol>
      {messages.length > most && !all && (
        <button type="button" className="button small" onClick={() => setAll(true)}>
          {words.message.all(messages.length)}
        </button>
      )}
      {truncated && (
        <p className="quiet" data-testid={`${testid}-truncated`}>
          {truncated(messages.length)}
        </p>
      )}
    </>
  )
}
