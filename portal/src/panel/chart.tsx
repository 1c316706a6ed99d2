import { LineChart } from "echarts/charts"
import { AriaComponent, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent } from "echarts/components"
import { init, use, type EChartsType } from "echarts/core"
import { CanvasRenderer } from "echarts/renderers"
import { useEffect, useRef } from "react"
import type { PanelOf } from "../api/schemas"
import { clip } from "../format/clip"
import { formatNumber } from "../format/number"
import { beijingOffsetMs, beijingTime } from "../format/time"
import { levelOf, looks } from "../level/level"
import { useWords } from "../text/language"
import type { PlottedLine } from "./plotted"

use([LineChart, GridComponent, TooltipComponent, LegendComponent, MarkLineComponent, AriaComponent, CanvasRenderer])

/** Told apart by lightness and by dash as much as by hue. */
const colours = ["#0f4c81", "#c2410c", "#1b7f5c", "#7b3fa0", "#8a6a00", "#3d4f5f"]
const dashes = ["solid", "dashed", "dotted"] as const

const timeLabels = {
  year: "{yyyy}",
  month: "{yyyy}-{MM}",
  day: "{MM}-{dd}",
  hour: "{HH}:{mm}",
  minute: "{HH}:{mm}",
  second: "{HH}:{mm}:{ss}",
}

/** Without the 0.30000000000000004 of binary fractions. */
const rounded = (value: number): number => Number(value.toPrecision(12))

export default function Chart({ panel, lines }: { panel: PanelOf<"series">; lines: PlottedLine[] }) {
  const words = useWords()
  const place = useRef<HTMLDivElement>(null)
  const chart = useRef<EChartsType | null>(null)

  useEffect(() => {
    if (!place.current) return
    const drawn = init(place.current, null, { renderer: "canvas" })
    chart.current = drawn
    const watch = new ResizeObserver(() => drawn.resize())
    watch.observe(place.current)
    return () => {
      watch.disconnect()
      drawn.dispose()
      chart.current = null
    }
  }, [])

  useEffect(() => {
    chart.current?.setOption(option(panel, lines), { notMerge: true })
  }, [panel, lines])

  const points = lines.reduce((sum, line) => sum + line.points.length, 0)
  return (
    <div
      ref={place}
      className="chart"
      role="img"
      aria-label={`${clip(panel.title, 120)}. ${lines.map((line) => clip(line.name, 60)).join(", ")}. ${words.series.table}: ↓`}
      data-lines={lines.length}
      data-points={points}
    />
  )
}

function option(panel: PanelOf<"series">, lines: PlottedLine[]) {
  const unit = clip(panel.unit, 20)
  // Distinct names, for the legend switches lines by name.
  const names = lines.map((line, index) => {
    const name = clip(line.name, 40)
    return lines.findIndex((other) => clip(other.name, 40) === name) === index ? name : `${name} (${index + 1})`
  })
  const thresholds = panel.thresholds.filter((threshold) => Number.isFinite(threshold.value)).slice(0, 12)
  const values = [...lines.flatMap((line) => line.points.map(([, value]) => value)), ...thresholds.map((t) => t.value)]
  const low = values.reduce((a, b) => Math.min(a, b), Infinity)
  const high = values.reduce((a, b) => Math.max(a, b), -Infinity)
  // Round ends: half the power of ten below the range.
  const step = 10 ** Math.floor(Math.log10(high - low || Math.abs(high) || 1)) / 2
  return {
    // ECharts knows UTC or the PC's zone; Beijing's is neither, so instants are moved and drawn as UTC.
    useUTC: true,
    animation: false,
    color: colours,
    aria: { enabled: false },
    textStyle: { fontFamily: "inherit", fontSize: 12 },
    legend: { type: "scroll", top: 0, left: 8, right: 8, data: names, textStyle: { color: "#2b3a4a" } },
    grid: { top: 46, left: 12, right: thresholds.length > 0 ? 92 : 20, bottom: 8, containLabel: true },
    tooltip: {
      trigger: "axis",
      // Drawn on the canvas: a plugin's name never becomes HTML.
      renderMode: "richText",
      confine: true,
      formatter: (items: { seriesName?: string; value: [number, number] }[]) =>
        [
          beijingTime((items[0]?.value[0] ?? NaN) - beijingOffsetMs),
          ...items.map((item) => `${item.seriesName ?? ""}  ${formatNumber(item.value[1], 2)} ${unit}`),
        ]
          // Braces mean styles in rich text.
          .map((line) => line.replaceAll(/[{}|]/g, " "))
          .join("\n"),
    },
    xAxis: {
      type: "time",
      axisLabel: { hideOverlap: true, color: "#4a5968", formatter: timeLabels },
      splitLine: { show: false },
    },
    yAxis: {
      type: "value",
      name: unit,
      nameTextStyle: { color: "#4a5968" },
      axisLabel: { color: "#4a5968" },
      splitLine: { lineStyle: { color: "#e3e8ee" } },
      min: rounded(Math.floor(low / step) * step),
      max: rounded(Math.ceil(high / step) * step),
    },
    series: lines.map((line, index) => ({
      type: "line",
      name: names[index],
      showSymbol: line.points.length < 2,
      symbolSize: 6,
      sampling: "lttb",
      lineStyle: { width: 2, type: dashes[Math.floor(index / colours.length) % dashes.length] },
      data: line.points.map(([time, value]) => [time + beijingOffsetMs, value]),
      markLine:
        index === 0 && thresholds.length > 0
          ? {
              silent: true,
              symbol: "none",
              data: thresholds.map((threshold) => {
                const colour = looks[levelOf(threshold.level)].line
                return {
                  yAxis: threshold.value,
                  lineStyle: { color: colour, type: "dashed", width: 1.5 },
                  label: {
                    formatter: `${clip(threshold.label, 8)} ${formatNumber(threshold.value, 2)}`.replaceAll(
                      /[{}|]/g,
                      " ",
                    ),
                    color: colour,
                    position: "end",
                  },
                }
              }),
            }
          : undefined,
    })),
  }
}
