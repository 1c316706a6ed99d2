import { useState } from "react"
import type { PanelOf, Row } from "../api/schemas"
import { clip } from "../format/clip"
import { useOpenMessage } from "../shell/address"
import { useLanguage, useWords } from "../text/language"
import { CellValue } from "./cell"
import { distinct } from "./distinct"
import { nextOrder, ordered, type Order } from "./order"
import { Pager } from "./pager"

const pageSize = 25
const mostRows = 5000
const mostColumns = 40

export function TablePanel({ panel }: { panel: PanelOf<"table"> }) {
  const words = useWords()
  const language = useLanguage()
  const openMessage = useOpenMessage()
  const [order, setOrder] = useState<Order | null>(null)
  const [page, setPage] = useState(0)

  const rows = ordered(panel.rows.slice(0, mostRows), order, language === "zh" ? "zh-CN" : "en")
  const pages = Math.max(1, Math.ceil(rows.length / pageSize))
  const at = Math.min(page, pages - 1)
  const shown = rows.slice(at * pageSize, (at + 1) * pageSize)
  const keys = distinct(shown.map((row) => row.id))
  const columns = panel.columns.slice(0, mostColumns)
  const traceable = panel.rows.some((row) => row.message)

  function sortBy(column: number): void {
    const kind = panel.rows.find((row) => row.cells[column] && row.cells[column].kind !== "empty")?.cells[column]?.kind
    setOrder(nextOrder(order, column, kind === "text" || kind === "region" ? 1 : -1))
    setPage(0)
  }

  if (panel.rows.length === 0) return <p className="quiet padded">{words.empty}</p>
  return (
    <>
      {/* Focusable, so that a wide table can be scrolled without a mouse. */}
      <div className="table-scroll" tabIndex={0} role="group" aria-label={clip(panel.title, 120)}>
        <table>
          <thead>
            <tr>
              {columns.map((column, index) => {
                const direction = order?.column === index ? order.direction : 0
                return (
                  <th
                    key={index}
                    scope="col"
                    className={column.align}
                    aria-sort={direction === 1 ? "ascending" : direction === -1 ? "descending" : undefined}
                  >
                    <button
                      type="button"
                      onClick={() => sortBy(index)}
                      title={words.table.sort(clip(column.title, 60))}
                    >
                      {clip(column.title, 60)}
                      <span aria-hidden="true">{direction === 1 ? " ▲" : direction === -1 ? " ▼" : ""}</span>
                    </button>
                  </th>
                )
              })}
              {traceable && (
                <th scope="col">
                  <span className="only-read">{words.table.trace}</span>
                </th>
              )}
            </tr>
          </thead>
          <tbody>
            {shown.map((row, index) => (
              <tr
                key={keys[index]}
                data-testid={`row-${row.id}`}
                className={row.message ? "clickable" : undefined}
                onClick={() => row.message && !window.getSelection()?.toString() && openMessage(row.message)}
              >
                {columns.map((column, place) => (
                  <td key={place} className={column.align}>
                    <CellValue cell={row.cells[place]} />
                  </td>
                ))}
                {traceable && (
                  <td className="end">
                    {row.message && (
                      <button
                        type="button"
                        className="button small"
                        aria-label={words.table.traceOf(rowName(row))}
                        onClick={(event) => {
                          event.stopPropagation()
                          openMessage(row.message ?? "")
                        }}
                      >
                        {words.table.trace}
                      </button>
                    )}
                  </td>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {panel.rows.length > mostRows && <p className="quiet padded">{words.table.cut(panel.rows.length - mostRows)}</p>}
      <Pager page={at} pageSize={pageSize} all={rows.length} onPage={setPage} />
    </>
  )
}

function rowName(row: Row): string {
  const cell = row.cells.find((one) => one.kind === "text")
  return clip(cell?.kind === "text" ? cell.value : row.id, 60)
}
