// Everything the portal fetches, in one place, so that the stream knows what to fetch again.
import { keepPreviousData, QueryClient, queryOptions } from "@tanstack/react-query"
import type { Topology } from "../map/topology"
import type { Language } from "../text/language"
import { ApiFailure, get } from "./request"
import type {
  Catalogue,
  CatalogueRelease,
  DeadLetterList,
  DeadLetterWhole,
  Health,
  InstallationWhole,
  Lineage,
  MessageList,
  ParkedList,
  PluginList,
  ReleaseReview,
  RegionList,
  Rendered,
  ViewList,
} from "./schemas"

/** Asking again at once gives the same answer, or crashes the same plugin again. */
const lasting = new Set([
  "not-found",
  "forbidden",
  "unauthorized",
  "invalid",
  "reject",
  "fault",
  "trap",
  "deadline",
  "memory",
])

export function newQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: Infinity,
        refetchOnWindowFocus: false,
        refetchOnReconnect: false,
        // A browser that believes itself offline may still reach a host on the same LAN.
        networkMode: "always",
        retry: (failures, error) => failures < 2 && !(error instanceof ApiFailure && lasting.has(error.code)),
        retryDelay: (attempt) => 500 * 2 ** attempt,
      },
      mutations: { networkMode: "always", retry: false },
    },
  })
}

const segment = encodeURIComponent

export const queries = {
  health: () =>
    queryOptions({
      queryKey: ["health"],
      queryFn: async ({ signal }) => {
        const asked = Date.now()
        const health = await get<Health>("/health", {}, signal)
        // Half of the way there and back belongs to the answer.
        return { ...health, clockAhead: new Date(health.now).getTime() - (asked + Date.now()) / 2 }
      },
      refetchInterval: 30_000,
      retry: false,
    }),
  regions: () =>
    queryOptions({
      queryKey: ["regions"],
      queryFn: ({ signal }) => get<RegionList>("/regions", {}, signal),
    }),
  boundaries: () =>
    queryOptions({
      queryKey: ["boundaries"],
      queryFn: ({ signal }) => get<Topology>("/regions/boundaries", {}, signal),
      gcTime: Infinity,
    }),
  /** A page: there may be ten thousand. What was shown stays until the next has come. */
  plugins: (filter: { q?: string; state?: string; order?: "trouble" | "id"; offset?: number; limit: number }) =>
    queryOptions({
      queryKey: ["plugins", "list", filter],
      queryFn: ({ signal }) => get<PluginList>("/plugins", filter, signal),
      placeholderData: keepPreviousData,
      refetchInterval: 30_000,
      gcTime: 60_000,
    }),
  // Under the same key as the list: what has the list fetched again has these fetched again.
  installation: (id: string) =>
    queryOptions({
      queryKey: ["plugins", "one", id],
      queryFn: ({ signal }) => get<InstallationWhole>(`/installations/${segment(id)}`, {}, signal),
      refetchInterval: 5_000,
      gcTime: 60_000,
    }),
  parked: (id: string) =>
    queryOptions({
      queryKey: ["plugins", "parked", id],
      queryFn: ({ signal }) => get<ParkedList>(`/installations/${segment(id)}/parked`, {}, signal),
      refetchInterval: 5_000,
      gcTime: 60_000,
    }),
  catalogue: () =>
    queryOptions({
      queryKey: ["catalogue"],
      queryFn: ({ signal }) => get<Catalogue>("/catalogue", {}, signal),
      refetchInterval: 60_000,
    }),
  catalogueRelease: (repository: string, version: string) =>
    queryOptions({
      queryKey: ["catalogue", repository, version],
      queryFn: ({ signal }) =>
        get<CatalogueRelease>(`/catalogue/${[...repository.split("/"), version].map(segment).join("/")}`, {}, signal),
      gcTime: 60_000,
    }),
  /** `repository` is `vendor/plugin`. */
  release: (repository: string, version: string) =>
    queryOptions({
      queryKey: ["release", repository, version],
      queryFn: ({ signal }) => {
        const path = [...repository.split("/"), version].map(segment).join("/")
        return get<ReleaseReview>(`/releases/${path}/review`, {}, signal)
      },
      // A signature, a yank or a revoked key changes it while somebody looks.
      refetchInterval: 15_000,
      gcTime: 60_000,
    }),
  views: () =>
    queryOptions({
      queryKey: ["views"],
      queryFn: ({ signal }) => get<ViewList>("/views", {}, signal),
      refetchInterval: 30_000,
    }),
  view: (installation: string, view: string, region: string, lang: Language) =>
    queryOptions({
      queryKey: ["view", installation, view, region, lang],
      queryFn: ({ signal }) =>
        get<Rendered>(`/views/${segment(installation)}/${segment(view)}`, { region, lang }, signal),
      // Time alone changes a view: a warning runs out, a catalogue falls silent.
      refetchInterval: 60_000,
      // Another region's rendering is kept a short while only: it is not updated while nobody looks.
      gcTime: 60_000,
    }),
  messages: (filter: { region?: string; domain?: string; kind?: string; limit: number }) =>
    queryOptions({
      queryKey: ["messages", filter],
      queryFn: ({ signal }) => get<MessageList>("/messages", filter, signal),
      gcTime: 60_000,
    }),
  deadLetters: (filter: { installation?: string; before?: string; limit: number }) =>
    queryOptions({
      queryKey: ["dead-letters", filter],
      queryFn: ({ signal }) => get<DeadLetterList>("/dead-letters", filter, signal),
      gcTime: 60_000,
    }),
  deadLetter: (sequence: number) =>
    queryOptions({
      queryKey: ["dead-letter", sequence],
      queryFn: ({ signal }) => get<DeadLetterWhole>(`/dead-letters/${sequence}`, {}, signal),
      gcTime: 60_000,
    }),
  lineage: (id: string) =>
    queryOptions({
      queryKey: ["lineage", id],
      queryFn: ({ signal }) => get<Lineage>(`/messages/${segment(id)}`, {}, signal),
      gcTime: 60_000,
    }),
}
