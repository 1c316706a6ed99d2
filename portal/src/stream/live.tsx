// Joins the stream to what is on the screen: a message that a shown query depends on has it fetched again.
import { useQueryClient, type QueryClient, type QueryKey } from "@tanstack/react-query"
import { createContext, useContext, useEffect, useRef, useState, type ReactNode } from "react"
import { coalesce } from "./coalesce"
import { connect, type ConnectionState } from "./connection"
import { parseMessageEvent, type MessageEvent } from "./event"

/** At most four fetches a second. */
const intervalMs = 250

interface Live {
  connection: ConnectionState
  /** Calls back with each message as long as the subscriber is there. */
  subscribe(onMessage: (message: MessageEvent) => void): () => void
}

const LiveContext = createContext<Live>({
  connection: { phase: "connecting", since: 0 },
  subscribe: () => () => undefined,
})

export function LiveProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient()
  const [connection, setConnection] = useState<ConnectionState>({ phase: "connecting", since: Date.now() })
  const subscribers = useRef(new Set<(message: MessageEvent) => void>())
  const [subscribe] = useState(() => (onMessage: (message: MessageEvent) => void) => {
    subscribers.current.add(onMessage)
    return () => void subscribers.current.delete(onMessage)
  })

  useEffect(() => {
    const installed = coalesce(() => refetch(client, ["plugins"], ["views"], ["health"]), 1000)
    let first = true
    const close = connect({
      state(state) {
        setConnection(state)
        if (state.phase !== "live") return
        // What was said while nobody listened is not repeated. On the first connection the fetches are under way.
        if (!first) void refetch(client, ["plugins"], ["views"], ["health"], ["view"], ["messages"], ["lineage"])
        first = false
      },
      event({ event, data }) {
        if (event === "installations") return installed.ask()
        if (event !== "message") return
        const message = parseMessageEvent(data)
        if (message) subscribers.current.forEach((tell) => tell(message))
      },
    })
    return () => {
      close()
      installed.stop()
    }
  }, [client])

  return <LiveContext value={{ connection, subscribe }}>{children}</LiveContext>
}

export function useConnection(): ConnectionState {
  return useContext(LiveContext).connection
}

/** Fetches `key` again, coalesced, after each message for which `concerned` holds. */
export function useLiveQuery(key: QueryKey, concerned: (message: MessageEvent) => boolean): void {
  const client = useQueryClient()
  const { subscribe } = useContext(LiveContext)
  const latest = useRef(concerned)
  useEffect(() => {
    latest.current = concerned
  })
  const name = JSON.stringify(key)
  useEffect(() => {
    const queryKey = JSON.parse(name) as QueryKey
    // A fetch that was under way when the message came may have missed it, and cancelling it at every message would
    // starve the page in a storm: so wait for it, then fetch once more.
    const again = coalesce(async () => {
      const only = { queryKey, exact: true }
      if (client.isFetching(only) > 0) await client.refetchQueries(only, { cancelRefetch: false })
      await client.refetchQueries(only, { cancelRefetch: false })
    }, intervalMs)
    const leave = subscribe((message) => {
      if (latest.current(message)) again.ask()
    })
    return () => {
      leave()
      again.stop()
    }
  }, [client, name, subscribe])
}

async function refetch(client: QueryClient, ...keys: QueryKey[]): Promise<void> {
  await Promise.all(keys.map((queryKey) => client.invalidateQueries({ queryKey })))
}
