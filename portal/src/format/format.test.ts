import { describe, expect, test } from "vitest"
import { zh } from "../text/zh"
import { clip } from "./clip"
import { formatNumber } from "./number"
import { beijingShort, beijingTime, duration } from "./time"

describe("numbers", () => {
  test.each([
    [1234567.891, 2, "1,234,567.89"],
    [-0.001, 1, "0.0"],
    [-1234.5, 1, "-1,234.5"],
    [5, 300, "5.000000000000"],
    [5, -1, "5"],
    [1e21, 0, "1.000e+21"],
    [NaN, 1, "—"],
    [Infinity, 1, "—"],
    [null, 1, "—"],
  ])("%d with %d decimals is %s", (value, decimals, expected) => expect(formatNumber(value, decimals)).toBe(expected))
})

describe("times", () => {
  const now = Date.parse("2026-07-03T18:00:00Z")
  test.each([
    ["2026-07-03T16:30:05Z", "00:30:05"],
    ["2026-07-03T15:30:05Z", "07-03 23:30"],
    ["2025-12-31T16:00:00Z", "01-01 00:00"],
    ["2025-12-31T15:59:00Z", "2025-12-31 23:59"],
    ["never", "never"],
  ])("%s in short is %s", (time, expected) => expect(beijingShort(time, now)).toBe(expected))
  test("in full", () => expect(beijingTime("2026-12-31T20:00:00Z")).toBe("2027-01-01 04:00:00"))
  test.each([
    [-5, "0秒"],
    [59_999, "59秒"],
    [61_000, "1分1秒"],
    [7_260_000, "2时1分"],
    [90_000_000, "1天1时"],
  ])("%d ms is %s", (ms, expected) => expect(duration(ms, zh.units)).toBe(expected))
})

test("clipping keeps characters whole", () => {
  expect(clip("😀😀😀", 2)).toBe("😀😀…")
  expect(clip("😀😀", 2)).toBe("😀😀")
  expect(clip("abc", 3)).toBe("abc")
})
