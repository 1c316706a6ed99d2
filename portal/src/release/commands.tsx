import type { ReleaseReview } from "../api/schemas"
import { Section } from "../installation/section"
import { Copied } from "../message/copied"
import { useWords } from "../text/language"

/** What a reviewer types where the private key is. Names of releases need no quoting: they are letters, digits, dots and dashes. */
export function reviewCommand(release: ReleaseReview, decision: "approve" | "reject", note: string): string {
  const reference = `${release.repository}:${release.version}`
  return `dongting review ${decision} ${reference} --digest ${release.componentDigest} --key review-key.pem --note "${note}"`
}

export function Commands({ release }: { release: ReleaseReview }) {
  const words = useWords()
  const page = words.review
  return (
    <Section id="commands" title={page.commands}>
      <div className="padded commands" data-testid="commands">
        <p className="quiet">{page.commandsAbout}</p>
        {release.yanked !== null && <p className="reason">{page.yankedFirst}</p>}
        <h3>{page.approve}</h3>
        <p className="command">
          <Copied text={reviewCommand(release, "approve", page.note)} />
        </p>
        <h3>{page.reject}</h3>
        <p className="command">
          <Copied text={reviewCommand(release, "reject", page.note)} />
        </p>
      </div>
    </Section>
  )
}
