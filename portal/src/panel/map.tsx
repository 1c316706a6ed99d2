// Loaded only where a view has a map: it brings OpenLayers with it.
import { useQuery } from "@tanstack/react-query"
import { useEffect, useMemo, useRef, useState } from "react"
import { queries } from "../api/queries"
import { ApiFailure } from "../api/request"
import type { PanelOf } from "../api/schemas"
import { clip } from "../format/clip"
import { LevelBadge } from "../level/badge"
import { createMap, type Drawn, type MapHandle, type Pointed } from "../map/canvas"
import { MapLegend } from "../map/legend"
import { MarkList } from "../map/mark-list"
import { marksOf, type Mark } from "../map/marks"
import { useRegionName } from "../region/names"
import { useAddress, useOpenMessage } from "../shell/address"
import { useWords } from "../text/language"

const nothing: Drawn = { regions: 0, points: 0, shapes: 0, boundaries: 0, unplaced: 0 }

export default function MapPanel({ panel }: { panel: PanelOf<"map"> }) {
  const words = useWords()
  const regionName = useRegionName()
  const openMessage = useOpenMessage()
  const { region, off, change } = useAddress()
  const boundaries = useQuery(queries.boundaries())
  const place = useRef<HTMLDivElement>(null)
  const [map, setMap] = useState<MapHandle | null>(null)
  const [pointed, setPointed] = useState<Pointed | null>(null)
  const [drawn, setDrawn] = useState<Drawn>(nothing)
  const open = useRef(openMessage)
  useEffect(() => {
    open.current = openMessage
  })

  const keyOf = (layer: string) => `${panel.id}/${layer}`
  const all = useMemo(() => marksOf(panel.layers), [panel])
  const shown = useMemo(() => all.filter((mark) => !off.includes(`${panel.id}/${mark.layer}`)), [all, off, panel.id])

  useEffect(() => {
    if (!place.current) return
    const made = createMap(place.current, {
      pointed: setPointed,
      clicked: (mark) => mark.message && open.current(mark.message),
    })
    setMap(made)
    return () => {
      setMap(null)
      made.dispose()
    }
  }, [])

  useEffect(() => map?.setBoundaries(boundaries.data ?? null), [map, boundaries.data])
  useEffect(() => map?.setNames((code) => shortName(regionName(code))), [map, regionName])
  // Not when marks change: who has moved the map to look at something is left there.
  useEffect(() => map?.fit(region), [map, boundaries.data, region])
  useEffect(() => setDrawn(map?.setMarks(shown) ?? nothing), [map, boundaries.data, shown])

  function toggle(layer: string): void {
    const key = keyOf(layer)
    change({ off: off.includes(key) ? off.filter((one) => one !== key) : [...off, key] })
  }

  const dropped = shown.filter((mark) => mark.drawn === null).length
  const missing = boundaries.error instanceof ApiFailure && boundaries.error.code === "not-found"
  return (
    <>
      <div className="map-frame">
        <div
          ref={place}
          className="map"
          tabIndex={0}
          role="application"
          aria-label={words.map.label}
          data-testid={`map-${panel.id}`}
          data-regions={drawn.regions}
          data-points={drawn.points}
          data-shapes={drawn.shapes}
          data-boundaries={drawn.boundaries}
        />
        <div className="map-buttons">
          <button type="button" aria-label={words.map.zoomIn} title={words.map.zoomIn} onClick={() => map?.zoom(1)}>
            +
          </button>
          <button type="button" aria-label={words.map.zoomOut} title={words.map.zoomOut} onClick={() => map?.zoom(-1)}>
            −
          </button>
          <button type="button" aria-label={words.map.reset} title={words.map.reset} onClick={() => map?.fit(region)}>
            ⌂
          </button>
        </div>
        <fieldset className="map-layers">
          <legend>{words.map.layers}</legend>
          {panel.layers.map((layer) => (
            <label key={layer.id} title={clip(layer.title, 200)}>
              <input
                type="checkbox"
                data-testid={`layer-${layer.id}`}
                checked={!off.includes(keyOf(layer.id))}
                onChange={() => toggle(layer.id)}
              />
              <span>{clip(layer.title, 24)}</span>
              <small>{layer.marks.items.length}</small>
            </label>
          ))}
        </fieldset>
        <MapLegend marks={shown} />
        {pointed && <Tip pointed={pointed} />}
      </div>
      <div className="map-notes">
        {boundaries.isLoading && <p>{words.map.boundariesLoading}</p>}
        {boundaries.isError && (
          <p className="map-warning" data-testid="no-boundaries">
            ▲ {missing ? words.map.noBoundaries : words.map.boundariesFailed}{" "}
            {!missing && (
              <button type="button" className="button small" onClick={() => void boundaries.refetch()}>
                {words.retry}
              </button>
            )}
          </p>
        )}
        {dropped > 0 && <p className="map-warning">▲ {words.map.dropped(dropped)}</p>}
        {drawn.unplaced > 0 && !boundaries.isLoading && (
          <p className="map-warning">▲ {words.map.unplaced(drawn.unplaced)}</p>
        )}
        <p data-testid="map-review">{words.map.review}</p>
      </div>
      <MarkList marks={shown} onPoint={(mark: Mark | null) => map?.point(mark)} onOpen={openMessage} />
    </>
  )
}

/** "Xiangxi" where "Xiangxi Tujia and Miao Autonomous Prefecture" would cover its neighbours. */
function shortName(name: string): string {
  return /^[\x20-\x7e]+$/.test(name) ? (name.split(" ")[0] ?? name) : name
}

function Tip({ pointed }: { pointed: Pointed }) {
  const regionName = useRegionName()
  const { mark, region, x, y, leftwards, upwards } = pointed
  const side = `translate(${leftwards ? "calc(-100% - 14px)" : "14px"}, ${upwards ? "calc(-100% - 14px)" : "14px"})`
  const where = mark?.place && "region" in mark.place ? mark.place.region : region
  return (
    <div className="map-tip" style={{ left: x, top: y, transform: side }}>
      {where && <strong>{regionName(where)}</strong>}
      {mark && (
        <>
          {mark.level !== "none" && <LevelBadge level={mark.level} />}
          <div>{clip(mark.label, 160)}</div>
        </>
      )}
    </div>
  )
}
