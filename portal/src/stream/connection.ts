// The line to the host's stream, kept up for as long as the page is open. It knows three things the page must show:
// live or not, since when, and what was said.
import { address } from "../api/request"
import { serverSentParser, type ServerSent } from "./server-sent"

/** The host sends a comment every 15 s; three missed in a row and the line counts as dead. */
const silenceMs = 45_000
const shortestWaitMs = 500
const longestWaitMs = 10_000

export type ConnectionState = { phase: "connecting" | "live" | "lost"; since: number }

export interface ConnectionListener {
  state(state: ConnectionState): void
  event(event: ServerSent): void
}

export function connect(listener: ConnectionListener): () => void {
  const closing = new AbortController()
  let state: ConnectionState = { phase: "connecting", since: Date.now() }
  listener.state(state)

  function become(phase: ConnectionState["phase"]): void {
    // "Lost" keeps its first instant through failed attempts: the person is told for how long the data is old.
    if (state.phase === phase) return
    state = { phase, since: Date.now() }
    listener.state(state)
  }

  async function listen(): Promise<void> {
    const attempt = new AbortController()
    const end = () => attempt.abort()
    closing.signal.addEventListener("abort", end)
    let watchdog = setTimeout(end, silenceMs)
    try {
      const response = await fetch(address("/stream"), {
        headers: { accept: "text/event-stream" },
        cache: "no-store",
        signal: attempt.signal,
      })
      if (!response.ok || !response.body) throw new Error(`stream answered ${response.status}`)
      if (!response.headers.get("content-type")?.includes("text/event-stream")) throw new Error("not an event stream")
      become("live")
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
      const feed = serverSentParser((event) => listener.event(event))
      for (;;) {
        const { done, value } = await reader.read()
        if (done) return
        clearTimeout(watchdog)
        watchdog = setTimeout(end, silenceMs)
        feed(value)
      }
    } finally {
      clearTimeout(watchdog)
      closing.signal.removeEventListener("abort", end)
      attempt.abort()
    }
  }

  async function keep(): Promise<void> {
    let wait = shortestWaitMs
    while (!closing.signal.aborted) {
      const started = Date.now()
      await listen().catch(() => undefined)
      if (closing.signal.aborted) return
      become("lost")
      if (Date.now() - started > 30_000) wait = shortestWaitMs
      // Jitter: a hundred desks must not come back in the same instant after the host restarts.
      await pause(wait * (0.5 + Math.random()), closing.signal)
      wait = Math.min(wait * 2, longestWaitMs)
    }
  }

  void keep()
  return () => closing.abort()
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms)
    function done(): void {
      clearTimeout(timer)
      signal.removeEventListener("abort", done)
      window.removeEventListener("online", done)
      resolve()
    }
    signal.addEventListener("abort", done)
    window.addEventListener("online", done)
  })
}
