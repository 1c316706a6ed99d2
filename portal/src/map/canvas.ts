// The map itself, drawn by OpenLayers on a 2D canvas: no GPU, no tiles, nothing from outside. React knows only this
// handle; everything of OpenLayers stays in src/map and in one chunk.
import Feature, { type FeatureLike } from "ol/Feature"
import OlMap from "ol/Map"
import View from "ol/View"
import { createEmpty, extend, isEmpty, type Extent } from "ol/extent"
import GeoJSON from "ol/format/GeoJSON"
import TopoJSON from "ol/format/TopoJSON"
import MultiPolygon from "ol/geom/MultiPolygon"
import Point from "ol/geom/Point"
import Polygon from "ol/geom/Polygon"
import { defaults as interactions } from "ol/interaction/defaults"
import VectorLayer from "ol/layer/Vector"
import { fromLonLat, transformExtent } from "ol/proj"
import VectorSource from "ol/source/Vector"
import type { Mark } from "./marks"
import {
  chosenStyle,
  cityStyle,
  countyStyle,
  nameStyle,
  pointedStyle,
  pointStyle,
  regionStyle,
  shapeStyle,
} from "./style"
import type { Topology } from "./topology"

/** Roughly Hunan: what is shown while nothing better is known. */
const hunan: Extent = transformExtent([108.7, 24.6, 114.3, 30.2], "EPSG:4326", "EPSG:3857")
/** Metres a pixel from which on counties have room for their names. */
const countyNamesBelow = 640

export interface Pointed {
  x: number
  y: number
  /** Where there is room for what is said of it. */
  leftwards: boolean
  upwards: boolean
  mark: Mark | null
  /** The region under the pointer where no mark is. */
  region: string | null
}

export interface Drawn {
  regions: number
  points: number
  shapes: number
  boundaries: number
  /** Region marks without a boundary to colour. */
  unplaced: number
}

export interface MapHandle {
  setBoundaries(topology: Topology | null): void
  setNames(name: (code: string) => string): void
  /** Draws these marks and says what came of it. */
  setMarks(marks: Mark[]): Drawn
  point(mark: Mark | null): void
  fit(region: string): void
  zoom(by: number): void
  dispose(): void
}

export function createMap(
  target: HTMLElement,
  listener: { pointed: (pointed: Pointed | null) => void; clicked: (mark: Mark) => void },
): MapHandle {
  const features = new Map<string, Feature>()
  let nameOf: (code: string) => string = (code) => code
  let boundaries = 0
  let names = new WeakMap<FeatureLike, ReturnType<typeof nameStyle>>()

  const counties = new VectorSource()
  const cities = new VectorSource()
  const regionMarks = new VectorSource()
  const shapeMarks = new VectorSource()
  const pointMarks = new VectorSource()
  const chosen = new VectorSource()
  const pointed = new VectorSource()

  const styled = (feature: FeatureLike) => feature.get("style") as ReturnType<typeof pointStyle>
  const nameLayer = new VectorLayer({
    source: counties,
    declutter: true,
    minResolution: 0,
    maxResolution: countyNamesBelow,
    style: (feature) => named(feature, false),
  })
  const cityNames = new VectorLayer({
    source: cities,
    declutter: true,
    minResolution: countyNamesBelow,
    style: (feature) => named(feature, true),
  })
  const markLayers = [
    new VectorLayer({ source: regionMarks, style: styled }),
    new VectorLayer({ source: shapeMarks, style: styled }),
    new VectorLayer({ source: pointMarks, style: styled }),
  ] as const
  const view = new View({ center: [0, 0], zoom: 7, maxZoom: 15, minZoom: 2, smoothResolutionConstraint: false })
  const map = new OlMap({
    target,
    view,
    controls: [],
    interactions: interactions({
      altShiftDragRotate: false,
      pinchRotate: false,
      mouseWheelZoom: true,
      zoomDuration: 0,
    }),
    layers: [
      new VectorLayer({ source: counties, style: countyStyle }),
      markLayers[0],
      new VectorLayer({ source: cities, style: cityStyle }),
      markLayers[1],
      new VectorLayer({ source: chosen, style: chosenStyle }),
      nameLayer,
      cityNames,
      markLayers[2],
      new VectorLayer({ source: pointed, style: pointedStyle }),
    ],
  })
  view.fit(hunan, { size: map.getSize() ?? [600, 400] })

  function named(feature: FeatureLike, city: boolean) {
    const known = names.get(feature)
    if (known) return known
    const made = nameStyle(nameOf(String(feature.get("code"))), city)
    // A region in several pieces has one name, on its largest piece.
    const geometry = (feature as Feature).getGeometry()
    if (geometry instanceof MultiPolygon)
      made.setGeometry(geometry.getPolygons().reduce((a, b) => (b.getArea() > a.getArea() ? b : a)))
    names.set(feature, made)
    return made
  }

  function under(pixel: number[]): { mark: Mark | null; region: string | null } {
    const mark =
      map.forEachFeatureAtPixel(pixel, (feature) => feature.get("mark") as Mark | undefined, {
        layerFilter: (layer) => markLayers.some((one) => one === layer),
        hitTolerance: 3,
      }) ?? null
    const county = mark ? undefined : counties.getFeaturesAtCoordinate(map.getCoordinateFromPixel(pixel))[0]
    return { mark, region: county ? String(county.get("code")) : null }
  }

  map.on("pointermove", (event) => {
    if (event.dragging) return listener.pointed(null)
    const found = under(event.pixel)
    target.style.cursor = found.mark?.message ? "pointer" : ""
    if (!found.mark && !found.region) return listener.pointed(null)
    const [x = 0, y = 0] = event.pixel
    const [width = 0, height = 0] = map.getSize() ?? []
    listener.pointed({ x, y, ...found, leftwards: x > width / 2, upwards: y > height / 2 })
  })
  map.on("click", (event) => {
    const { mark } = under(event.pixel)
    if (mark) listener.clicked(mark)
  })
  const leave = () => listener.pointed(null)
  target.addEventListener("pointerleave", leave)
  const resized = new ResizeObserver(() => map.updateSize())
  resized.observe(target)

  function read(topology: Topology): Feature[] {
    try {
      // OpenLayers turns the arcs' deltas into places where they lie; the query's copy must stay as it came.
      const format = new TopoJSON({ layerName: "level", layers: ["counties", "cities"] })
      return format
        .readFeatures(structuredClone(topology), { dataProjection: "EPSG:4326", featureProjection: "EPSG:3857" })
        .filter((feature) => {
          const geometry = feature.getGeometry()
          return geometry instanceof Polygon || geometry instanceof MultiPolygon
        })
    } catch {
      return []
    }
  }

  function featureOf(mark: Mark): Feature | null {
    const drawn = mark.drawn
    if (!drawn) return null
    if (drawn.kind === "point") {
      const feature = new Feature(new Point(fromLonLat(drawn.at)))
      feature.set("style", pointStyle(drawn.symbol, drawn.size, mark.level))
      return feature
    }
    if (drawn.kind === "region") {
      const geometry = features.get(drawn.region)?.getGeometry()
      if (!geometry) return null
      const feature = new Feature(geometry)
      feature.set("style", regionStyle(mark.level))
      return feature
    }
    const geometry = new GeoJSON().readGeometry(drawn.geometry, { featureProjection: "EPSG:3857" }) ?? undefined
    const feature = new Feature(geometry)
    feature.set("style", shapeStyle(mark.level))
    return feature
  }

  return {
    setBoundaries(topology) {
      features.clear()
      counties.clear()
      cities.clear()
      for (const feature of topology ? read(topology) : []) {
        features.set(String(feature.get("code")), feature)
        const source = feature.get("level") === "cities" ? cities : counties
        source.addFeature(feature)
      }
      boundaries = features.size
    },
    setNames(name) {
      nameOf = name
      names = new WeakMap()
      nameLayer.changed()
      cityNames.changed()
    },
    setMarks(marks) {
      const sorted = { region: [] as Feature[], shape: [] as Feature[], point: [] as Feature[] }
      let unplaced = 0
      for (const mark of marks) {
        const feature = featureOf(mark)
        if (feature && mark.drawn) {
          feature.set("mark", mark)
          sorted[mark.drawn.kind].push(feature)
        } else if (mark.drawn) unplaced += 1
      }
      for (const [source, list] of [
        [regionMarks, sorted.region],
        [shapeMarks, sorted.shape],
        [pointMarks, sorted.point],
      ] as const) {
        source.clear(true)
        source.addFeatures(list)
      }
      return {
        regions: sorted.region.length,
        points: sorted.point.length,
        shapes: sorted.shape.length,
        boundaries,
        unplaced,
      }
    },
    point(mark) {
      pointed.clear()
      const feature = mark && featureOf(mark)
      const geometry = feature?.getGeometry()
      if (geometry) pointed.addFeature(new Feature(geometry))
    },
    fit(region) {
      const feature = features.get(region)
      const extent = createEmpty()
      chosen.clear()
      if (feature) {
        extend(extent, feature.getGeometry()?.getExtent() ?? createEmpty())
        chosen.addFeature(new Feature(feature.getGeometry()))
      } else if (!cities.isEmpty()) extend(extent, cities.getExtent() ?? createEmpty())
      map.updateSize()
      view.fit(isEmpty(extent) ? hunan : extent, { padding: [24, 24, 24, 24], size: map.getSize(), maxZoom: 11 })
    },
    zoom(by) {
      view.setZoom((view.getZoom() ?? 7) + by)
    },
    dispose() {
      resized.disconnect()
      target.removeEventListener("pointerleave", leave)
      map.setTarget(undefined)
      map.dispose()
    },
  }
}
