// The one way to the API: JSON in, JSON out, and every failure an `ApiFailure` that can be said to a person.
import type { ApiErrorBody } from "./schemas"

const base = "/api/v1"
const timeoutMs = 20_000

export class ApiFailure extends Error {
  constructor(
    /** The host's code with dashes, or one of ours: network, timeout, not-json. */
    readonly code: string,
    message: string,
    readonly status: number,
    readonly hint: string | null = null,
    readonly requestId: string | null = null,
  ) {
    super(message)
  }
}

/** Whether what was asked for may or may not have been done. */
export function isUnanswered(error: unknown): boolean {
  return error instanceof ApiFailure && ["network", "timeout", "not-json"].includes(error.code)
}

export function address(path: string, query: Record<string, string | number | undefined> = {}): string {
  const set = Object.entries(query).filter(([, value]) => value !== undefined && value !== "")
  const search = new URLSearchParams(set.map(([name, value]) => [name, String(value)])).toString()
  return base + path + (search ? `?${search}` : "")
}

export async function get<T>(
  path: string,
  query?: Record<string, string | number | undefined>,
  signal?: AbortSignal,
): Promise<T> {
  return send<T>(address(path, query), { signal })
}

export async function post<T>(path: string, body: unknown): Promise<T> {
  return send<T>(address(path), {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json" },
  })
}

/** Sends a file, or nothing, and waits as long as the work may take. */
export async function postFile<T>(
  path: string,
  query: Record<string, string>,
  file: { body: Blob | null; type: string; waitMs: number },
): Promise<T> {
  const init = { method: "POST", body: file.body, headers: { "content-type": file.type } }
  return send<T>(address(path, query), init, file.waitMs)
}

export async function remove(path: string): Promise<void> {
  await send<undefined>(address(path), { method: "DELETE" })
}

async function send<T>(url: string, init: RequestInit, waitMs = timeoutMs): Promise<T> {
  const limit = AbortSignal.timeout(waitMs)
  const signal = init.signal ? AbortSignal.any([init.signal, limit]) : limit
  let response: Response
  let body: unknown
  try {
    response = await fetch(url, { ...init, signal, headers: { accept: "application/json", ...init.headers } })
    const text = await response.text()
    body = parse(text)
  } catch (cause) {
    if (init.signal?.aborted) throw cause
    if (limit.aborted) throw new ApiFailure("timeout", `no answer within ${waitMs / 1000} s`, 0)
    throw new ApiFailure("network", cause instanceof Error ? cause.message : String(cause), 0)
  }
  if (!response.ok) throw refusal(response, body)
  if (response.status === 204) return undefined as T
  // A proxy's login page answers 200 with HTML: that is not an answer of the host.
  if (body === undefined) throw new ApiFailure("not-json", "the answer is not JSON", response.status)
  return body as T
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

function refusal(response: Response, body: unknown): ApiFailure {
  const given = body as Partial<ApiErrorBody> | undefined
  const error = given?.error
  if (typeof error?.code !== "string")
    return new ApiFailure(response.status === 404 ? "not-found" : "http", response.statusText, response.status)
  const code = error.code.toLowerCase().replaceAll(/[_ ]/g, "-")
  return new ApiFailure(code, error.message, response.status, error.hint ?? null, given?.requestId ?? null)
}
