import { describe, expect, test } from "vitest"
import type { Layer } from "../api/schemas"
import { drawable } from "./geometry"
import { marksOf } from "./marks"

describe("geometry", () => {
  test.each([
    null,
    "POINT(1 2)",
    [],
    { type: "Point" },
    { type: "Point", coordinates: [0, 91] },
    { type: "Point", coordinates: ["112", "28"] },
    { type: "Point", coordinates: [null, null] },
    { type: "LineString", coordinates: [[1, 2]] },
    { type: "Polygon", coordinates: [] },
    {
      type: "Polygon",
      coordinates: [
        [
          [1, 1],
          [2, 2],
        ],
      ],
    },
    { type: "Polygon", coordinates: [1, 2] },
    { type: "Circle", coordinates: [1, 2] },
    { type: "GeometryCollection", geometries: [] },
    { type: "LineString", coordinates: Array.from({ length: 30_000 }, () => [1, 2]) },
  ])("%j is refused", (given) => expect(drawable(given)).toBeNull())

  test("a collection nested without end is refused", () => {
    let nested: unknown = { type: "Point", coordinates: [1, 2] }
    for (let depth = 0; depth < 10_000; depth++) nested = { type: "GeometryCollection", geometries: [nested] }
    expect(drawable(nested)).toBeNull()
  })

  test("an open ring is closed, heights and members that mean nothing are left out", () => {
    expect(
      drawable({
        type: "Polygon",
        bbox: [1],
        coordinates: [
          [
            [1, 1, 9],
            [2, 1],
            [2, 2],
          ],
        ],
      }),
    ).toEqual({
      type: "Polygon",
      coordinates: [
        [
          [1, 1],
          [2, 1],
          [2, 2],
          [1, 1],
        ],
      ],
    })
  })
})

test("marks that cannot be drawn stay in the list", () => {
  const point = { symbol: "circle", size: 400, level: "red", label: "x", message: null } as const
  const layer: Layer = {
    id: "l",
    title: "L",
    marks: {
      kind: "points",
      items: [
        { ...point, id: "a", longitude: 112, latitude: 28 },
        { ...point, id: "b", longitude: 112, latitude: 91 },
      ],
    },
  }
  const [good, bad] = marksOf([layer])
  expect(good?.drawn).toEqual({ kind: "point", at: [112, 28], symbol: "circle", size: 10 })
  expect(bad?.drawn).toBeNull()
  expect(marksOf([{ id: "l", title: "L", marks: { kind: "heat", items: [] } } as unknown as Layer])).toEqual([])
})
