// Boundaries for the mock, made up: each county is the land nearest to its middle. Put a real TopoJSON file beside this
// one as `boundaries.local.json` (git ignores it) to develop with the true shapes.
import type { Topology } from "../src/map/topology"
import { places, type Place } from "./regions"

type Corner = [number, number]

const local = import.meta.glob<Topology>("./boundaries.local.json", { import: "default" })
const scale = 0.0001
const origin: Corner = [108, 24]

export async function boundaries(): Promise<Topology> {
  const real = Object.values(local)[0]
  // Tests count on the made ones, whoever's disk they run on.
  if (real && !new URLSearchParams(location.search).has("made")) return real()
  return made()
}

function made(): Topology {
  const counties = places.filter((place) => place.region.level === "county")
  const frame = hull(counties)
  const arcs: Corner[][] = []
  const geometry = (code: string, cells: Corner[][]) => ({
    type: "MultiPolygon",
    properties: { code },
    arcs: cells.map((cell) => [[arcs.push(deltas(cell)) - 1]]),
  })
  const cells = new Map(counties.map((place) => [place.region.code, cellOf(place, counties, frame)]))
  const cities = places.filter((place) => place.region.level === "city")
  return {
    type: "Topology",
    transform: { scale: [scale, scale], translate: origin },
    objects: {
      counties: {
        type: "GeometryCollection",
        geometries: counties.map(({ region }) => geometry(region.code, [cells.get(region.code) ?? []])),
      },
      cities: {
        type: "GeometryCollection",
        geometries: cities.map(({ region }) =>
          geometry(
            region.code,
            counties
              .filter((county) => county.region.parent === region.code)
              .map((c) => cells.get(c.region.code) ?? []),
          ),
        ),
      },
    },
    arcs,
  }
}

/** The convex hull of all middles, a little blown up. */
function hull(all: Place[]): Corner[] {
  const points = all.map((place): Corner => [place.at[0], place.at[1]]).sort((a, b) => a[0] - b[0] || a[1] - b[1])
  const half = (list: Corner[]) => {
    const kept: Corner[] = []
    for (const point of list) {
      while (kept.length >= 2 && side(kept.at(-2) as Corner, kept.at(-1) as Corner, point) <= 0) kept.pop()
      kept.push(point)
    }
    return kept.slice(0, -1)
  }
  const around = [...half(points), ...half([...points].reverse())]
  return around.map(([x, y]): Corner => [111.7 + (x - 111.7) * 1.12, 27.5 + (y - 27.5) * 1.12])
}

function side(a: Corner, b: Corner, c: Corner): number {
  return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
}

/** `frame` cut by the line half way to each neighbour. */
function cellOf(place: Place, all: Place[], frame: Corner[]): Corner[] {
  let cell = frame
  for (const other of all) {
    if (other === place) continue
    const [ax, ay] = place.at
    const [bx, by] = other.at
    const nearer = ([x, y]: Corner) => (bx - ax) * ((ax + bx) / 2 - x) + (by - ay) * ((ay + by) / 2 - y)
    const next: Corner[] = []
    cell.forEach((corner, index) => {
      const before = cell.at(index - 1) as Corner
      const [now, then] = [nearer(corner), nearer(before)]
      if (now >= 0 !== then >= 0) {
        const part = then / (then - now)
        next.push([before[0] + (corner[0] - before[0]) * part, before[1] + (corner[1] - before[1]) * part])
      }
      if (now >= 0) next.push(corner)
    })
    cell = next
  }
  return cell
}

function deltas(cell: Corner[]): Corner[] {
  const whole = [...cell, cell[0] as Corner].map(([x, y]): Corner => [
    Math.round((x - origin[0]) / scale),
    Math.round((y - origin[1]) / scale),
  ])
  return whole.map(([x, y], index) => {
    const before = whole[index - 1] ?? [0, 0]
    return [x - before[0], y - before[1]]
  })
}
