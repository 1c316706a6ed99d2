// What the host says on /stream. It is checked here because no generated type guards it.

export interface MessageEvent {
  id: string
  subject: string
  domain: string
  kind: string
  detail: string | null
  region: string
  time: string
  received: string
}

export function parseMessageEvent(data: string): MessageEvent | null {
  let value: unknown
  try {
    value = JSON.parse(data)
  } catch {
    return null
  }
  if (typeof value !== "object" || value === null) return null
  const given = value as Record<string, unknown>
  const text = (name: string): string => (typeof given[name] === "string" ? given[name] : "")
  if (!text("id") || !text("domain") || !text("kind")) return null
  return {
    id: text("id"),
    subject: text("subject"),
    domain: text("domain"),
    kind: text("kind"),
    // A subject spells "no detail" as a dash.
    detail: text("detail") === "" || text("detail") === "-" ? null : text("detail"),
    region: text("region"),
    time: text("time"),
    received: text("received"),
  }
}
