import { screen, waitFor, within } from "@testing-library/react"
import userEvent from "@testing-library/user-event"
import { http, HttpResponse } from "msw"
import { describe, expect, test } from "vitest"
import type { Replay } from "../api/schemas"
import { verdictOf } from "../installation/replay"
import { server, showPage, withMock } from "../test-page"
import { zh } from "../text/zh"
import type { Language } from "../text/language"
import { InstallationPage } from "./installation"
import { PluginsPage } from "./plugins"

withMock()

const show = (id: string, search = "", language: Language = "zh") =>
  showPage(<InstallationPage />, "system/plugins/:installation", `/system/plugins/${id}${search}`, language)

describe("an installation", () => {
  test("a broken one says in words what its state means, and why", async () => {
    show("flood-model")
    expect((await screen.findByTestId("installation")).dataset.state).toBe("tripped")
    expect(screen.getByTestId("installation-reason").textContent).toContain("out of bounds")
    expect(screen.getByText(/已熔断：/)).toBeTruthy()
  })

  test("its release, grants with their reasons, and limits", async () => {
    show("sms-out")
    expect((await screen.findByTestId("installation-facts")).textContent).toContain("duty-desk@0.2.1")
    const granted = screen.getByTestId("granted")
    expect(granted.textContent).toContain("向短信网关提交短信")
    expect(granted.textContent).toContain("sms.gateway.example:443")
    expect(screen.getByTestId("limits").textContent).toContain("2,000 ms")
    expect(screen.getByText(zh.installationPage.held)).toBeTruthy()
  })

  test("what is parked: how many, since when, when again, why; its first message opens", async () => {
    show("sms-out")
    const row = await screen.findByTestId("parked-430726")
    expect(row.textContent).toContain("预警")
    expect(row.textContent).toMatch(/[67]秒后/)
    expect(row.textContent).toContain("短信网关没有回答")
    expect(screen.getByText(/341 个分区，共 1,012 条/)).toBeTruthy()
    await userEvent.click(within(row).getByRole("button"))
    expect(screen.getByTestId("where").textContent).toBe("?message=warning-3-430726")
  })

  test("a shadow's differences, the newest first, told as text", async () => {
    const { container } = show("quake-impact")
    const facts = (await screen.findByTestId("shadow")).textContent
    expect(facts).toContain("earthquake-impact@0.2.0")
    expect(facts).toMatch(/来不及而跳过\s*1.*无法重做\s*1/)
    expect(screen.getByTestId("shadow-unkept").textContent).toContain("were not kept")
    const all = screen.getByTestId("differences")
    expect(all.firstElementChild?.getAttribute("data-testid")).toBe("difference-verdict")
    expect(within(screen.getByTestId("difference-missing")).getByText(/<b>not markup<\/b>/)).toBeTruthy()
    expect(container.querySelector("b")).toBeNull()
    // What was never published cannot be opened.
    expect(within(screen.getByTestId("difference-new")).queryByRole("button")).toBeNull()
  })

  test("a service says where it is asked, others show no address", async () => {
    const { unmount } = show("legacy-bridge")
    const addresses = await screen.findByTestId("addresses")
    expect(addresses.textContent).toContain("/api/v1/services/legacy-bridge/")
    expect(addresses.textContent).toContain("svc.legacy-bridge")
    unmount()
    show("sms-out")
    await screen.findByTestId("installation-facts")
    expect(screen.queryByTestId("addresses")).toBeNull()
  })

  test("a release of the registry leads to its page; a file that nobody signed is marked", async () => {
    const { unmount } = show("quake-cenc")
    const link = await screen.findByRole("link", { name: "hunan-seismo/earthquake:1.2.0" })
    expect(link.getAttribute("href")).toBe("/system/catalogue/hunan-seismo/earthquake/1.2.0")
    expect(screen.queryByText(/▲ 未签名/)).toBeNull()
    unmount()
    show("duty-desk")
    expect(await screen.findByText(/▲ 未签名/)).toBeTruthy()
  })

  test("its dead letters, and the way to all of them in the same language", async () => {
    show("quake-cenc", "?lang=en", "en")
    expect((await screen.findByTestId("letters")).textContent).toContain("latitude 91")
    expect(screen.getByTestId("to-dead-letters").getAttribute("href")).toBe(
      "/system/dead-letters?lang=en&installation=quake-cenc",
    )
  })

  test("one that is gone is no error to try again", async () => {
    show("nobody")
    expect(await screen.findByText(zh.installationPage.gone)).toBeTruthy()
    expect(screen.queryByTestId("failure")).toBeNull()
  })
})

describe("replay", () => {
  test("the release at work comes to the same, bit for bit; the address keeps the time", async () => {
    let asked: URL | undefined
    server.events.on("request:start", ({ request }) => {
      if (request.method === "POST") asked = new URL(request.url)
    })
    const now = new Date()
    const field = (hours: number) => new Date(now.getTime() + hours * 3_600_000).toISOString().slice(0, 19)
    show("quake-impact", `?from=${field(7)}&to=${field(8)}`)
    await userEvent.click(await screen.findByTestId("replay-run"))
    const verdict = await screen.findByTestId("replay-verdict")
    expect(verdict.dataset.verdict).toBe("good")
    expect(verdict.textContent).toContain("逐位一致：1,284 次")
    expect(asked?.searchParams.get("installation")).toBe("quake-impact")
    expect(asked?.searchParams.get("from")).toBe(`${field(7)}+08:00`)
    server.events.removeAllListeners()
  })

  test("a candidate is sent and compared", async () => {
    show("quake-impact")
    const candidate = new File([new Uint8Array([0, 97, 115, 109])], "next.wasm")
    await userEvent.upload(await screen.findByTestId("replay-candidate"), candidate)
    await userEvent.click(screen.getByTestId("replay-run"))
    const verdict = await screen.findByTestId("replay-verdict")
    expect(verdict.dataset.verdict).toBe("open")
    expect(verdict.textContent).toContain("1,284 次调用中有 2 次结果不同")
    const replay = screen.getByTestId("section-replay")
    expect(within(replay).getByTestId("difference-changed").textContent).toContain('"maximum": 7.2')
  })

  test("a release of the registry is named instead of a file, and not both", async () => {
    let asked: URL | undefined
    server.events.on("request:start", ({ request }) => {
      if (request.method === "POST") asked = new URL(request.url)
    })
    show("quake-impact")
    await userEvent.type(await screen.findByTestId("replay-release"), "hunan-seismo/earthquake-impact:0.2.0")
    await userEvent.click(screen.getByTestId("replay-run"))
    expect((await screen.findByTestId("replay-verdict")).dataset.verdict).toBe("open")
    expect(asked?.searchParams.get("release")).toBe("hunan-seismo/earthquake-impact:0.2.0")
    await userEvent.upload(screen.getByTestId("replay-candidate"), new File(["x"], "next.wasm"))
    await userEvent.click(screen.getByTestId("replay-run"))
    expect(screen.getByText(zh.replay.one)).toBeTruthy()
    server.events.removeAllListeners()
  })

  test("times in the wrong order are not sent, what the host refuses is said", async () => {
    const { unmount } = show("quake-impact", "?from=2026-01-02T00:00&to=2026-01-01T00:00")
    await userEvent.click(await screen.findByTestId("replay-run"))
    expect(screen.getByText(zh.replay.wrongTime)).toBeTruthy()
    unmount()
    show("quake-impact", "?from=2020-01-01T00:00&to=2020-01-02T00:00")
    await userEvent.click(await screen.findByTestId("replay-run"))
    await waitFor(() => expect(screen.getByTestId("failure").textContent).toContain("choose a shorter time"))
  })

  test("what is sent outward can be replayed like all else", async () => {
    show("sms-out")
    expect(await screen.findByTestId("replay-form")).toBeTruthy()
  })

  const result = (more: Partial<Replay>): Replay => ({
    plugin: "p@1.0.0#d",
    calls: 3,
    same: 3,
    different: 0,
    incomplete: 0,
    unkept: null,
    otherwise: 0,
    differences: [],
    ...more,
  })
  test.each([
    [result({ calls: 0, same: 0 }), false, null, zh.replay.nothing],
    [result({}), false, true, zh.replay.identical("3")],
    [result({}), true, true, zh.replay.candidateSame("3")],
    [result({ same: 1, different: 2 }), false, false, zh.replay.diverged("2")],
    [result({ same: 1, different: 2 }), true, null, zh.replay.candidateDiffers("2", "3")],
    [result({ same: 1, different: 2, otherwise: 2 }), false, null, zh.replay.otherDiffers("2", "3")],
    // What could not be run again proves nothing.
    [result({ same: 2, incomplete: 1 }), false, null, zh.replay.unfinished("1")],
  ])("verdict %#", (of, candidate, good, said) => {
    const verdict = verdictOf(of, candidate)
    expect([verdict.good, verdict.say(zh.replay)]).toEqual([good, said])
  })
})

describe("the list of plugins", () => {
  const list = (search = "") => showPage(<PluginsPage />, "system/plugins", `/system/plugins${search}`)

  test("is searched in both languages, by state and by reason, and the address keeps it", async () => {
    list("?lang=en&state=tripped")
    expect(await screen.findByTestId("plugin-flood-model")).toBeTruthy()
    expect(screen.queryByTestId("plugin-gas-adapter")).toBeNull()
    await userEvent.selectOptions(screen.getByTestId("filter-state"), "")
    await userEvent.type(screen.getByTestId("filter-text"), "短信 refused")
    await waitFor(() => expect(screen.getAllByRole("row")).toHaveLength(2))
    expect(screen.getByTestId("plugin-sms-out")).toBeTruthy()
    expect(new URLSearchParams(screen.getByTestId("where").textContent ?? "").get("q")).toBe("短信 refused")
    await userEvent.clear(screen.getByTestId("filter-text"))
    await userEvent.type(screen.getByTestId("filter-text"), "ROUTING")
    await waitFor(() => expect(screen.queryByTestId("plugin-sms-out")).toBeNull())
    expect(screen.getByTestId("plugin-flood-model")).toBeTruthy()
    await userEvent.click(within(screen.getByTestId("plugin-flood-model")).getByRole("link"))
    expect(screen.getByTestId("path").textContent).toBe("/system/plugins/flood-model")
  })

  test("ten thousand are paged", async () => {
    server.use(
      http.get("*/api/v1/plugins", async ({ request }) => {
        const { installations } = await import("../../mock/installations")
        const [one] = installations()
        const asked = new URL(request.url).searchParams
        const [offset, limit] = [Number(asked.get("offset") ?? 0), Number(asked.get("limit"))]
        const shown = Array.from({ length: limit }, (_, index) => ({ ...one, id: `one-${offset + index}` }))
        return HttpResponse.json({ enabled: 10_000, found: 10_000, installations: shown })
      }),
    )
    list()
    await screen.findByTestId("plugin-one-0")
    expect(screen.getAllByRole("row")).toHaveLength(51)
    await userEvent.click(screen.getByRole("button", { name: /下一页|›/ }))
    await screen.findByTestId("plugin-one-50")
    expect(screen.queryByTestId("plugin-one-0")).toBeNull()
    expect(new URLSearchParams(screen.getByTestId("where").textContent ?? "").get("page")).toBe("2")
  })

  test("a page behind the last one leads back", async () => {
    list("?page=9")
    await userEvent.click(await screen.findByRole("button", { name: zh.installationPage.firstPage }))
    expect(await screen.findByTestId("plugin-flood-model")).toBeTruthy()
  })
})
