import { useMemo } from "react"
import { clip } from "../format/clip"
import { Section } from "../installation/section"
import { useWords } from "../text/language"
import { readQuality, type Check } from "./report"

const marks = { passed: "✓", failed: "✕", skipped: "○", unknown: "?" }
const looks = { passed: "state-running", failed: "state-refused", skipped: "", unknown: "" }

/** What the vendor's checks came to. Failed ones first. */
export function QualitySection({ report }: { report: unknown }) {
  const words = useWords()
  const quality = useMemo(() => readQuality(report), [report])
  const page = words.release
  if (!quality)
    return (
      <Section id="quality" title={page.quality}>
        <p className="padded">
          <span aria-hidden="true">▲</span> {page.noQuality}
        </p>
      </Section>
    )
  const order: Check["verdict"][] = ["failed", "unknown", "skipped", "passed"]
  const checks = [...quality.checks].sort((a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict))
  return (
    <Section id="quality" title={page.quality} note={quality.grade && <Grade grade={quality.grade} />}>
      {quality.findings.length > 0 && (
        <ul className="findings padded" data-testid="findings">
          {quality.findings.map((finding, index) => (
            <li key={index}>
              <Grade grade={finding.grade || null} />
              <span>
                <span className="lines">{clip(finding.what, 400)}</span>
                {finding.advice && <span className="quiet lines"> {clip(finding.advice, 400)}</span>}
              </span>
            </li>
          ))}
        </ul>
      )}
      {checks.length > 0 && (
        <table className="fit" data-testid="quality">
          <tbody>
            {checks.map((check, index) => (
              <tr key={index} data-verdict={check.verdict}>
                <td className="figure">
                  <span className={`state ${looks[check.verdict]}`}>
                    <span aria-hidden="true">{marks[check.verdict]}</span> {page.checked[check.verdict]}
                  </span>
                </td>
                <td>
                  <code>{clip(check.name, 80)}</code>{" "}
                  {check.role && <span className="quiet">{words.roles[check.role] ?? clip(check.role, 20)}</span>}
                  {check.asks && <div className="quiet">{clip(check.asks, 300)}</div>}
                  {check.why && <div className="quiet lines">{clip(check.why, 300)}</div>}
                  {check.failures.map((failure, at) => (
                    <div key={at} className="reason lines">
                      {clip(failure, 400)}
                    </div>
                  ))}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Section>
  )
}

/** A grade as a letter in a frame; what it is worth is said in words beside it. */
export function Grade({ grade }: { grade: string | null }) {
  const words = useWords()
  if (grade === null) return <span className="quiet">{words.catalogue.ungraded}</span>
  return (
    <span className={`grade grade-${/^[a-z]$/i.test(grade) ? grade.toLowerCase() : "other"}`}>
      <span className="only-read">{words.release.gradeIs("")}</span>
      {clip(grade, 12)}
    </span>
  )
}
