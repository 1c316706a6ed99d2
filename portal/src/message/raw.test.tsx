import { screen } from "@testing-library/react"
import { expect, test } from "vitest"
import type { LineageStep } from "../api/schemas"
import { message, rawDigest, releases, step } from "../../mock/world"
import { showPage, withMock } from "../test-page"
import { StepDetails, StepFacts } from "./step"

withMock()

const first = step(message({ id: "r", domain: "earthquake", kind: "raw", plugin: releases.adapter, region: "000000" }))

function withPieces(more: Partial<NonNullable<LineageStep["raw"]>>): LineageStep {
  return { ...first, raw: first.raw && { ...first.raw, ...more } }
}

test("a first message tells what came from outside, to be downloaded", () => {
  showPage(<StepFacts step={first} />, "x", "/x")
  const told = screen.getByTestId("raw-r").textContent ?? ""
  expect(told).toContain("采集所得")
  expect(told).toContain("query?… → 200 · 8,412 字节 #3f1c9a0b7d2e")
  const link = screen.getByRole("link", { name: "下载原始数据 3f1c9a0b7d2e…" })
  expect(link.getAttribute("href")).toBe(`/api/v1/raw/${rawDigest}`)
  expect(link.getAttribute("download")).toBe(`${rawDigest}.bin`)
})

test("of a device's bytes those are told that the message was made of, also in a step of the lineage", () => {
  const piece = { digest: rawDigest, bytes: 60, kept: true }
  const pieces = [
    { ...piece, what: "connection, before", from: null, to: null },
    { ...piece, what: "connection", from: 12, to: 30 },
  ]
  showPage(<StepDetails step={withPieces({ what: "connection", peer: "10.0.0.7:4001", pieces })} />, "x", "/x")
  const told = screen.getByTestId("raw-r").textContent ?? ""
  expect(told).toContain("设备发来的数据 10.0.0.7:4001")
  expect(told).toContain("此前发来的字节 · 60 字节")
  expect(told).toContain("本条由第 13–30 字节得出")
})

test("what is no longer kept says so, and so does a message of which nothing is", () => {
  const gone = { what: "document", digest: rawDigest, bytes: null, from: null, to: null, kept: false }
  const refused = { ...gone, what: "GET https://a.example → Refused", digest: null }
  const unkept = "the document has 9000 KiB"
  const { unmount } = showPage(
    <StepFacts step={withPieces({ what: "document", unkept, pieces: [gone, refused] })} />,
    "x",
    "/x",
  )
  const told = screen.getByTestId("raw-r").textContent ?? ""
  expect(told).toContain("已不再保存")
  expect(told).toContain(unkept)
  expect(screen.queryByRole("link", { name: /下载/ })).toBeNull()
  unmount()
  showPage(<StepFacts step={{ ...first, raw: null }} />, "x", "/x")
  expect(screen.getByTestId("raw-r").textContent).toContain("原始数据无记录")
})

test("what was made of other messages, or by no installation, tells nothing of it", () => {
  for (const one of [
    { ...first, raw: null, first: false },
    { ...first, raw: null, installation: null },
  ]) {
    const { unmount } = showPage(<StepFacts step={one} />, "x", "/x")
    expect(screen.queryByTestId("raw-r")).toBeNull()
    unmount()
  }
})

test("a form tells what was filled in", () => {
  const fields = [{ name: "magnitude", value: "6.4" }]
  showPage(<StepFacts step={withPieces({ what: "form", name: "desk send", fields, pieces: [] })} />, "x", "/x")
  const told = screen.getByTestId("raw-r").textContent ?? ""
  expect(told).toContain("提交的表单 desk send")
  expect(told).toContain("magnitude 6.4")
})
