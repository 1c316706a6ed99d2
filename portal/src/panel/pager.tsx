import { useWords } from "../text/language"

export function Pager(props: { page: number; pageSize: number; all: number; onPage: (page: number) => void }) {
  const { page, pageSize, all, onPage } = props
  const words = useWords()
  if (all <= pageSize) return null
  const last = Math.ceil(all / pageSize) - 1
  return (
    <div className="pager">
      <span>{words.table.range(page * pageSize + 1, Math.min((page + 1) * pageSize, all), all)}</span>
      <button type="button" className="button small" disabled={page === 0} onClick={() => onPage(page - 1)}>
        ‹ {words.table.previous}
      </button>
      <button type="button" className="button small" disabled={page >= last} onClick={() => onPage(page + 1)}>
        {words.table.next} ›
      </button>
    </div>
  )
}
