// The views that mock plugins provide. They exercise every panel; the portal must not know what they are about.
import type { Panel, ViewInfo } from "../src/api/schemas"
import { contains } from "../src/region/code"
import { odd } from "./odd"
import { placeOf, places } from "./regions"
import { felt, levelOfIntensity, world } from "./world"

type Render = (region: string, zh: boolean) => Panel[]

const info = (installation: string, id: string, zh: string, en: string, order: number, domain: string): ViewInfo => ({
  installation,
  id,
  title: { zh, en },
  order,
  region: "430000",
  reads: ["observation", "assessment", "warning", "task"].map((kind) => ({ domain, kind, detail: null })),
  state: "running",
  reason: null,
})

export const views: { info: ViewInfo; render: Render }[] = [
  { info: info("quake-views", "overview", "地震速报与影响", "Earthquakes", 10, "earthquake"), render: earthquakes },
  { info: info("water-views", "river", "河道水情", "River stages", 20, "water"), render: rivers },
  { info: info("duty-desk", "orders", "值班与指令", "Duty and orders", 30, "duty"), render: duty },
  { info: info("panel-samples", "odd", "异常样例", "Odd samples", 90, "sample"), render: odd },
  { info: info("power-views", "outage", "停电态势", "Power outages", 40, "power"), render: () => [] },
]

function earthquakes(region: string, zh: boolean): Panel[] {
  const name = (code: string) => (zh ? placeOf(code).region.name.zh : placeOf(code).region.name.en)
  const [latest] = world.quakes
  const hit = world.quakes.flatMap((quake) => felt(quake).map((one) => ({ ...one, number: quake.number })))
  const worst = new Map<string, (typeof hit)[number]>()
  for (const one of hit)
    if (contains(region, one.region) && (worst.get(one.region)?.intensity ?? 0) < one.intensity)
      worst.set(one.region, one)
  const counties = [...worst.values()].sort((a, b) => b.intensity - a.intensity)
  const warned = counties.filter((one) => one.intensity >= 4)
  const warningId = (one: { number: number; region: string }) => `warning-${one.number}-${one.region}`
  const [top] = counties
  return [
    ...(warned[0]
      ? [
          {
            kind: "notice" as const,
            id: "headline",
            level: levelOfIntensity(warned[0].intensity),
            title: zh
              ? `${name(warned[0].region)}等 ${warned.length} 个县区达到预警阈值`
              : `${warned.length} counties over the threshold, first ${name(warned[0].region)}`,
            body: zh
              ? "影响为模型快速估算，将随测定结果修订。请按预案核查人员、水库、危化企业与交通干线。"
              : "A quick estimate by the model, revised with the catalogue. Check people, reservoirs, chemical plants and roads.",
          },
        ]
      : []),
    {
      kind: "stat",
      id: "summary",
      title: zh ? "概况" : "Summary",
      items: [
        {
          label: zh ? "24 小时地震" : "Events in 24 h",
          value: String(world.quakes.length),
          unit: zh ? "次" : null,
          level: "none",
          detail: null,
        },
        {
          label: zh ? "最大震级" : "Largest",
          value: `M ${Math.max(...world.quakes.map((q) => q.magnitude)).toFixed(1)}`,
          unit: null,
          level: "orange",
          detail: latest ? (zh ? latest.zh : latest.en) : null,
        },
        {
          label: zh ? "受影响县区" : "Counties affected",
          value: String(counties.length),
          unit: zh ? "个" : null,
          level: "blue",
          detail: null,
        },
        {
          label: zh ? "最高烈度" : "Highest intensity",
          value: top ? top.intensity.toFixed(1) : "—",
          unit: zh ? "度" : null,
          level: top ? levelOfIntensity(top.intensity) : "none",
          detail: top ? name(top.region) : null,
        },
        {
          label: zh ? "预警" : "Warnings",
          value: String(warned.length),
          unit: zh ? "条" : null,
          level: warned.length > 0 ? "red" : "none",
          detail: zh ? "含各级" : "all levels",
        },
      ],
    },
    {
      kind: "map",
      id: "map",
      title: zh ? "震中与影响范围" : "Epicentres and affected counties",
      layers: [
        {
          id: "intensity",
          title: zh ? "估计烈度" : "Estimated intensity",
          marks: {
            kind: "regions",
            items: counties.map((one) => ({
              region: one.region,
              level: levelOfIntensity(one.intensity),
              label: zh ? `估计烈度 ${one.intensity} 度` : `Estimated intensity ${one.intensity}`,
              value: one.intensity,
              message: one.intensity >= 4 ? warningId(one) : `impact-${one.number}`,
            })),
          },
        },
        {
          id: "isoseismal",
          title: zh ? "等震线" : "Isoseismals",
          marks: {
            kind: "shapes",
            items: latest
              ? [0.25, 0.55].map((radius, index) => ({
                  id: `ring-${index}`,
                  geometry: {
                    type: "Polygon",
                    coordinates: [
                      Array.from({ length: 49 }, (_, step) => {
                        const angle = ((step % 48) / 48) * 2 * Math.PI
                        return [latest.at[0] + radius * 1.25 * Math.cos(angle), latest.at[1] + radius * Math.sin(angle)]
                      }),
                    ],
                  },
                  level: index === 0 ? "red" : "orange",
                  label: zh ? `${7 - index} 度区` : `Zone of intensity ${7 - index}`,
                  message: `impact-${latest.number}`,
                }))
              : [],
          },
        },
        {
          id: "epicentres",
          title: zh ? "震中" : "Epicentres",
          marks: {
            kind: "points",
            items: world.quakes.map((quake) => ({
              id: `quake-${quake.number}`,
              longitude: quake.at[0],
              latitude: quake.at[1],
              symbol: "star",
              size: Math.round(quake.magnitude),
              level: levelOfIntensity(quake.magnitude + 1.4),
              label: `M${quake.magnitude.toFixed(1)} ${zh ? quake.zh : quake.en}`,
              message: `quake-${quake.number}`,
            })),
          },
        },
      ],
    },
    {
      kind: "table",
      id: "events",
      title: zh ? "地震目录" : "Catalogue",
      columns: [
        { title: zh ? "发震时刻" : "Origin time", align: "start" },
        { title: zh ? "震级" : "Magnitude", align: "end" },
        { title: zh ? "深度" : "Depth", align: "end" },
        { title: zh ? "参考位置" : "Place", align: "start" },
        { title: zh ? "县区" : "County", align: "start" },
        { title: zh ? "影响" : "Impact", align: "start" },
      ],
      rows: world.quakes.map((quake) => {
        const level = levelOfIntensity(felt(quake)[0]?.intensity ?? 0)
        return {
          id: `quake-${quake.number}`,
          message: `quake-${quake.number}`,
          cells: [
            { kind: "time", value: quake.time },
            { kind: "number", value: quake.magnitude, decimals: 1, unit: null },
            { kind: "number", value: quake.depth, decimals: 0, unit: "km" },
            { kind: "text", value: zh ? `湖南${quake.zh}` : `${quake.en}, Hunan` },
            { kind: "region", value: quake.region },
            {
              kind: "badge",
              level,
              text: level === "none" ? (zh ? "轻微" : "Slight") : zh ? "达到阈值" : "Over threshold",
            },
          ],
        }
      }),
    },
    {
      kind: "timeline",
      id: "course",
      title: zh ? "过程" : "Course",
      entries: [
        ...warned.slice(0, 14).map((one) => ({
          id: `warning-${one.number}-${one.region}`,
          time: world.quakes.find((quake) => quake.number === one.number)?.time ?? "",
          title: zh ? `${name(one.region)}地震影响预警` : `Warning for ${name(one.region)}`,
          detail: zh ? `估计烈度 ${one.intensity} 度` : `Estimated intensity ${one.intensity}`,
          level: levelOfIntensity(one.intensity),
          message: warningId(one),
        })),
        ...world.quakes.map((quake) => ({
          id: `quake-${quake.number}`,
          time: quake.time,
          title: zh
            ? `湖南${quake.zh}发生 ${quake.magnitude.toFixed(1)} 级地震`
            : `M${quake.magnitude.toFixed(1)} at ${quake.en}`,
          detail: zh ? `震源深度 ${quake.depth} 千米` : `Depth ${quake.depth} km`,
          level: "none" as const,
          message: `quake-${quake.number}`,
        })),
      ],
    },
  ]
}

function rivers(region: string, zh: boolean): Panel[] {
  const inside = places.filter((place) => place.region.level === "county" && contains(region, place.region.code))
  const stage = (index: number, hours: number) =>
    31 + index * 0.9 + 2.4 * Math.exp(-((hours - 30 - index * 4) ** 2) / 160) + 0.05 * Math.sin(hours * 2 + index)
  const names = zh ? ["湘潭站", "长沙站", "城陵矶站"] : ["Xiangtan", "Changsha", "Chenglingji"]
  return [
    {
      kind: "series",
      id: "stages",
      title: zh ? "主要站水位过程" : "Stages at the main stations",
      unit: "m",
      lines: names.map((name, index) => ({
        name,
        points: Array.from({ length: 72 }, (_, hour) => ({
          time: new Date(world.started - (72 - hour) * 3_600_000).toISOString(),
          value: Math.round(stage(index, hour) * 100) / 100,
        })),
      })),
      thresholds: [
        { label: zh ? "警戒" : "Warning", value: 33.5, level: "yellow" },
        { label: zh ? "保证" : "Guarantee", value: 35, level: "red" },
      ],
    },
    {
      kind: "table",
      id: "stations",
      title: zh ? "测站" : "Stations",
      columns: [
        { title: zh ? "站名" : "Station", align: "start" },
        { title: zh ? "县区" : "County", align: "start" },
        { title: zh ? "水位" : "Stage", align: "end" },
        { title: zh ? "超警戒" : "Over warning", align: "end" },
        { title: zh ? "状态" : "State", align: "start" },
        { title: zh ? "时间" : "Time", align: "start" },
      ],
      rows: inside.map((place, index) => {
        const over = Math.round((Math.sin(index * 1.7) * 1.2 - 0.6) * 100) / 100
        const level = over > 0.4 ? "orange" : over > 0 ? "yellow" : "none"
        return {
          id: place.region.code,
          message: null,
          cells: [
            { kind: "text", value: zh ? `${place.region.name.zh}站` : `${place.region.name.en} station` },
            { kind: "region", value: place.region.code },
            { kind: "number", value: 30 + ((index * 37) % 90) / 10, decimals: 2, unit: "m" },
            index % 11 === 5 ? { kind: "empty" } : { kind: "number", value: over, decimals: 2, unit: "m" },
            { kind: "badge", level, text: level === "none" ? (zh ? "正常" : "Normal") : zh ? "超警" : "Over" },
            { kind: "time", value: new Date(world.started - index * 61_000).toISOString() },
          ],
        }
      }),
    },
    {
      kind: "timeline",
      id: "crossings",
      title: zh ? "越限" : "Crossings",
      entries: [],
    },
  ]
}

function duty(_region: string, zh: boolean): Panel[] {
  return [
    {
      kind: "notice",
      id: "handover",
      level: "yellow",
      title: zh ? "20:00 交接班要点" : "Hand-over at 20:00",
      body: zh
        ? "澧水流域后半夜仍有强降雨。\n石门县 3 座小型水库超汛限，责任人已到岗。"
        : "More rain over the Li after midnight.\nThree small reservoirs in Shimen over the flood limit; wardens on site.",
    },
    {
      kind: "series",
      id: "calls",
      title: zh ? "接报数量" : "Calls",
      unit: zh ? "件" : "calls",
      lines: [
        {
          name: zh ? "接报" : "Calls",
          points: Array.from({ length: 24 }, (_, i) => ({
            time: new Date(world.started - (24 - i) * 3_600_000).toISOString(),
            value: (i * 7) % 13,
          })),
        },
      ],
      thresholds: [],
    },
    {
      kind: "form",
      id: "order",
      title: zh ? "下达指令" : "Give an order",
      action: "give",
      fields: [
        {
          name: "to",
          label: zh ? "接收单位" : "To",
          required: true,
          value: null,
          input: {
            kind: "choice",
            choices: [
              { value: "shimen", label: zh ? "石门县应急管理局" : "Shimen county" },
              { value: "cili", label: zh ? "慈利县应急管理局" : "Cili county" },
            ],
          },
        },
        {
          name: "hours",
          label: zh ? "时限（小时）" : "Within (hours)",
          required: true,
          value: "2",
          input: { kind: "number", min: 0.5, max: 24 },
        },
        {
          name: "subject",
          label: zh ? "事由" : "Subject",
          required: true,
          value: null,
          input: { kind: "text", max: 40 },
        },
        {
          name: "body",
          label: zh ? "内容" : "Text",
          required: false,
          value: null,
          input: { kind: "paragraph", max: 500 },
        },
      ],
      submit: zh ? "下达" : "Send",
      confirm: zh
        ? "指令下达后立即送达接收单位并计时，确定下达吗？"
        : "The order is delivered at once and its clock starts. Send it?",
    },
    {
      kind: "timeline",
      id: "given",
      title: zh ? "已下达" : "Given",
      entries: world.orders.map((order) => ({ ...order, message: order.id })),
    },
  ]
}
