/** As much of TopoJSON as the portal looks at before OpenLayers reads it. */
export interface Topology {
  type: "Topology"
  objects: Record<string, { type: string; geometries?: unknown[] } | undefined>
  arcs: unknown[]
  transform?: { scale: [number, number]; translate: [number, number] }
}
