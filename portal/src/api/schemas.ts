// Only the schemas that the API's contract names are taken from the generated file; the parts of a panel are reached
// through it, so that the host may name them as it likes.
import type { components } from "./schema"

type Schemas = components["schemas"]

export type Text = Schemas["Text"]
export type Health = Schemas["Health"]
export type Region = Schemas["Region"]
export type RegionList = Schemas["RegionList"]
export type Installation = Schemas["Installation"]
export type InstallationWhole = Schemas["InstallationWhole"]
export type ParkedList = Schemas["ParkedList"]
export type Replay = Schemas["Replay"]
export type Difference = Schemas["Difference"]
export type PluginList = Schemas["PluginList"]
export type ViewInfo = Schemas["ViewInfo"]
export type ViewList = Schemas["ViewList"]
export type Rendered = Schemas["Rendered"]
export type ActRequest = Schemas["ActRequest"]
export type Acted = Schemas["Acted"]
export type Message = Schemas["Message"]
export type MessageList = Schemas["MessageList"]
export type Lineage = Schemas["Lineage"]
export type DeadLetter = Schemas["DeadLetter"]
export type DeadLetterList = Schemas["DeadLetterList"]
export type DeadLetterWhole = Schemas["DeadLetterWhole"]
export type Redriven = Schemas["Redriven"]
export type ApiErrorBody = Schemas["ApiError"]

export type Read = ViewInfo["reads"][number]
export type InstallationState = Installation["state"]

export type Panel = Schemas["Panel"]
export type PanelOf<K extends Panel["kind"]> = Extract<Panel, { kind: K }>
export type Level = PanelOf<"notice">["level"]
export type StatItem = PanelOf<"stat">["items"][number]
export type Column = PanelOf<"table">["columns"][number]
export type Row = PanelOf<"table">["rows"][number]
export type Cell = Row["cells"][number]
export type Layer = PanelOf<"map">["layers"][number]
export type Marks = Layer["marks"]
export type MarksOf<K extends Marks["kind"]> = Extract<Marks, { kind: K }>
export type RegionMark = MarksOf<"regions">["items"][number]
export type PointMark = MarksOf<"points">["items"][number]
export type ShapeMark = MarksOf<"shapes">["items"][number]
export type Entry = PanelOf<"timeline">["entries"][number]
export type Field = PanelOf<"form">["fields"][number]
