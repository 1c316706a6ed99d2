// The mock's /stream, and the hands by which a test moves it.
import { HttpResponse } from "msw"
import type { Message } from "../src/api/schemas"

type Out = ReadableStreamDefaultController<Uint8Array>

const listeners = new Set<Out>()
const encoder = new TextEncoder()
let up = true

export function openStream(): Response {
  if (!up) return HttpResponse.error()
  let mine: Out | undefined
  const body = new ReadableStream<Uint8Array>({
    start(out) {
      mine = out
      listeners.add(out)
      out.enqueue(encoder.encode(": hello\n\n"))
    },
    cancel() {
      if (mine) listeners.delete(mine)
    },
  })
  return new HttpResponse(body, { headers: { "content-type": "text/event-stream" } })
}

function write(text: string): void {
  for (const out of listeners)
    try {
      out.enqueue(encoder.encode(text))
    } catch {
      listeners.delete(out)
    }
}

export function tell(message: Message): void {
  const { id, subject, domain, kind, detail, region, time, received } = message
  write(`event: message\ndata: ${JSON.stringify({ id, subject, domain, kind, detail, region, time, received })}\n\n`)
}

export function setUp(now: boolean): void {
  up = now
  if (up) return
  listeners.forEach((out) => out.close())
  listeners.clear()
}

setInterval(() => write(": heartbeat\n\n"), 15_000)
