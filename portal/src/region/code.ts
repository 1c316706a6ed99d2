// GB/T 2260 codes are three two-digit tokens: province, city, county. `00` ends a code early; 000000 is everywhere.

export const province = "430000"

/** The tokens that say something: 430100 is ["43", "01"], 000000 is []. */
export function tokens(code: string): string[] {
  const all = [code.slice(0, 2), code.slice(2, 4), code.slice(4, 6)]
  const end = all.findIndex((token) => token === "00" || token === "")
  return end < 0 ? all : all.slice(0, end)
}

export function isRegionCode(code: string): boolean {
  return /^\d{6}$/.test(code)
}

/** Whether `outer` is `inner` or one of its ancestors. */
export function contains(outer: string, inner: string): boolean {
  const of = tokens(inner)
  return tokens(outer).every((token, index) => of[index] === token)
}

/** A person who looks at a region is concerned by what is in it and by what is said of a region around it. */
export function concerns(chosen: string, other: string): boolean {
  return contains(chosen, other) || contains(other, chosen)
}
