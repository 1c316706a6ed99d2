import type { ReleaseReview } from "../api/schemas"
import { clip } from "../format/clip"
import { useWords } from "../text/language"

/** Whether this host would run the release, in a word and a sentence. */
export function VerdictNotice({ release }: { release: ReleaseReview }) {
  const words = useWords()
  const { trusted, reason, reviewer } = release.verdict
  return (
    <section
      className={`panel notice ${trusted ? "notice-trusted" : "notice-state-refused"}`}
      aria-label={words.release.verdict}
      data-testid="release-verdict"
      data-trusted={trusted}
    >
      <h2 className="panel-title">
        <span aria-hidden="true">{trusted ? "✓" : "✕"}</span>{" "}
        {trusted ? words.release.trusted : words.release.untrusted}
      </h2>
      {release.yanked !== null && <p className="lines">{words.catalogue.yankedWhy(clip(release.yanked, 600))}</p>}
      {trusted
        ? reviewer && <p>{words.release.trustedWhy(clip(reviewer, 120))}</p>
        : reason && <p className="lines">{clip(reason, 1200)}</p>}
    </section>
  )
}

export function YankedMark({ reason }: { reason: string | null }) {
  const words = useWords()
  if (reason === null) return null
  return (
    <span className="yanked" title={clip(reason, 300)}>
      ✕ {words.catalogue.yanked}
    </span>
  )
}
