import { describe, expect, test } from "vitest"
import { concerns, contains, tokens } from "./code"
import { matches, searchKeys, syllables } from "./search"

describe("codes", () => {
  test.each([
    ["000000", []],
    ["430000", ["43"]],
    ["430100", ["43", "01"]],
    ["433101", ["43", "31", "01"]],
  ])("%s is %j", (code, expected) => expect(tokens(code)).toEqual(expected))

  test.each([
    ["430000", "430102", true],
    ["430100", "430102", true],
    ["430102", "430102", true],
    ["000000", "430102", true],
    ["430102", "430100", false],
    ["430100", "430200", false],
    ["430000", "420000", false],
  ])("%s contains %s: %s", (outer, inner, expected) => expect(contains(outer, inner)).toBe(expected))

  test.each([
    ["430100", "430102", true],
    ["430100", "430000", true],
    ["430102", "000000", true],
    ["430100", "430200", false],
    ["430102", "430103", false],
  ])("who looks at %s is concerned by %s: %s", (chosen, other, expected) =>
    expect(concerns(chosen, other)).toBe(expected),
  )
})

describe("search", () => {
  const furong = {
    code: "430102",
    level: "county" as const,
    parent: "430100",
    name: { zh: "芙蓉区", en: "Furong District" },
  }
  test.each(["芙蓉", "蓉区", "4301", "furong", "Fu Rong", "fr", "frd", "furong district"])("%s finds it", (typed) =>
    expect(matches(searchKeys(furong), typed)).toBe(true),
  )
  test.each(["长沙", "430103", "changsha", "rong"])("%s does not", (typed) =>
    expect(matches(searchKeys(furong), typed)).toBe(false),
  )
  test.each([
    ["changsha", ["chang", "sha"]],
    ["dong'an", ["dong", "an"]],
    ["yueyanglou", ["yue", "yang", "lou"]],
    ["xiangxi", ["xiang", "xi"]],
    ["zhangjiajie", ["zhang", "jia", "jie"]],
    ["lengshuijiang", ["leng", "shui", "jiang"]],
    ["??", ["?", "?"]],
  ])("%s is cut into %j", (word, expected) => expect(syllables(word)).toEqual(expected))
})
