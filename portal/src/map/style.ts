// How marks look. Fills are hatched, denser with the level: on a grey print or to colour-blind eyes a red county still
// differs from an orange one.
import CircleStyle from "ol/style/Circle"
import Fill from "ol/style/Fill"
import RegularShape from "ol/style/RegularShape"
import Stroke from "ol/style/Stroke"
import Style from "ol/style/Style"
import Text from "ol/style/Text"
import type { Level, PointMark } from "../api/schemas"
import { looks, rank } from "../level/level"

/** Distance of the hatching's lines in pixels; none has none. */
const hatch: Record<Level, number> = { none: 0, blue: 16, yellow: 11, orange: 8, red: 5 }

const fills = new Map<Level, Fill>()

function hatched(level: Level): Fill {
  const made = fills.get(level)
  if (made) return made
  const fill = new Fill({ color: pattern(level) })
  fills.set(level, fill)
  return fill
}

function pattern(level: Level): CanvasPattern | string {
  const plain = `${looks[level].fill}8c`
  const step = hatch[level] * (window.devicePixelRatio || 1)
  if (step === 0) return plain
  const tile = document.createElement("canvas")
  tile.width = tile.height = Math.round(step)
  const pen = tile.getContext("2d")
  if (!pen) return plain
  const side = tile.width
  pen.fillStyle = plain
  pen.fillRect(0, 0, side, side)
  pen.strokeStyle = `${looks[level].line}b0`
  pen.lineWidth = Math.max(1, window.devicePixelRatio || 1)
  pen.beginPath()
  // Drawn past the corners, so that the tiles' lines meet.
  pen.moveTo(-1, side + 1)
  pen.lineTo(side + 1, -1)
  pen.stroke()
  return pen.createPattern(tile, "repeat") ?? plain
}

export function regionStyle(level: Level): Style {
  return new Style({
    fill: hatched(level),
    stroke: new Stroke({ color: looks[level].line, width: level === "none" ? 0.8 : 1.4 }),
    zIndex: rank(level),
  })
}

export function shapeStyle(level: Level): Style {
  const colour = looks[level].line
  return new Style({
    // Only a breath of colour: shapes lie over coloured regions.
    fill: new Fill({ color: `${looks[level].fill}26` }),
    stroke: new Stroke({ color: colour, width: 2, lineDash: [8, 4] }),
    image: new CircleStyle({ radius: 5, fill: new Fill({ color: colour }) }),
    zIndex: rank(level),
  })
}

export function pointStyle(symbol: PointMark["symbol"], size: number, level: Level): Style {
  const radius = 4 + size * 1.5
  const fill = new Fill({ color: level === "none" ? "#5b6b7ce0" : `${looks[level].fill}e0` })
  const stroke = new Stroke({ color: level === "none" ? "#ffffff" : "#1c2733", width: 1.25 })
  const image =
    symbol === "circle"
      ? new CircleStyle({ radius, fill, stroke })
      : symbol === "star"
        ? new RegularShape({ points: 5, radius: radius * 1.25, radius2: radius * 0.52, fill, stroke })
        : symbol === "triangle"
          ? new RegularShape({ points: 3, radius: radius * 1.2, fill, stroke })
          : new RegularShape({ points: 4, radius: radius * 1.2, angle: Math.PI / 4, fill, stroke })
  return new Style({ image, zIndex: rank(level) })
}

export const countyStyle = new Style({
  fill: new Fill({ color: "#fbfcfd" }),
  stroke: new Stroke({ color: "#c3ccd6", width: 0.7 }),
})

export const cityStyle = new Style({ stroke: new Stroke({ color: "#6d7f92", width: 1.5 }) })

export const chosenStyle = new Style({ stroke: new Stroke({ color: "#0f4c81", width: 3 }), zIndex: 10 })

export const pointedStyle = new Style({
  stroke: new Stroke({ color: "#111d29", width: 3 }),
  image: new CircleStyle({ radius: 16, stroke: new Stroke({ color: "#111d29", width: 2.5 }) }),
  zIndex: 20,
})

const fontFamily = '"Noto Sans CJK SC", "Microsoft YaHei", "SimHei", sans-serif'

export function nameStyle(name: string, city: boolean): Style {
  return new Style({
    text: new Text({
      text: name,
      font: city ? `600 13px ${fontFamily}` : `12px ${fontFamily}`,
      fill: new Fill({ color: city ? "#1f2d3a" : "#3a4a59" }),
      stroke: new Stroke({ color: "#ffffffd9", width: 3 }),
      overflow: true,
    }),
  })
}
