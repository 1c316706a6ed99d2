// The API as openapi.json has it, answered from the mock world.
import { delay, http, HttpResponse, type HttpHandler } from "msw"
import type { ApiErrorBody, Redrive, ViewInfo } from "../src/api/schemas"
import { concerns } from "../src/region/code"
import { boundaries } from "./boundaries"
import { catalogue, catalogueRelease, review } from "./catalogue"
import { counts, installations, page, parked, replayed, whole } from "./installations"
import { regions } from "./regions"
import { openStream } from "./stream"
import { views } from "./views"
import { rawDigest, causesOf, effectsOf, message, releases, step, world } from "./world"

const base = "/api/v1"
let requests = 0

function refuse(status: number, code: string, text: string, hint: string | null = null) {
  const body: ApiErrorBody = { error: { code, message: text, hint }, requestId: `mock-${++requests}` }
  return HttpResponse.json(body, { status })
}

function stateOf(id: string): Pick<ViewInfo, "state" | "reason"> {
  const one = installations().find((found) => found.id === id)
  return { state: one?.state ?? "running", reason: one?.reason ?? null }
}

const find = (params: Record<string, unknown>) =>
  views.find(({ info }) => info.installation === params.installation && info.id === params.view)

const deadLetter = (params: Record<string, unknown>) =>
  world.deadLetters.find((one) => String(one.sequence) === params.sequence)

export const handlers: HttpHandler[] = [
  http.get(`${base}/health`, () =>
    HttpResponse.json({
      status: "ok",
      version: "0.1.0-mock",
      now: new Date().toISOString(),
      bus: {
        state: "up",
        restarts: 0,
        reason: null,
        durability: new URLSearchParams(location.search).has("unsynced") ? "relaxed" : "synced",
      },
      installations: counts(),
      troubled: page(new URLSearchParams())
        .installations.filter(({ state }) => ["refused", "tripped", "backoff", "stopped"].includes(state))
        .map(({ id, state, reason }) => ({ id, state, reason })),
      allowUnsigned: new URLSearchParams(location.search).has("unsigned"),
      newestMessage: world.messages[0]?.received ?? null,
    }),
  ),
  http.get(`${base}/regions`, () => HttpResponse.json({ regions })),
  http.get(`${base}/regions/boundaries`, async () =>
    new URLSearchParams(location.search).has("noboundaries")
      ? refuse(404, "not_found", "boundaries are not installed")
      : HttpResponse.json(await boundaries()),
  ),
  http.get(`${base}/plugins`, ({ request }) => HttpResponse.json(page(new URL(request.url).searchParams))),
  http.get(`${base}/installations/:id`, ({ params }) => {
    const one = whole(String(params.id))
    return one ? HttpResponse.json(one) : refuse(404, "not_found", `there is no installation \`${String(params.id)}\``)
  }),
  http.get(`${base}/installations/:id/parked`, ({ params }) => HttpResponse.json(parked(String(params.id)))),
  http.get(`${base}/catalogue`, () => HttpResponse.json(catalogue())),
  http.get(`${base}/catalogue/:vendor/:plugin/:version`, ({ params }) => {
    const found = catalogueRelease(`${String(params.vendor)}/${String(params.plugin)}`, String(params.version))
    return found ? HttpResponse.json(found) : refuse(404, "not_found", "there is no such release")
  }),
  http.get(`${base}/releases/:vendor/:plugin/:version/review`, ({ params }) => {
    const found = review(`${String(params.vendor)}/${String(params.plugin)}`, String(params.version))
    return found ? HttpResponse.json(found) : refuse(404, "not_found", "there is no such release")
  }),
  http.post(`${base}/replays`, async ({ request }) => {
    await delay(200)
    const query = new URL(request.url).searchParams
    const candidate = (await request.arrayBuffer()).byteLength > 0
    if (Date.parse(query.get("from") ?? "") < Date.now() - 7 * 86_400_000)
      return refuse(422, "replay", "a replay has at most 1000000 calls: choose a shorter time")
    return HttpResponse.json(replayed(query.get("installation") ?? "", candidate || query.has("release")))
  }),
  http.get(`${base}/views`, () =>
    HttpResponse.json({ views: views.map(({ info }): ViewInfo => ({ ...info, ...stateOf(info.installation) })) }),
  ),
  http.get(`${base}/views/:installation/:view`, async ({ params, request }) => {
    await delay(30)
    const view = find(params)
    if (!view) return refuse(404, "not_found", "no such view")
    if (view.info.installation === "power-views")
      return refuse(502, "trap", "wasm trap: out of bounds memory access", "dongting logs power-views")
    const query = new URL(request.url).searchParams
    return HttpResponse.json({
      panels: view.render(query.get("region") ?? "430000", query.get("lang") !== "en"),
      renderedAt: new Date().toISOString(),
      newest: world.messages[0]?.received ?? null,
    })
  }),
  http.post(`${base}/views/:installation/:view/actions/:action`, async ({ params, request }) => {
    await delay(150)
    const view = find(params)
    if (!view) return refuse(404, "not_found", "no such view")
    const { form, lang } = (await request.json()) as { form: Record<string, string>; lang: string }
    if (form.subject?.includes("拒绝")) return refuse(422, "reject", "事由不能含“拒绝”")
    const id = `order-${world.orders.length + 1}`
    const time = new Date().toISOString()
    world.orders.unshift({
      id,
      time,
      title: form.subject ?? "",
      detail: `${form.to ?? ""} · ${form.hours ?? ""} h`,
      level: "yellow",
    })
    world.messages.unshift(
      message({ id, domain: "duty", kind: "task", region: "430726", time, plugin: releases.duty, data: form }),
    )
    return HttpResponse.json({ text: lang === "en" ? "The order was sent." : "指令已下达，开始计时。", messages: [id] })
  }),
  http.get(`${base}/messages`, ({ request }) => {
    const query = new URL(request.url).searchParams
    const asked = (name: string, value: string) => !query.get(name) || query.get(name) === value
    return HttpResponse.json({
      messages: world.messages
        .filter(
          (one) =>
            concerns(query.get("region") ?? "430000", one.region) &&
            asked("domain", one.domain) &&
            asked("kind", one.kind),
        )
        .slice(0, Number(query.get("limit") ?? 100)),
    })
  }),
  http.get(`${base}/messages/:id`, ({ params }) => {
    const found = world.messages.find((one) => one.id === params.id)
    if (!found) return refuse(404, "not_found", "no such message")
    return HttpResponse.json({
      message: step(found),
      causes: causesOf(found).map(step),
      causesTruncated: false,
      effects: effectsOf(found).map(step),
      effectsTruncated: false,
    })
  }),
  http.get(`${base}/raw/:digest`, ({ params }) =>
    params.digest === rawDigest
      ? new HttpResponse("<q:quakeml/>", { headers: { "content-type": "application/octet-stream" } })
      : refuse(404, "not_found", "the host keeps no bytes under this digest"),
  ),
  http.get(`${base}/dead-letters`, ({ request }) => {
    const asked = new URL(request.url).searchParams.get("installation")
    return HttpResponse.json({
      deadLetters: world.deadLetters
        .filter((one) => !asked || asked === one.installation)
        .map(({ text: _, cut: __, ...listed }) => listed),
    })
  }),
  http.get(`${base}/dead-letters/:sequence`, ({ params }) => {
    const letter = deadLetter(params)
    return letter ? HttpResponse.json(letter) : refuse(404, "not_found", "there is no such dead letter")
  }),
  http.post(`${base}/dead-letters/:sequence/redrive`, async ({ params, request }) => {
    const letter = deadLetter(params)
    const { release, component } = (await request.json()) as Redrive
    if (component) return refuse(422, "release", "nobody has signed its component")
    if (release && !release.startsWith("hunan-seismo/"))
      return refuse(422, "release", `the release named cannot take it: there is no release \`${release}\``)
    if (letter && release) {
      world.deadLetters.splice(world.deadLetters.indexOf(letter), 1)
      return HttpResponse.json({ messages: ["made-by-the-release-named"] })
    }
    if (!letter) return refuse(404, "not_found", "there is no such dead letter")
    if (letter.text?.includes("bad")) return refuse(422, "rejected", `it was refused again: ${letter.reason}`)
    world.deadLetters.splice(world.deadLetters.indexOf(letter), 1)
    return HttpResponse.json({ messages: ["made-again"] })
  }),
  http.delete(`${base}/dead-letters/:sequence`, ({ params }) => {
    const letter = deadLetter(params)
    if (!letter) return refuse(404, "not_found", "there is no such dead letter")
    world.deadLetters.splice(world.deadLetters.indexOf(letter), 1)
    return new HttpResponse(null, { status: 204 })
  }),
  http.get(`${base}/stream`, openStream),
]
