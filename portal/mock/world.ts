// What the mock province knows: a few earthquakes, their messages and how they derive from each other.
import type { DeadLetterWhole, Level, LineageStep, Message } from "../src/api/schemas"
import { places, placeOf } from "./regions"

export interface Quake {
  number: number
  at: [number, number]
  region: string
  magnitude: number
  depth: number
  time: string
  zh: string
  en: string
}

export const world = {
  started: Date.now(),
  quakes: [] as Quake[],
  messages: [] as Message[],
  orders: [] as { id: string; time: string; title: string; detail: string; level: Level }[],
  deadLetters: [] as DeadLetterWhole[],
}

function deadLetter(sequence: number, reason: string, text: string | null): DeadLetterWhole {
  return {
    sequence,
    storedAt: new Date(world.started - sequence * 60_000).toISOString(),
    installation: sequence % 2 ? "quake-cenc" : "water-changsha",
    reason,
    plugin: sequence % 2 ? releases.adapter : releases.water,
    region: "430000",
    subject: sequence % 2 ? null : "em.43.01.00.water.observation.-",
    message: sequence % 2 ? null : `message-${sequence}`,
    contentType: "application/json",
    traceparent: null,
    bytes: text?.length ?? 4_812,
    text,
    cut: false,
  }
}

const digest = (seed: string): string =>
  `sha256:${Array.from({ length: 64 }, (_, i) => ((seed.charCodeAt(i % seed.length) * (i + 7)) % 16).toString(16)).join("")}`

export const releases = {
  adapter: `earthquake-adapter@0.1.0#${digest("adapter")}`,
  impact: `earthquake-impact@0.1.0#${digest("impact")}`,
  candidate: `earthquake-impact@0.2.0#${digest("candidate")}`,
  duty: `duty-desk@0.2.1#${digest("duty")}`,
  water: `water-sl651@0.3.0#${digest("water")}`,
}

world.deadLetters.push(
  deadLetter(3, "event cenc-3: the latitude 91 lies outside -90 to 90", '{"latitude":"91","bad":true}'),
  deadLetter(2, "校验和不符：7E7E 帧长度 44，应为 46", null),
  deadLetter(1, "the document is truncated", "<q:quakeml><eventParameters>"),
)

export function levelOfIntensity(intensity: number): Level {
  return intensity >= 7
    ? "red"
    : intensity >= 6
      ? "orange"
      : intensity >= 5
        ? "yellow"
        : intensity >= 4
          ? "blue"
          : "none"
}

/** Counties that feel it. A made-up fall with distance: the portal does not care. */
export function felt(quake: Quake): { region: string; intensity: number }[] {
  return places
    .filter((place) => place.region.level === "county")
    .map((place) => {
      const [x, y] = [(place.at[0] - quake.at[0]) * 99, (place.at[1] - quake.at[1]) * 111]
      const intensity = 1.5 * quake.magnitude + 1.2 - 3.6 * Math.log10(Math.hypot(x, y, quake.depth) / 8 + 1)
      return { region: place.region.code, intensity: Math.round(intensity * 10) / 10 }
    })
    .filter((one) => one.intensity >= 3)
    .sort((a, b) => b.intensity - a.intensity)
}

export function message(given: Partial<Message> & Pick<Message, "id" | "domain" | "kind" | "plugin">): Message {
  const region = given.region ?? "430000"
  const time = given.time ?? new Date().toISOString()
  return {
    source: "cn.ceic",
    type: `em.${given.domain}.${given.kind}.v1`,
    subject: `em.${region.slice(0, 2)}.${region.slice(2, 4)}.${region.slice(4)}.${given.domain}.${given.kind}.${given.detail ?? "-"}`,
    detail: null,
    region,
    time,
    received: new Date(new Date(time).getTime() + 1400).toISOString(),
    key: given.id,
    revision: "1",
    causation: [],
    contentType: "application/json",
    traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    data: null,
    ...given,
  }
}

/** An earthquake with everything that follows from it; answers the messages it made, raw first. */
export function shake(region: string, magnitude: number, minutesAgo: number): Message[] {
  const place = placeOf(region)
  const number = world.quakes.length + 1
  const time = new Date(Date.now() - minutesAgo * 60_000).toISOString()
  const quake: Quake = {
    number,
    at: [place.at[0] + 0.05, place.at[1] - 0.04],
    region,
    magnitude,
    depth: 8 + (number % 4) * 3,
    time,
    zh: place.region.name.zh,
    en: place.region.name.en,
  }
  world.quakes.unshift(quake)
  const raw = message({
    id: `raw-${number}`,
    domain: "earthquake",
    kind: "raw",
    region: "000000",
    time,
    plugin: releases.adapter,
    contentType: "application/xml",
    data: `<q:quakeml xmlns:q="http://quakeml.org/xmlns/quakeml/1.2"><eventParameters><event publicID="mock-${number}"/></eventParameters></q:quakeml>`,
  })
  const observation = message({
    id: `quake-${number}`,
    domain: "earthquake",
    kind: "observation",
    region,
    time,
    plugin: releases.adapter,
    causation: [raw.id],
    data: { magnitude, depthKm: quake.depth, longitude: quake.at[0], latitude: quake.at[1], place: quake.zh },
  })
  const hit = felt(quake)
  const assessment = message({
    id: `impact-${number}`,
    domain: "earthquake",
    kind: "assessment",
    detail: "intensity",
    region: `${region.slice(0, 4)}00`,
    time,
    plugin: releases.impact,
    causation: [observation.id],
    data: { counties: hit.slice(0, 20) },
  })
  const warnings = hit
    .filter((one) => one.intensity >= 4)
    .map((one) =>
      message({
        id: `warning-${number}-${one.region}`,
        domain: "earthquake",
        kind: "warning",
        region: one.region,
        time,
        plugin: releases.impact,
        causation: [assessment.id, observation.id],
        data: { msgType: "Alert", severity: levelOfIntensity(one.intensity), intensity: one.intensity },
      }),
    )
  const made = [raw, observation, assessment, ...warnings]
  world.messages.unshift(...[...made].reverse())
  return made
}

export function causesOf(of: Message): Message[] {
  const found: Message[] = []
  const wanted = [...of.causation]
  for (let id = wanted.shift(); id; id = wanted.shift()) {
    const cause = world.messages.find((one) => one.id === id)
    if (!cause || found.includes(cause)) continue
    found.push(cause)
    wanted.push(...cause.causation)
  }
  return found
}

export function effectsOf(of: Message): Message[] {
  return world.messages.filter((one) => one.id !== of.id && causesOf(one).includes(of))
}

export const rawDigest = "3f1c9a0b7d2e4856af10c9d8e7b6a5940312feed"

/** A message with what its plugin was granted, with what came from outside, and with what was sent outward because of it. */
export function step(of: Message): LineageStep {
  const model = of.kind === "assessment" || of.kind === "warning"
  return {
    ...of,
    installation: model ? "quake-impact" : "quake-cenc",
    grants: {
      capabilities: model ? ["log", "config", "state"] : ["log", "config", "http"],
      publish: model ? ["earthquake assessment", "earthquake warning"] : ["earthquake observation"],
      subscribe: model ? ["earthquake observation"] : [],
      http: model ? [] : ["catalogue.example:443"],
    },
    first: of.causation.length === 0,
    raw:
      of.kind === "raw"
        ? {
            what: "poll",
            transport: null,
            name: null,
            contentType: null,
            peer: null,
            received: of.received,
            plugin: of.plugin,
            fields: [],
            unkept: null,
            pieces: [
              {
                what: "GET https://catalogue.example/fdsnws/event/1/query?… → 200",
                digest: rawDigest,
                bytes: 8_412,
                from: null,
                to: null,
                kept: true,
              },
            ],
          }
        : null,
    dispatched:
      of.kind === "warning"
        ? [
            {
              installation: "sms-out",
              at: of.received,
              plugin: releases.duty,
              grants: {
                capabilities: ["log", "config", "http"],
                publish: [],
                subscribe: ["earthquake warning"],
                http: ["sms.example:443"],
              },
              key: `5d41402abc4b2a76b9719d911017c592-${of.id}`,
              reason: of.id.endsWith("6") ? null : "短信网关没有回答",
            },
          ]
        : [],
  }
}

shake("431127", 3.1, 60 * 26)
shake("430923", 3.8, 60 * 9)
shake("430726", 5.6, 42)
