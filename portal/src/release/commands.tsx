import type { ReleaseReview } from "../api/schemas"
import { Section } from "../installation/section"
import { Copied } from "../message/copied"
import { useWords } from "../text/language"

/**
 * What a reviewer types where the private key is. It names the release by its digest: what is signed is what this page shows,
 * whatever lies under the version by then. Names of repositories and digests need no quoting.
 */
export function reviewCommand(release: ReleaseReview, decision: "approve" | "reject", note: string): string {
  const { repository, manifestDigest } = release
  return `dongting review ${decision} ${repository}@${manifestDigest} --url ${location.origin} --key reviewer.key.pem --note "${note}"`
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
