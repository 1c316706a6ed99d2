// A plugin's layers as one flat list of marks: what the map draws, what the list under it says.
import type { Layer, Level, PointMark } from "../api/schemas"
import { levelOf } from "../level/level"
import { drawable, isPlace, type Drawable } from "./geometry"

export interface Mark {
  layer: string
  layerTitle: string
  level: Level
  label: string
  message: string | null
  value: number | null
  /** What is drawn; null if what the plugin sent cannot be. */
  drawn:
    | { kind: "region"; region: string }
    | { kind: "point"; at: [number, number]; symbol: PointMark["symbol"]; size: number }
    | { kind: "shape"; geometry: Drawable }
    | null
  /** The region's code or the coordinates, for the list. */
  place: { region: string } | { at: [number, number] } | null
}

const mostPerLayer = 5000
const symbols: PointMark["symbol"][] = ["circle", "star", "triangle", "square"]

export function marksOf(layers: Layer[]): Mark[] {
  return layers.flatMap((layer) => {
    const common = { layer: layer.id, layerTitle: layer.title }
    const said = (item: { level: Level; label: string; message?: string | null }) => ({
      ...common,
      level: levelOf(item.level),
      label: item.label,
      message: item.message ?? null,
      value: null,
    })
    switch (layer.marks.kind) {
      case "regions":
        return layer.marks.items.slice(0, mostPerLayer).map((item): Mark => ({
          ...said(item),
          value: item.value ?? null,
          drawn: { kind: "region", region: item.region },
          place: { region: item.region },
        }))
      case "points":
        return layer.marks.items.slice(0, mostPerLayer).map((item): Mark => {
          const at: [number, number] | null = isPlace(item.longitude, item.latitude)
            ? [item.longitude, item.latitude]
            : null
          const symbol = symbols.find((one) => one === item.symbol) ?? "circle"
          const size = Math.min(Math.max(Number(item.size) || 1, 1), 10)
          return { ...said(item), drawn: at && { kind: "point", at, symbol, size }, place: at && { at } }
        })
      case "shapes":
        return layer.marks.items.slice(0, mostPerLayer).map((item): Mark => {
          const geometry = drawable(item.geometry)
          return { ...said(item), drawn: geometry && { kind: "shape", geometry }, place: null }
        })
      default:
        return []
    }
  })
}
