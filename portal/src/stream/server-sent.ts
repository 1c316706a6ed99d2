// A parser of text/event-stream by the HTML standard's rules. `EventSource` hides comments, and with them the heartbeat
// that tells a quiet line from a dead one; that is why it is not used.

export interface ServerSent {
  event: string
  data: string
}

export function serverSentParser(onEvent: (event: ServerSent) => void): (chunk: string) => void {
  let rest = ""
  let event = ""
  let data: string[] = []

  function line(text: string): void {
    if (text === "") {
      if (data.length > 0) onEvent({ event: event || "message", data: data.join("\n") })
      event = ""
      data = []
      return
    }
    const colon = text.indexOf(":")
    if (colon === 0) return
    const field = colon < 0 ? text : text.slice(0, colon)
    const value = colon < 0 ? "" : text.slice(colon + 1).replace(/^ /, "")
    if (field === "event") event = value
    else if (field === "data") data.push(value)
  }

  return (chunk) => {
    rest += chunk
    // A lone CR at the end may be half of a CRLF: wait for what follows.
    const held = rest.endsWith("\r")
    const lines = (held ? rest.slice(0, -1) : rest).split(/\r\n|\r|\n/)
    rest = (lines.pop() ?? "") + (held ? "\r" : "")
    lines.forEach(line)
  }
}
