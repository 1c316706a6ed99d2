// Two statements side by side, line by line.

export interface Line {
  text: string
  /** Whether the other side lacks it. */
  differs: boolean
}

/** Beyond this a comparison by lines costs an old PC too much; then all of it counts as different. */
const mostLines = 400

export function compared(before: string | null, after: string | null): { before: Line[] | null; after: Line[] | null } {
  const [was, is] = [before, after].map((text) => (text === null ? null : lines(text)))
  if (!was || !is) return { before: was?.map(plain) ?? null, after: is?.map(plain) ?? null }
  const kept = was.length <= mostLines && is.length <= mostLines ? common(was, is) : { before: [], after: [] }
  const marked = (side: string[], same: number[]) => {
    const known = new Set(same)
    return side.map((text, index) => ({ text, differs: !known.has(index) }))
  }
  return { before: marked(was, kept.before), after: marked(is, kept.after) }
}

const plain = (text: string): Line => ({ text, differs: false })

/** The host tells subject, key and body in one line; a body of JSON is easier to compare laid out. */
export function lines(text: string): string[] {
  const parts = /^(\S+) (.*?) ([[{].*)$/s.exec(text)
  if (!parts) return text.split("\n")
  const [, subject = "", key = "", body = ""] = parts
  try {
    return [`${subject} ${key}`, ...JSON.stringify(JSON.parse(body), null, 2).split("\n")]
  } catch {
    return text.split("\n")
  }
}

/** Places of a longest common subsequence on either side. */
function common(was: string[], is: string[]): { before: number[]; after: number[] } {
  const width = is.length + 1
  const length = new Uint16Array((was.length + 1) * width)
  const at = (i: number, j: number) => length[i * width + j] ?? 0
  for (let i = was.length - 1; i >= 0; i--)
    for (let j = is.length - 1; j >= 0; j--)
      length[i * width + j] = was[i] === is[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
  const found = { before: [] as number[], after: [] as number[] }
  for (let i = 0, j = 0; i < was.length && j < is.length;)
    if (was[i] === is[j]) {
      found.before.push(i++)
      found.after.push(j++)
    } else if (at(i + 1, j) >= at(i, j + 1)) i++
    else j++
  return found
}
