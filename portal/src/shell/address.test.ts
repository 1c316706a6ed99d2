import { expect, test } from "vitest"
import { carried, changeAddress, readAddress } from "./address"

test("an empty address is the province in Chinese", () => {
  expect(readAddress("")).toEqual({ region: "430000", language: "zh", message: null, off: [] })
})

test("nonsense falls back", () => {
  expect(readAddress("?region=../x&lang=de")).toMatchObject({ region: "430000", language: "zh" })
})

test("changing one thing keeps the rest", () => {
  const search = "?region=430100&lang=en&off=map%2Fa&domain=water"
  expect(readAddress(changeAddress(search, { message: "m&1" }))).toEqual({
    region: "430100",
    language: "en",
    message: "m&1",
    off: ["map/a"],
  })
  expect(changeAddress(search, { region: "430000", language: "zh", off: [] })).toBe("?domain=water")
})

test("another page gets region and language", () => {
  expect(carried("?region=430100&lang=en&message=m&off=a")).toBe("?region=430100&lang=en")
})
