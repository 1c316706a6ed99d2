import type { InstallationState } from "../api/schemas"
import { useWords } from "../text/language"

/** Trouble first: that is what somebody looks for. */
export const stateOrder: InstallationState[] = [
  "refused",
  "tripped",
  "backoff",
  "stopped",
  "starting",
  "standby",
  "running",
]

const marks: Record<InstallationState, string> = {
  refused: "✕",
  tripped: "⚡",
  backoff: "▲",
  stopped: "■",
  starting: "○",
  standby: "◌",
  running: "●",
}

/** A state as a mark and a word, so that it is told by more than its colour. */
export function StateMark({ state }: { state: InstallationState }) {
  const words = useWords()
  return (
    <span className={`state state-${state}`}>
      <span aria-hidden="true">{marks[state] ?? "○"}</span> {words.states[state] ?? state}
    </span>
  )
}

/** It runs although nobody has signed it. */
export function UnsignedMark() {
  const words = useWords()
  return (
    <span className="unsigned" title={words.installationPage.unsignedWhy}>
      ▲ {words.installationPage.unsigned}
    </span>
  )
}

/** Where the page of an installation is. */
export function installationPath(id: string): string {
  return `/system/plugins/${encodeURIComponent(id)}`
}
