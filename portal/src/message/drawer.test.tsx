import { screen } from "@testing-library/react"
import { http, HttpResponse } from "msw"
import { expect, test } from "vitest"
import type { Lineage } from "../api/schemas"
import { message, releases, step } from "../../mock/world"
import { server, showPage, withMock } from "../test-page"
import MessageDrawer from "./drawer"

withMock()

const of = (id: string, causation: string[] = []) =>
  step(message({ id, domain: "earthquake", kind: "assessment", plugin: releases.impact, region: "430726", causation }))

async function open(lineage: Partial<Lineage>, language: "zh" | "en" = "zh") {
  const whole = { message: of("m", ["c"]), causes: [of("c")], effects: [of("e")] }
  const answer: Lineage = { ...whole, causesTruncated: false, effectsTruncated: false, ...lineage }
  server.use(http.get("/api/v1/messages/:id", () => HttpResponse.json(answer)))
  const page = showPage(
    <MessageDrawer id="m" onClose={() => undefined} onOpen={() => undefined} />,
    "x",
    "/x",
    language,
  )
  await screen.findByTestId("step-facts")
  return page
}

const note = (of: "causes" | "effects") => screen.queryByTestId(`${of}-truncated`)?.textContent

test("a lineage that is whole says nothing of limits", async () => {
  await open({})
  expect(screen.getByTestId("causes")).toBeTruthy()
  expect([note("causes"), note("effects")]).toEqual([undefined, undefined])
})

test("a lineage that is cut says so, each way and in both languages", async () => {
  const { unmount } = await open({ causesTruncated: true })
  expect(note("causes")).toContain("只列出最近的 1 条")
  expect(note("effects")).toBeUndefined()
  unmount()
  await open({ effectsTruncated: true }, "en")
  expect(note("causes")).toBeUndefined()
  expect(note("effects")).toContain("the nearest 1 are listed")
})

test("causes that are no longer kept are not told to be none", async () => {
  const { unmount } = await open({ causes: [] })
  expect(screen.getByText("上游消息已不再保存。")).toBeTruthy()
  unmount()
  await open({ message: of("m"), causes: [] })
  expect(screen.getByText("没有上游：这是最初的数据。")).toBeTruthy()
})
