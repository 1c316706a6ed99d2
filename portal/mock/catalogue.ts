// The mock registry: releases that are trusted, wait for review, were yanked, or lie.
import type { Catalogue, CatalogueRelease, ReleaseReview } from "../src/api/schemas"
import { markup } from "./odd"
import { releases } from "./world"

const ago = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString()
const digest = (seed: number) =>
  `sha256:${Array.from({ length: 64 }, (_, at) => ((seed * (at + 3)) % 16).toString(16)).join("")}`

type Plugin = Catalogue["plugins"][number]

function version(number: string, days: number, more: Partial<Plugin["versions"][number]> = {}) {
  const seed = number.split(".").reduce((sum, part) => sum * 7 + Number(part), 1)
  return {
    version: number,
    digest: digest(seed),
    component: digest(seed + 5),
    size: 103_422 + seed * 1000,
    pushed: ago(days),
    yanked: null,
    grade: "A",
    ...more,
  }
}

const plugins: Plugin[] = [
  {
    repository: "hunan-seismo/earthquake",
    title: { zh: "地震目录接入", en: "Earthquake catalogue" },
    description: {
      zh: "从省地震台网的目录服务读取地震，支持 FDSN、USGS 与 CENC 格式。",
      en: "Reads earthquakes from a seismological network's catalogue in the formats of FDSN, USGS and CENC.",
    },
    roles: ["source", "decoder"],
    versions: [
      version("1.3.0", 1, { grade: "B" }),
      version("1.2.0", 30),
      version("1.1.0", 60, { yanked: "修订号解析有误，重复发布旧报文" }),
      version("1.0.0", 90),
    ],
  },
  {
    repository: "hunan-seismo/earthquake-impact",
    title: { zh: "地震影响模型", en: "Earthquake impact" },
    description: { zh: "由震级与烈度椭圆估算各县烈度并生成预警。", en: "Estimates intensities and warns counties." },
    roles: ["transform"],
    versions: [version("0.2.0", 2), version("0.1.0", 40)],
  },
  {
    repository: "example-water/sl651",
    title: { zh: "水文遥测接入", en: "River telemetry" },
    description: { zh: "按 SL 651 规约接收遥测站报文。", en: "Speaks the telemetry protocol SL 651." },
    roles: ["decoder"],
    versions: [version("0.3.0", 12, { grade: null })],
  },
  {
    repository: "elsewhere/old",
    title: { zh: markup, en: markup },
    description: { zh: "很长的说明".repeat(200), en: "a very long description ".repeat(60) },
    roles: ["views"],
    versions: [version("9.9.9", 200, { yanked: markup, grade: "F" })],
  },
]

export const catalogue = (): Catalogue => ({ plugins })

const text = (zh: string, en: string) => ({ zh, en })

function manifest(plugin: Plugin, number: string): string {
  const name = plugin.repository.split("/")[1] ?? ""
  return `name = "${name}"\nversion = "${number}"\nvendor = "湖南省地震局"\nroles = ${JSON.stringify(plugin.roles)}\n\n[title]\nzh = "${plugin.title.zh}"\nen = "${plugin.title.en}"\n`
}

export function catalogueRelease(repository: string, number: string): CatalogueRelease | undefined {
  const plugin = plugins.find((one) => one.repository === repository)
  const found = plugin?.versions.find((one) => one.version === number)
  if (!plugin || !found) return undefined
  return {
    ...found,
    repository,
    vendor: "湖南省地震局",
    title: plugin.title,
    description: plugin.description,
    roles: plugin.roles,
    capabilities: {},
    publish: [],
    subscribe: [],
    pluginToml: manifest(plugin, number),
    referrers: [],
  }
}

const vendorKey = digest(11).slice(7)
const provinceKey = digest(13).slice(7)

function signatures(number: string): ReleaseReview["signatures"] {
  const vendor = {
    key: vendorKey,
    algorithm: "sm2",
    owner: "vendor:hunan-seismo",
    says: "release" as const,
    note: null,
    good: true,
    reason: null,
  }
  const province = {
    ...vendor,
    key: provinceKey,
    algorithm: "ed25519",
    owner: "province:王工",
    says: "approved" as const,
    note: "已核对网络授权与限额。",
  }
  if (number === "1.3.0")
    return [
      vendor,
      {
        ...province,
        key: digest(17).slice(7),
        owner: null,
        algorithm: null,
        good: false,
        reason: "the key is not registered: ask the province which key signs",
      },
    ]
  return [vendor, province]
}

export function review(repository: string, number: string): ReleaseReview | undefined {
  const release = catalogueRelease(repository, number)
  if (!release) return undefined
  const waits = number === "1.3.0" || number === "9.9.9"
  const yanked = release.yanked
  const [name, running] = (releases.adapter.split("#")[0] ?? "").split("@")
  return {
    repository,
    version: number,
    manifestDigest: release.digest,
    componentDigest: release.component.slice(7),
    size: release.size,
    pushed: release.pushed,
    yanked,
    title: release.title,
    description: release.description,
    vendor: release.vendor,
    roles: release.roles,
    imports: ["dongting:log/log@0.1.0", "dongting:config/config@0.1.0", "wasi:http/outgoing-handler@0.2.3"],
    asks: {
      capabilities: [
        { capability: "log", reason: text("记录解析中的异常", "notes what it could not read") },
        { capability: "config", reason: text("读取目录服务的地址与格式", "reads the service's address and format") },
        { capability: "http", reason: text("定时读取地震目录", "fetches the catalogue at intervals") },
      ],
      publish: [{ domain: "earthquake", kind: "observation", detail: null }],
      subscribe: [],
      settings: [
        { name: "url", type: "string", required: true, title: text("目录服务地址", "Address of the service") },
        { name: "format", type: "string", required: false, title: text("格式", "Format") },
      ],
      attachments: [{ name: "counties", title: text("县级边界", "Boundaries of the counties") }],
      records: [],
    },
    differences:
      number === "1.3.0"
        ? {
            version: "1.2.0",
            differences: [
              { change: "removed", what: "attachment", name: "cities" },
              { change: "added", what: "capability", name: "http" },
              { change: "added", what: "import", name: "wasi:http/outgoing-handler@0.2.3" },
              { change: "changed", what: "setting", name: "url: optional → required" },
            ],
          }
        : number === "1.0.0" || number === "9.9.9"
          ? null
          : { version: "1.0.0", differences: [] },
    quality:
      repository === "example-water/sl651"
        ? null
        : {
            plugin: `${name}@${running}`,
            grade: number === "1.3.0" ? "B" : "A",
            findings:
              number === "1.3.0"
                ? [{ grade: "B", what: "golden 与样本不符", advice: "核对 samples/cenc-3.json 后重新记录" }]
                : [],
            compliance: {
              seed: 1,
              checks: [
                {
                  role: "decoder",
                  name: "flipped",
                  asks: "each byte flipped",
                  verdict: { is: "passed" },
                  failures: [],
                },
                {
                  role: "decoder",
                  name: "golden",
                  asks: "the samples give what was recorded of them",
                  verdict: { is: number === "1.3.0" ? "failed" : "passed" },
                  failures: number === "1.3.0" ? [{ case: "samples/cenc-3.json", reason: "纬度 91 超出范围" }] : [],
                },
                {
                  role: "source",
                  name: "repeat",
                  asks: "the same answers give the same bytes",
                  verdict: { is: "skipped", why: "put answers under samples/answers" },
                  failures: [],
                },
              ],
            },
          },
    materials:
      repository === "example-water/sl651"
        ? null
        : [
            ...Array.from({ length: 61 }, (_, at) => ({
              name: `crate-${at}`,
              version: `1.${at}.0`,
              licence: at % 3 ? "MIT OR Apache-2.0" : "Apache-2.0",
            })),
            { name: markup, version: null, licence: null },
          ],
    signatures: signatures(number),
    verdict:
      waits || yanked !== null
        ? {
            trusted: false,
            reason: yanked !== null ? `it was yanked: ${yanked}` : "no reviewer of the province has signed it",
            reviewer: null,
          }
        : { trusted: true, reason: null, reviewer: "王工" },
    installations: number === "1.2.0" ? ["quake-cenc"] : [],
  }
}
