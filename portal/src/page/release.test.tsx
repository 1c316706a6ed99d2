import { screen, within } from "@testing-library/react"
import userEvent from "@testing-library/user-event"
import { http, HttpResponse } from "msw"
import { describe, expect, test } from "vitest"
import { catalogue } from "../../mock/catalogue"
import { markup } from "../../mock/odd"
import { bytes, releasePath } from "../release/address"
import { chosen, shownVersion } from "../release/chosen"
import { readQuality } from "../release/report"
import { server, showPage, withMock } from "../test-page"
import { zh } from "../text/zh"
import type { Language } from "../text/language"
import { CataloguePage } from "./catalogue"
import { ReleasePage } from "./release"

withMock()

const list = (search = "", language: Language = "zh") =>
  showPage(<CataloguePage />, "system/catalogue", `/system/catalogue${search}`, language)
const show = (release: string, review = false, language: Language = "zh") =>
  showPage(
    <ReleasePage review={review} />,
    `system/catalogue/:vendor/:plugin/:version${review ? "/review" : ""}`,
    `/system/catalogue/${release}${review ? "/review" : ""}`,
    language,
  )

describe("the catalogue", () => {
  test("is searched in either language, whatever language the page is in", async () => {
    list("?q=TELEMETRY")
    expect(await screen.findByTestId("catalogue-example-water/sl651")).toBeTruthy()
    expect(screen.queryByTestId("catalogue-hunan-seismo/earthquake")).toBeNull()
    await userEvent.clear(screen.getByTestId("filter-text"))
    await userEvent.type(screen.getByTestId("filter-text"), "烈度")
    expect(screen.getByTestId("catalogue-hunan-seismo/earthquake-impact")).toBeTruthy()
    expect(screen.getByTestId("where").textContent).toContain("q=")
  })

  test("by role and by grade; what was yanked only when it is asked for, as text", async () => {
    const { container } = list("?grade=B")
    const one = await screen.findByTestId("catalogue-hunan-seismo/earthquake")
    expect(within(one).getByText("1.3.0")).toBeTruthy()
    expect(within(one).queryByText("1.2.0")).toBeNull()
    await userEvent.selectOptions(screen.getByTestId("filter-grade"), "")
    await userEvent.selectOptions(screen.getByTestId("filter-role"), "transform")
    expect(screen.getAllByTestId(/^catalogue-/)).toHaveLength(1)
    await userEvent.selectOptions(screen.getByTestId("filter-role"), "")
    expect(screen.queryByText("1.1.0")).toBeNull()
    await userEvent.click(screen.getByTestId("filter-yanked"))
    expect(screen.getByText("1.1.0")).toBeTruthy()
    expect(screen.getByText(markup)).toBeTruthy()
    expect(container.querySelector("img, script")).toBeNull()
  })

  test("a plugin leads to its newest version that can be used", async () => {
    list("?lang=en", "en")
    const one = await screen.findByTestId("catalogue-hunan-seismo/earthquake")
    await userEvent.click(within(one).getByRole("link", { name: "Earthquake catalogue" }))
    expect(screen.getByTestId("path").textContent).toBe("/system/catalogue/hunan-seismo/earthquake/1.3.0")
    expect(screen.getByTestId("where").textContent).toBe("?lang=en")
  })

  test("an empty one says how it is filled", async () => {
    server.use(http.get("*/api/v1/catalogue", () => HttpResponse.json({ plugins: [] })))
    list()
    expect(await screen.findByText(zh.catalogue.empty)).toBeTruthy()
  })

  test("yanked versions are not offered as the newest", () => {
    const [, , , old] = catalogue().plugins
    expect(chosen(old ? [old] : [], { text: "", role: "", grade: "", yanked: false })).toEqual([])
    const [quake] = catalogue().plugins
    const versions = quake?.versions.map((one) => (one.version === "1.3.0" ? { ...one, yanked: "bad" } : one)) ?? []
    expect(quake && shownVersion({ ...quake, versions })?.version).toBe("1.2.0")
  })

  test("addresses and sizes", () => {
    expect(releasePath("a/b c", "1.0.0", "review")).toBe("/system/catalogue/a/b%20c/1.0.0/review")
    expect([bytes(12), bytes(1536), bytes(18 * 1024 * 1024)]).toEqual(["12 B", "1.5 KiB", "18.0 MiB"])
  })
})

describe("a release", () => {
  test("that is trusted: who says so, what it asks for and why, who runs it", async () => {
    show("hunan-seismo/earthquake/1.2.0")
    const verdict = await screen.findByTestId("release-verdict")
    expect([verdict.dataset.trusted, verdict.textContent]).toEqual(["true", expect.stringContaining("王工")])
    expect(screen.getByTestId("capabilities").textContent).toContain("定时读取地震目录")
    expect(screen.getByTestId("imports").textContent).toContain("wasi:http/outgoing-handler")
    const signed = within(screen.getByTestId("signatures")).getAllByRole("row").slice(1)
    expect(signed.map((row) => row.dataset.good)).toEqual(["true", "true"])
    expect(signed[0]?.textContent).toContain("sm2")
    expect(screen.getByRole("link", { name: "quake-cenc" }).getAttribute("href")).toBe("/system/plugins/quake-cenc")
    expect(await screen.findByText(/vendor = "湖南省地震局"/)).toBeTruthy()
  })

  test("that is not: why, and which signature is bad", async () => {
    show("hunan-seismo/earthquake/1.3.0", false, "en")
    const verdict = await screen.findByTestId("release-verdict")
    expect(verdict.dataset.trusted).toBe("false")
    expect(verdict.textContent).toContain("no reviewer of the province has signed it")
    expect(within(screen.getByTestId("signatures")).getByText(/a key that is not registered/)).toBeTruthy()
    expect(screen.getByTestId("findings").textContent).toContain("核对 samples/cenc-3.json 后重新记录")
    const checks = within(screen.getByTestId("quality")).getAllByRole("row")
    expect(checks[0]?.dataset.verdict).toBe("failed")
    expect(checks[0]?.textContent).toContain("samples/cenc-3.json")
  })

  test("its other versions, the yanked one told as such", async () => {
    show("hunan-seismo/earthquake/1.2.0")
    const versions = await screen.findByTestId("versions")
    expect(versions.textContent).toContain("已撤回")
    expect(within(versions).getByText("1.2.0").getAttribute("aria-current")).toBe("page")
  })

  test("the bill of materials is counted by licence and paged; without one that is said", async () => {
    const { unmount, container } = show("hunan-seismo/earthquake/1.2.0")
    expect((await screen.findByTestId("licences")).textContent).toContain("MIT OR Apache-2.0 40")
    expect(screen.getByTestId("licences").textContent).toContain("未注明 1")
    expect(within(screen.getByTestId("materials")).getAllByRole("row", { hidden: true })).toHaveLength(51)
    expect(container.querySelector("img, script")).toBeNull()
    unmount()
    show("example-water/sl651/0.3.0")
    expect(await screen.findByText(zh.release.noMaterials)).toBeTruthy()
    expect(screen.getByText(zh.release.noQuality)).toBeTruthy()
  })

  test("that is not there is no error to try again", async () => {
    show("hunan-seismo/earthquake/7.0.0")
    expect(await screen.findByText(zh.release.notFound)).toBeTruthy()
    expect(screen.queryByTestId("failure")).toBeNull()
  })
})

describe("a review", () => {
  test("what is new comes first, then the command with the digest that was looked at", async () => {
    show("hunan-seismo/earthquake/1.3.0", true)
    const differences = within(await screen.findByTestId("asked-differences")).getAllByRole("row")
    expect(differences.map((row) => row.dataset.change)).toEqual(["added", "added", "changed", "removed"])
    expect(differences[0]?.textContent).toContain("能力")
    const commands = screen.getByTestId("commands").textContent ?? ""
    expect(commands).toMatch(/dongting review approve hunan-seismo\/earthquake@sha256:[0-9a-f]{64} --url http/)
    expect(commands).toMatch(/dongting review reject hunan-seismo\/earthquake@sha256:[0-9a-f]{64} --url http/)
  })

  test("a first release has nothing to be compared with, and says so", async () => {
    show("hunan-seismo/earthquake/1.0.0", true)
    expect(await screen.findByText(zh.review.first)).toBeTruthy()
  })

  test("one that was yanked warns before the command", async () => {
    show("hunan-seismo/earthquake/1.1.0", true)
    expect(await screen.findByText(zh.review.yankedFirst)).toBeTruthy()
    expect(screen.getByTestId("release-verdict").textContent).toContain("修订号解析有误")
  })
})

test("a quality report of any shape is read without harm", () => {
  expect(readQuality(null)).toBeNull()
  expect(readQuality("A")).toBeNull()
  expect(readQuality({ grade: 3, checks: "none" })).toEqual({ grade: "3", findings: [], checks: [] })
  const odd = readQuality({ checks: [null, 7, { verdict: "passed", failures: [{ reason: "r" }, "plain", 5, null] }] })
  expect(odd?.checks).toHaveLength(1)
  expect(odd?.checks[0]).toMatchObject({ verdict: "passed", failures: ["r", "plain", "5"] })
  expect(readQuality({ checks: Array.from({ length: 9000 }, () => ({})) })?.checks).toHaveLength(200)
})
