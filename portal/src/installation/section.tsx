import type { ReactNode } from "react"

/** A titled part of a page about the system, in the frame that the views' panels have. */
export function Section(props: { id: string; title: string; note?: ReactNode; children: ReactNode }) {
  const { id, title, note, children } = props
  return (
    <section className="panel" aria-labelledby={`title-${id}`} data-testid={`section-${id}`}>
      <h2 className="panel-title" id={`title-${id}`}>
        {title}
        {note && <span className="title-note">{note}</span>}
      </h2>
      {children}
    </section>
  )
}

/** Names and values; a value that is empty takes its name with it. */
export function Facts({ lines, testid }: { lines: [name: string, value: ReactNode][]; testid?: string }) {
  return (
    <dl className="facts padded" data-testid={testid}>
      {lines
        .filter(([, value]) => value !== null && value !== undefined && value !== false && value !== "")
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  )
}
