/**
 * Ids that a plugin promises to be unique, made so. A form keeps what was typed into it only while its key stays, so
 * the position is no part of a key unless the promise is broken.
 */
export function distinct(ids: string[]): string[] {
  const seen = new Map<string, number>()
  return ids.map((id) => {
    const count = seen.get(id) ?? 0
    seen.set(id, count + 1)
    return count === 0 ? id : `${id} (${count})`
  })
}
