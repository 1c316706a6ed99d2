import type { ReleaseReview } from "../api/schemas"
import { clip } from "../format/clip"
import { Section } from "../installation/section"
import { useWords } from "../text/language"

/** What is new is what a reviewer came for. */
const order = ["added", "changed", "removed"] as const
const marks = { added: "＋", removed: "−", changed: "~" }

/** What it asks for against the last release that was approved. */
export function AskedDifferences({ differences }: { differences: ReleaseReview["differences"] }) {
  const words = useWords()
  const page = words.review
  return (
    <Section
      id="differences"
      title={page.differences}
      note={differences && page.against(clip(differences.version, 40))}
    >
      {differences === null && <p className="padded">{page.first}</p>}
      {differences?.differences.length === 0 && <p className="padded">{page.same}</p>}
      {differences && differences.differences.length > 0 && (
        <table className="fit" data-testid="asked-differences">
          <tbody>
            {[...differences.differences]
              .sort((a, b) => order.indexOf(a.change) - order.indexOf(b.change))
              .map((one, index) => (
                <tr key={index} data-change={one.change}>
                  <td className="figure">
                    <span className={`difference-what change-${one.change}`}>
                      <span aria-hidden="true">{marks[one.change]}</span> {page.change[one.change]}
                    </span>
                  </td>
                  <td className="figure">{page.what[one.what] ?? clip(one.what, 40)}</td>
                  <td className="lines">
                    <code>{clip(one.name, 300)}</code>
                  </td>
                </tr>
              ))}
          </tbody>
        </table>
      )}
    </Section>
  )
}
