import { useQuery } from "@tanstack/react-query"
import { queries } from "../api/queries"
import { Section } from "../installation/section"
import { useWords } from "../text/language"

/** The manifest as it stands in the component. */
export function ManifestText({ repository, version }: { repository: string; version: string }) {
  const words = useWords()
  const found = useQuery(queries.catalogueRelease(repository, version))
  if (!found.data) return null
  return (
    <Section id="manifest" title={words.release.manifest}>
      <pre className="content manifest" tabIndex={0} role="group" aria-label={words.release.manifest}>
        {found.data.pluginToml.slice(0, 65_536)}
      </pre>
    </Section>
  )
}
