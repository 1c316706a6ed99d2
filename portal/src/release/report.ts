// The quality report as the vendor pushed it: nobody has checked its shape, so every part of it is looked at before it is used.

export interface Check {
  name: string
  role: string
  /** What it asks, in a sentence. */
  asks: string
  verdict: "passed" | "failed" | "skipped" | "unknown"
  /** Why it could not be tried. */
  why: string
  failures: string[]
}

export interface Finding {
  grade: string
  what: string
  advice: string
}

export interface Quality {
  grade: string | null
  findings: Finding[]
  checks: Check[]
}

const mostChecks = 200
const mostFailures = 5

export function readQuality(given: unknown): Quality | null {
  if (!isTable(given)) return null
  const compliance = isTable(given.compliance) ? given.compliance : given
  const listed = (value: unknown) => (Array.isArray(value) ? value.filter(isTable).slice(0, mostChecks) : [])
  return {
    grade: text(given.grade) || null,
    findings: listed(given.findings).map((one) => ({
      grade: text(one.grade),
      what: text(one.what),
      advice: text(one.advice),
    })),
    checks: listed(compliance.checks).map(check),
  }
}

function check(given: Record<string, unknown>): Check {
  // Either `{ is, why }` or a word alone.
  const verdict = isTable(given.verdict) ? text(given.verdict.is) : text(given.verdict)
  return {
    name: text(given.name),
    role: text(given.role),
    asks: text(given.asks),
    verdict: verdict === "passed" || verdict === "failed" || verdict === "skipped" ? verdict : "unknown",
    why: isTable(given.verdict) ? text(given.verdict.why) : "",
    failures: (Array.isArray(given.failures) ? given.failures : [])
      .slice(0, mostFailures)
      .map((one) => (isTable(one) ? [text(one.case), text(one.reason)].filter(Boolean).join(": ") : text(one)))
      .filter(Boolean),
  }
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

function text(value: unknown): string {
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : ""
}
