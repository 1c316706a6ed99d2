import type { Region } from "../src/api/schemas"
import list from "./regions.txt?raw"

export interface Place {
  region: Region
  /** Longitude and latitude of a point inside. */
  at: [number, number]
}

/** One region a line: code, Chinese name, longitude, latitude, English name. */
export const places: Place[] = list
  .trim()
  .split("\n")
  .map((line) => {
    const [code = "", zh = "", longitude, latitude, ...en] = line.trim().split(" ")
    const level = code === "430000" ? "province" : code.endsWith("00") ? "city" : "county"
    const parent = level === "province" ? null : level === "city" ? "430000" : `${code.slice(0, 4)}00`
    return {
      region: { code, level, parent, name: { zh, en: en.join(" ") } },
      at: [Number(longitude), Number(latitude)],
    }
  })

export const regions: Region[] = places.map((place) => place.region)

export function placeOf(code: string): Place {
  return places.find((place) => place.region.code === code) ?? (places[0] as Place)
}
