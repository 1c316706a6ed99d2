import type { InstallationWhole } from "../api/schemas"
import { clip } from "../format/clip"
import { formatNumber } from "../format/number"
import { PluginName } from "../message/plugin-name"
import { useWords } from "../text/language"
import { Differences } from "./differences"
import { Facts, Section } from "./section"

/** A candidate beside the release at work, and where the two part. */
export function Shadow({ one }: { one: InstallationWhole }) {
  const words = useWords()
  const shadow = one.shadow
  return (
    <Section id="shadow" title={words.shadow.title}>
      <p className={shadow ? "quiet padded-top" : "quiet padded"}>{shadow ? words.shadow.about : words.shadow.none}</p>
      {shadow && (
        <>
          <Facts
            testid="shadow"
            lines={[
              [words.shadow.candidate, <PluginName plugin={shadow.plugin} />],
              [words.shadow.calls, formatNumber(shadow.calls, 0)],
              [
                words.shadow.different,
                <span className={shadow.different > 0 ? "faults" : undefined}>
                  {formatNumber(shadow.different, 0)}
                </span>,
              ],
              [words.shadow.skipped, shadow.skipped > 0 && formatNumber(shadow.skipped, 0)],
              [words.shadow.incomplete, shadow.incomplete > 0 && formatNumber(shadow.incomplete, 0)],
            ]}
          />
          {shadow.unkept !== null && (
            <p className="quiet lines padded" data-testid="shadow-unkept">
              {words.shadow.unkept(clip(shadow.unkept, 600))}
            </p>
          )}
          {shadow.refused !== null && (
            <p className="reason lines padded" data-testid="shadow-refused">
              {words.shadow.refused(clip(shadow.refused, 600))}
            </p>
          )}
          {shadow.differences.length > 0 ? (
            // The newest is what somebody waits for.
            <Differences
              differences={[...shadow.differences].reverse()}
              note={words.shadow.newest(formatNumber(shadow.differences.length, 0))}
            />
          ) : (
            <p className="padded">{shadow.calls > 0 ? words.shadow.same : words.shadow.waiting}</p>
          )}
        </>
      )}
    </Section>
  )
}
