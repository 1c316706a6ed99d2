// What is enabled in the mock province, one installation for each state and each thing that its page shows.
import type {
  Difference,
  Health,
  Installation,
  InstallationWhole,
  ParkedList,
  PluginList,
  Replay,
} from "../src/api/schemas"
import { releases, world } from "./world"

const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString()

function installation(
  id: string,
  zh: string,
  en: string,
  release: string,
  more: Partial<Installation> = {},
): Installation {
  const [name = "", version = "", digest = ""] = release.split(/[@#]/)
  return {
    id,
    plugin: { name, version, digest },
    title: { zh, en },
    region: "430000",
    roles: ["views"],
    capabilities: ["log", "config"],
    state: "running",
    reason: null,
    release: null,
    unsigned: false,
    reviewer: null,
    lastActivity: world.messages[0]?.received ?? null,
    counts: { calls: 1284, messages: 96, rejects: 0, faults: 0 },
    ...more,
  }
}

const nothing = { calls: 0, messages: 0, rejects: 0, faults: 0 }
const topic = "em.43.07.26.earthquake.assessment.intensity"
const statement = (intensity: number, counties: string[]) =>
  `${topic} quake-3 ${JSON.stringify({ magnitude: 5.6, maximum: intensity, counties, model: "ellipse" })}`

function differences(): Difference[] {
  return [
    {
      at: ago(340),
      what: "changed",
      message: "impact-3",
      before: statement(6.9, ["430726", "430725"]),
      after: statement(7.2, ["430726", "430725", "430703"]),
    },
    {
      at: ago(340),
      what: "new",
      message: "only-the-candidate-made-it",
      before: null,
      after: statement(4.1, ["430723"]),
    },
    { at: ago(90), what: "missing", message: "warning-3-430726", before: `${topic} w <b>not markup</b>`, after: null },
    { at: ago(60), what: "verdict", message: "", before: null, after: "震级缺失，不予研判" },
  ]
}

export function replayed(id: string, candidate: boolean): Replay {
  const one = installations().find((found) => found.id === id)
  const plugin = one ? `${one.plugin.name}@${one.plugin.version}#${one.plugin.digest}` : ""
  if (!candidate)
    return { plugin, calls: 1284, same: 1284, different: 0, incomplete: 0, unkept: null, otherwise: 0, differences: [] }
  const found = differences()
  return {
    plugin: releases.candidate,
    calls: 1284,
    same: 1282,
    different: 2,
    incomplete: 0,
    unkept: null,
    otherwise: 1284,
    differences: found,
  }
}

export const installations = (): Installation[] => [
  installation("quake-cenc", "地震目录接入", "Earthquake catalogue", releases.adapter, {
    roles: ["source", "decoder"],
    release: "hunan-seismo/earthquake:1.2.0",
    reviewer: "王工",
    capabilities: ["log", "config", "wasi:http/outgoing-handler"],
    counts: { calls: 10412, messages: world.messages.length, rejects: 3, faults: 0 },
  }),
  installation("quake-impact", "地震影响模型", "Earthquake impact", releases.impact, {
    roles: ["transform"],
    capabilities: ["log", "config", "state"],
  }),
  installation("quake-views", "地震视图", "Earthquake views", releases.impact),
  installation("water-views", "水情视图", "Water views", releases.water),
  installation("water-changsha", "长沙水文遥测接入", "Changsha telemetry", releases.water, {
    roles: ["session"],
    region: "430100",
    state: "backoff",
    reason: "连续 5 次超过内存上限 64 MiB，32 秒后重试",
    counts: { calls: 88213, messages: 201388, rejects: 41, faults: 5 },
  }),
  installation("sms-out", "短信外发", "Short messages", releases.duty, {
    roles: ["sink"],
    capabilities: ["log", "config", "http"],
    state: "backoff",
    reason: "短信网关没有回答：connection refused",
  }),
  installation("flood-model", "洪水演进模型", "Flood routing", releases.water, {
    roles: ["transform"],
    state: "tripped",
    reason: "it faults on one message after the other, the last time: wasm trap: out of bounds memory access",
    counts: { calls: 5201, messages: 4402, rejects: 0, faults: 5 },
  }),
  installation("legacy-bridge", "旧值班系统桥", "Bridge to the old duty system", releases.duty, { roles: ["service"] }),
  installation("duty-desk", "值班台", "Duty desk", releases.duty, { unsigned: true }),
  installation("power-views", "电力视图", "Power views", releases.duty, { state: "stopped", reason: null }),
  installation("gas-adapter", "燃气接入", "Gas adapter", releases.water, {
    state: "refused",
    reason: "清单请求 wasi:http/outgoing-handler，未获授权",
    lastActivity: null,
    counts: nothing,
  }),
]

const why: Record<string, [zh: string, en: string]> = {
  log: ["记录解析中的异常", "notes what it could not read"],
  config: ["读取阈值与地址", "reads thresholds and addresses"],
  state: ["记住每次地震的最新结论", "remembers the latest conclusion for each earthquake"],
  http: ["向短信网关提交短信", "hands short messages to the gateway"],
}

export function whole(id: string): InstallationWhole | undefined {
  const one = installations().find((found) => found.id === id)
  if (!one) return undefined
  const refused = one.state === "refused"
  const has = (role: string) => one.roles.includes(role)
  const reads = has("transform") || has("sink") || has("views")
  return {
    ...one,
    shadow:
      id === "quake-impact"
        ? {
            plugin: releases.candidate,
            calls: 96,
            different: 2,
            skipped: 1,
            incomplete: 1,
            unkept: "its HTTP answers have over 4096 KiB together and were not kept",
            refused: null,
            differences: differences(),
          }
        : null,
    about: refused
      ? null
      : {
          vendor: "湖南示例科技有限公司",
          description: { zh: `${one.title.zh}。`, en: `${one.title.en}.` },
          ordered: has("transform") || has("sink"),
          capabilities: one.capabilities.map((name) => {
            const [zh, en] = why[name] ?? [name, name]
            return { name, why: { zh, en } }
          }),
        },
    system: "demo-network",
    granted: {
      capabilities: one.capabilities,
      publish: has("views")
        ? []
        : [{ domain: "earthquake", kind: "assessment", detail: null, outside: has("source"), perSecond: 100 }],
      subscribe: reads ? [{ domain: "earthquake", kind: "observation", detail: null }] : [],
      http: has("sink") ? [{ host: "sms.gateway.example", port: 443, networks: ["10.20.0.0/16"] }] : [],
      listen: has("session") ? "0.0.0.0:7611" : null,
      listenFrom: has("session") ? ["10.43.0.0/16"] : [],
    },
    limits: {
      memoryMib: 64,
      cpuMs: 2000,
      wallMs: 15000,
      outputs: 10000,
      outputKib: 16384,
      logLines: 200,
      logPerSecond: 100,
      httpRequests: 16,
      httpConcurrency: 16,
      httpResponseKib: 8192,
      httpTotalKib: 32768,
      httpRecordKib: 16384,
      documentRecordKib: 1024,
      stateKib: 4096,
      recordsKib: 16384,
      timers: 10000,
    },
    service: has("service") ? { path: `/api/v1/services/${id}/`, subject: `svc.${id}` } : null,
    push: has("decoder") ? `/api/v1/push/${id}` : null,
    listening: has("session")
      ? {
          granted: "0.0.0.0:7611",
          address: "0.0.0.0:7611",
          open: [
            { plugin: "water@1.4.0#1f0c", count: 2 },
            { plugin: "water@1.5.0#7a21", count: 41 },
          ],
          most: 64,
          opened: 5123,
          refused: 3,
          moved: 82,
          idleSeconds: 600,
          drainSeconds: 900,
        }
      : null,
    pollSeconds: has("source") ? 60 : null,
    completeUntil: has("source") ? "2026-08-29T07:40:00Z" : null,
    holdsUnknown: has("sink") ? true : null,
  }
}

export function parked(id: string): ParkedList {
  if (id !== "sms-out") return { partitions: 0, messages: 0, waiting: [] }
  const wait = (partition: string, stream: string, messages: number, tries: number) => ({
    stream,
    partition,
    messages,
    message: `warning-3-${partition}`,
    since: ago(600 + messages),
    tries,
    nextTry: new Date(Date.now() + 7_000).toISOString(),
    reason: "短信网关没有回答：connection refused",
  })
  return {
    partitions: 341,
    messages: 1012,
    waiting: [wait("430726", "EM_ALERT", 12, 6), wait("430725", "EM_ALERT", 3, 5), wait("430703", "EM_BULK", 1, 1)],
  }
}

const trouble: Installation["state"][] = ["refused", "tripped", "backoff", "stopped", "starting", "standby", "running"]

/** A page of them, as the host cuts it. */
export function page(asked: URLSearchParams): PluginList {
  const words = (asked.get("q") ?? "").toLowerCase().split(/\s+/).filter(Boolean)
  const all = installations()
  const found = all
    .filter((one) => !asked.get("state") || one.state === asked.get("state"))
    .filter((one) => {
      const told = [one.id, one.title.zh, one.title.en, one.plugin.name, one.plugin.version, one.region, one.reason]
      return words.every((word) => told.join("\n").toLowerCase().includes(word))
    })
    .sort((a, b) => a.id.localeCompare(b.id))
  if (asked.get("order") !== "id") found.sort((a, b) => trouble.indexOf(a.state) - trouble.indexOf(b.state))
  const offset = Number(asked.get("offset") ?? 0)
  const installed = found.slice(offset, offset + Number(asked.get("limit") ?? 100))
  return { enabled: all.length, found: found.length, installations: installed }
}

export function counts(): Health["installations"] {
  const none = { refused: 0, tripped: 0, backoff: 0, stopped: 0, starting: 0, standby: 0, running: 0 }
  const all = installations()
  return all.reduce((counts, { state }) => ({ ...counts, [state]: counts[state] + 1 }), { all: all.length, ...none })
}
