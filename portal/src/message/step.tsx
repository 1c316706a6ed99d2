import { Link } from "react-router"
import type { LineageStep } from "../api/schemas"
import { clip } from "../format/clip"
import { beijingTime } from "../format/time"
import { installationPath } from "../installation/state"
import { carried, useAddress } from "../shell/address"
import { useWords } from "../text/language"
import { PluginName } from "./plugin-name"
import { RawFacts } from "./raw"

type Grants = NonNullable<LineageStep["grants"]>

/** Which installation made a message, what it was granted then, what came from outside, and what was sent outward because of it. */
export function StepFacts({ step }: { step: LineageStep }) {
  const words = useWords()
  const { search } = useAddress()
  return (
    <>
      <dl className="facts" data-testid="step-facts">
        {step.installation && (
          <div>
            <dt>{words.message.installation}</dt>
            <dd>
              <Link to={installationPath(step.installation) + carried(search)}>{step.installation}</Link>
            </dd>
          </div>
        )}
        <div>
          <dt>{words.message.grants}</dt>
          <dd>{step.grants ? <GrantLines grants={step.grants} /> : <span>{words.message.grantsUnknown}</span>}</dd>
        </div>
      </dl>
      <RawFacts step={step} />
      {step.dispatched.length > 0 && (
        <>
          <h3>{words.message.dispatched}</h3>
          <Dispatched step={step} />
        </>
      )}
    </>
  )
}

/** The same beside a step of the lineage, opened by whoever asks. */
export function StepDetails({ step }: { step: LineageStep }) {
  const words = useWords()
  return (
    <>
      <details className="step">
        <summary>
          {step.installation && `${clip(step.installation, 40)} · `}
          {words.message.grants}
        </summary>
        {step.grants ? <GrantLines grants={step.grants} /> : <p className="quiet">{words.message.grantsUnknown}</p>}
      </details>
      <RawFacts step={step} />
      {step.dispatched.length > 0 && <Dispatched step={step} />}
    </>
  )
}

function GrantLines({ grants }: { grants: Grants }) {
  const words = useWords()
  const page = words.installationPage
  const lines: [string, string[]][] = [
    [page.capabilities, grants.capabilities.map((name) => words.capabilities[name] ?? name)],
    [page.publish, grants.publish],
    [page.subscribe, grants.subscribe],
    [page.http, grants.http],
  ]
  const said = lines.filter(([, values]) => values.length > 0)
  if (said.length === 0) return <span>{words.message.noGrants}</span>
  return (
    <ul className="grant-lines">
      {said.map(([name, values]) => (
        <li key={name}>
          <span className="quiet">{name}</span> {clip(values.join("; "), 600)}
        </li>
      ))}
    </ul>
  )
}

function Dispatched({ step }: { step: LineageStep }) {
  const words = useWords()
  return (
    <ul className="dispatched" data-testid={`dispatched-${step.id}`}>
      {step.dispatched.map((one, index) => (
        <li key={index}>
          <span className={one.reason === null ? "state state-running" : "state state-refused"}>
            <span aria-hidden="true">{one.reason === null ? "✓" : "✕"}</span>{" "}
            {one.reason === null ? words.message.delivered : words.message.givenUp(clip(one.reason, 300))}
          </span>{" "}
          <time>{beijingTime(one.at)}</time>
          <div className="quiet">
            {clip(one.installation, 40)} · <PluginName plugin={one.plugin} /> · {words.message.dispatchKey}{" "}
            <code title={clip(one.key, 300)}>{clip(one.key, 24)}</code>
          </div>
          <details className="step">
            <summary>{words.message.dispatchGrants}</summary>
            {one.grants ? (
              <GrantLines grants={one.grants} />
            ) : (
              <p className="quiet">{words.message.dispatchGrantsUnknown}</p>
            )}
          </details>
        </li>
      ))}
    </ul>
  )
}
