import type { Row } from "../api/schemas"
import { sortKey } from "./cell"

export interface Order {
  column: number
  direction: 1 | -1
}

/** The plugin's own order is the one with a meaning; a person's is put over it and gives way to it among equals. */
export function ordered(rows: Row[], order: Order | null, language: string): Row[] {
  if (!order) return rows
  const collator = new Intl.Collator(language, { numeric: true })
  return rows
    .map((row) => ({ row, key: sortKey(row.cells[order.column]) }))
    .sort((a, b) => {
      if (a.key === null || b.key === null) return (a.key === null ? 1 : 0) - (b.key === null ? 1 : 0)
      const difference =
        typeof a.key === "number" && typeof b.key === "number"
          ? a.key - b.key
          : collator.compare(String(a.key), String(b.key))
      return difference * order.direction
    })
    .map(({ row }) => row)
}

/** First click: large and late first where that is what one looks for; second: the other way; third: the plugin's order. */
export function nextOrder(current: Order | null, column: number, first: 1 | -1): Order | null {
  if (current?.column !== column) return { column, direction: first }
  return current.direction === first ? { column, direction: first === 1 ? -1 : 1 } : null
}
