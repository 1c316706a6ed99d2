import { afterEach, describe, expect, test, vi } from "vitest"
import { coalesce } from "./coalesce"
import { parseMessageEvent } from "./event"
import { readCovers, touches } from "./match"
import { serverSentParser, type ServerSent } from "./server-sent"

const said = (change: object) => {
  const event = parseMessageEvent(
    JSON.stringify({ id: "1", domain: "water", kind: "warning", region: "430102", ...change }),
  )
  if (!event) throw new Error("not parsed")
  return event
}

describe("matching", () => {
  const any = { domain: "water", kind: "warning", detail: null }
  test.each([
    [any, {}, true],
    [any, { detail: "flood" }, true],
    [{ ...any, detail: "flood" }, { detail: "flood" }, true],
    [{ ...any, detail: "flood" }, { detail: "drought" }, false],
    [{ ...any, detail: "flood" }, { detail: "-" }, false],
    [any, { domain: "fire" }, false],
    [any, { kind: "observation" }, false],
  ])("%j covers %j: %s", (read, change, expected) => expect(readCovers(read, said(change))).toBe(expected))

  test("a region's view hears of its parts and of what is around it", () => {
    expect(touches([any], "430100", said({}))).toBe(true)
    expect(touches([any], "430100", said({ region: "430000" }))).toBe(true)
    expect(touches([any], "430200", said({}))).toBe(false)
    expect(touches([], "430100", said({}))).toBe(false)
  })

  test.each(["", "null", "[]", "{}", '{"id":1,"domain":"a","kind":"b"}', "{"])("%j is no message", (data) =>
    expect(parseMessageEvent(data)).toBeNull(),
  )
})

describe("server-sent events", () => {
  function parse(chunks: string[]): ServerSent[] {
    const events: ServerSent[] = []
    const feed = serverSentParser((event) => events.push(event))
    chunks.forEach(feed)
    return events
  }
  const text =
    'event: message\r\ndata: {"id":1}\r\n\r\n: heartbeat\n\ndata: a\ndata: b\n\nevent: installations\ndata\n\ndata: cut'
  const expected = [
    { event: "message", data: '{"id":1}' },
    { event: "message", data: "a\nb" },
    { event: "installations", data: "" },
  ]
  test("whole", () => expect(parse([text])).toEqual(expected))
  test("letter by letter", () => expect(parse([...text])).toEqual(expected))
})

describe("coalescing", () => {
  afterEach(() => vi.useRealTimers())

  test("a storm is a few runs, and the last word is heard", async () => {
    vi.useFakeTimers()
    let runs = 0
    const { ask } = coalesce(async () => void (runs += 1), 250)
    for (let i = 0; i < 100; i++) {
      ask()
      await vi.advanceTimersByTimeAsync(10)
    }
    await vi.advanceTimersByTimeAsync(1000)
    expect(runs).toBeGreaterThanOrEqual(4)
    expect(runs).toBeLessThanOrEqual(6)
  })

  test("a slow run is not joined by a second; what came meanwhile is run after it", async () => {
    vi.useFakeTimers()
    let [running, most, runs] = [0, 0, 0]
    const { ask } = coalesce(async () => {
      runs += 1
      running += 1
      most = Math.max(most, running)
      await new Promise((resolve) => setTimeout(resolve, 5000))
      running -= 1
    }, 250)
    ask()
    await vi.advanceTimersByTimeAsync(100)
    ask()
    ask()
    await vi.advanceTimersByTimeAsync(20_000)
    expect([most, runs]).toEqual([1, 2])
  })

  test("a failing run does not end it; stopping does", async () => {
    vi.useFakeTimers()
    let runs = 0
    const { ask, stop } = coalesce(async () => {
      runs += 1
      throw new Error("no")
    }, 10)
    ask()
    await vi.advanceTimersByTimeAsync(50)
    ask()
    await vi.advanceTimersByTimeAsync(50)
    expect(runs).toBe(2)
    stop()
    ask()
    await vi.advanceTimersByTimeAsync(50)
    expect(runs).toBe(2)
  })
})
