import { expect, test } from "vitest"
import { compared, lines } from "./compared"

const statement = (body: unknown) => `em.43.00.00.test.assessment.- key ${JSON.stringify(body)}`
const differing = (side: { text: string; differs: boolean }[] | null) =>
  side?.filter((line) => line.differs).map((line) => line.text.trim())

test("what differs is marked on the side that has it, and nothing else", () => {
  const { before, after } = compared(statement({ a: 1, b: [1, 2] }), statement({ a: 1, b: [1, 3, 2] }))
  expect(differing(before)).toEqual([])
  expect(differing(after)).toEqual(["3,"])
  expect(before?.[0]?.text).toBe("em.43.00.00.test.assessment.- key")
})

test("equal texts do not differ; one side alone has nothing to differ from", () => {
  expect(differing(compared("x", "x").before)).toEqual([])
  const { before, after } = compared(null, "one\ntwo")
  expect([before, differing(after)]).toEqual([null, []])
})

test("a body that is cut or is no JSON stays as it came", () => {
  expect(lines('s k {"a": 1')).toEqual(['s k {"a": 1'])
  expect(lines("plain words")).toEqual(["plain words"])
  // A key may have spaces; the body begins at its first bracket.
  expect(lines('s a key {"a":1}')).toEqual(["s a key", "{", '  "a": 1', "}"])
})

test("a very long statement is marked whole, at once", () => {
  const long = Array.from({ length: 5000 }, (_, index) => `line ${index}`).join("\n")
  expect(compared(long, `${long}\nmore`).after?.every((line) => line.differs)).toBe(true)
})
