// A hostile plugin: everything here must be drawn or refused without harm.
import type { Panel } from "../src/api/schemas"

export const markup = '<img src=x onerror="window.__hacked=1"><script>window.__hacked=1</script>'

// What serde makes of a NaN.
const nan = null as unknown as number

export function odd(_region: string, zh: boolean): Panel[] {
  const long = "很长的名称".repeat(200)
  const shape = (id: string, geometry: unknown) => ({
    id,
    geometry,
    level: "orange" as const,
    label: id + markup,
    message: null,
  })
  return [
    { kind: "notice", id: "markup", level: "red", title: markup, body: long },
    {
      kind: "stat",
      id: "odd-stat",
      title: zh ? "异常数值" : "Odd values",
      items: [
        { label: markup, value: markup, unit: markup, level: "red", detail: long },
        { label: long, value: "1e309", unit: null, level: "purple" as "red", detail: null },
      ],
    },
    {
      kind: "map",
      id: "odd-map",
      title: zh ? "异常图形" : "Odd shapes",
      layers: [
        {
          id: "shapes",
          title: markup,
          marks: {
            kind: "shapes",
            items: [
              shape("good", {
                type: "Polygon",
                coordinates: [
                  [
                    [111, 27],
                    [112, 27],
                    [112, 28],
                    [111, 27],
                  ],
                ],
              }),
              shape("open-ring", {
                type: "Polygon",
                coordinates: [
                  [
                    [112, 26],
                    [113, 26],
                    [113, 27],
                  ],
                ],
              }),
              shape("pole", { type: "Point", coordinates: [0, 91] }),
              shape("text", { type: "Point", coordinates: ["112", "28"] }),
              shape("nan", {
                type: "LineString",
                coordinates: [
                  [nan, 27],
                  [112, 28],
                ],
              }),
              shape("string", "POINT(1 2)"),
              shape("null", null),
              shape("unknown", { type: "Circle", coordinates: [111, 27], radius: 5 }),
            ],
          },
        },
        {
          id: "points",
          title: zh ? "点" : "Points",
          marks: {
            kind: "points",
            items: [
              {
                id: "ok",
                longitude: 112.9,
                latitude: 28.2,
                symbol: "square",
                size: 4,
                level: "blue",
                label: "ok",
                message: null,
              },
              {
                id: "lat",
                longitude: 112,
                latitude: 91,
                symbol: "circle",
                size: 99,
                level: "red",
                label: "latitude 91",
                message: null,
              },
              {
                id: "nan",
                longitude: nan,
                latitude: nan,
                symbol: "heart" as "star",
                size: -4,
                level: "red",
                label: long,
                message: null,
              },
            ],
          },
        },
        {
          id: "regions",
          title: zh ? "地区" : "Regions",
          marks: {
            kind: "regions",
            items: [
              { region: "430102", level: "yellow", label: markup, value: nan, message: "missing-message" },
              { region: "999999", level: "red", label: "nowhere", value: 1, message: null },
            ],
          },
        },
      ],
    },
    {
      kind: "series",
      id: "odd-series",
      title: zh ? "异常序列" : "Odd series",
      unit: "{a|m}",
      lines: [
        {
          name: markup,
          points: [
            { time: "never", value: 1 },
            { time: new Date().toISOString(), value: nan },
            { time: new Date().toISOString(), value: 2 },
          ],
        },
        { name: markup, points: [] },
      ],
      thresholds: [{ label: markup, value: 3, level: "red" }],
    },
    {
      kind: "table",
      id: "odd-table",
      title: zh ? "一千行" : "A thousand rows",
      columns: [
        { title: markup, align: "start" },
        { title: long, align: "end" },
        { title: "t", align: "start" },
      ],
      rows: Array.from({ length: 1000 }, (_, index) => ({
        id: index === 1 ? "odd-0" : `odd-${index}`,
        message: null,
        cells: [
          { kind: "text", value: index === 0 ? markup : `${index} ${index % 50 === 0 ? long : ""}` },
          { kind: "number", value: index % 3 === 0 ? nan : index * 1e13, decimals: 300, unit: null },
          { kind: "time", value: index % 2 === 0 ? "not a time" : new Date().toISOString() },
        ],
      })),
    },
    { kind: "hologram", id: "future", title: "Future" } as unknown as Panel,
  ]
}
