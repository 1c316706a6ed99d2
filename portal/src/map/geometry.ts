// GeoJSON geometries come from plugins. OpenLayers trusts what it is given, so only this is given to it: numbers that
// are places on Earth, rings that close, and no more of them than an old PC can draw.

export type Position = [number, number]

export type Drawable =
  | { type: "Point"; coordinates: Position }
  | { type: "MultiPoint" | "LineString"; coordinates: Position[] }
  | { type: "Polygon" | "MultiLineString"; coordinates: Position[][] }
  | { type: "MultiPolygon"; coordinates: Position[][][] }
  | { type: "GeometryCollection"; geometries: Drawable[] }

const mostPositions = 20_000
const deepest = 3

export function isPlace(longitude: unknown, latitude: unknown): boolean {
  return (
    typeof longitude === "number" &&
    typeof latitude === "number" &&
    // Also false for NaN.
    Math.abs(longitude) <= 180 &&
    // Mercator has no place for the poles.
    Math.abs(latitude) <= 85
  )
}

/** The geometry, stripped of all that is not needed to draw it, or null if any of it is wrong. */
export function drawable(given: unknown): Drawable | null {
  let left = mostPositions

  function position(value: unknown): Position | null {
    if (!Array.isArray(value) || !isPlace(value[0], value[1]) || left-- <= 0) return null
    return [value[0] as number, value[1] as number]
  }

  function list<T>(value: unknown, each: (item: unknown) => T | null, least: number): T[] | null {
    if (!Array.isArray(value) || value.length < least) return null
    const all: T[] = []
    for (const item of value as unknown[]) {
      const one = each(item)
      if (one === null) return null
      all.push(one)
    }
    return all
  }

  const line = (value: unknown) => list(value, position, 2)
  const ring = (value: unknown) => {
    const places = list(value, position, 3)
    const [first, last] = [places?.[0], places?.at(-1)]
    if (!places || !first || !last) return null
    // A ring left open is a common slip and has only one meaning.
    if (first[0] !== last[0] || first[1] !== last[1]) places.push([...first])
    return places.length >= 4 ? places : null
  }
  const polygon = (value: unknown) => list(value, ring, 1)

  function geometry(value: unknown, depth: number): Drawable | null {
    if (typeof value !== "object" || value === null) return null
    const { type, coordinates, geometries } = value as { type?: unknown; coordinates?: unknown; geometries?: unknown }
    switch (type) {
      case "Point":
        return made("Point", position(coordinates))
      case "MultiPoint":
        return made("MultiPoint", list(coordinates, position, 1))
      case "LineString":
        return made("LineString", line(coordinates))
      case "MultiLineString":
        return made("MultiLineString", list(coordinates, line, 1))
      case "Polygon":
        return made("Polygon", polygon(coordinates))
      case "MultiPolygon":
        return made("MultiPolygon", list(coordinates, polygon, 1))
      case "GeometryCollection": {
        if (depth >= deepest) return null
        const parts = list(geometries, (part) => geometry(part, depth + 1), 1)
        return parts && { type: "GeometryCollection", geometries: parts }
      }
      default:
        return null
    }
  }

  return geometry(given, 0)
}

function made(type: Exclude<Drawable["type"], "GeometryCollection">, coordinates: unknown): Drawable | null {
  return coordinates === null ? null : ({ type, coordinates } as Drawable)
}
