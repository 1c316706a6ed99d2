import { Link } from "react-router"
import type { ReleaseReview } from "../api/schemas"
import { clip } from "../format/clip"
import { beijingTime } from "../format/time"
import { Named } from "../installation/named"
import { Facts, Section } from "../installation/section"
import { installationPath } from "../installation/state"
import { Copied } from "../message/copied"
import { carried, useAddress } from "../shell/address"
import { useWords } from "../text/language"
import { bytes } from "./address"

/** What it is, down to the digests that everything else goes by. */
export function ReleaseFacts({ release }: { release: ReleaseReview }) {
  const words = useWords()
  const { search } = useAddress()
  const kept = carried(search)
  return (
    <Section id="release" title={words.release.facts}>
      <Facts
        testid="release-facts"
        lines={[
          [words.release.repository, <code>{release.repository}</code>],
          [words.release.version, release.version],
          [words.release.vendor, clip(release.vendor, 120)],
          [words.release.roles, <Named names={release.roles} words={words.roles} />],
          [words.release.componentDigest, <Copied text={release.componentDigest} />],
          [words.release.manifestDigest, <Copied text={release.manifestDigest} />],
          [words.catalogue.size, bytes(release.size)],
          [words.catalogue.pushed, beijingTime(release.pushed)],
          [
            words.release.installations,
            release.installations.length === 0 ? (
              <span className="quiet">{words.release.noInstallations}</span>
            ) : (
              release.installations.map((id) => (
                <Link key={id} className="item" to={installationPath(id) + kept}>
                  {id}
                </Link>
              ))
            ),
          ],
        ]}
      />
    </Section>
  )
}

/** The interfaces that it imports, read from its bytes. */
export function Imports({ imports }: { imports: string[] }) {
  const words = useWords()
  return (
    <Section id="imports" title={words.release.imports}>
      {imports.length === 0 ? (
        <p className="quiet padded">{words.release.noImports}</p>
      ) : (
        <ul className="codes padded" data-testid="imports">
          {imports.map((name) => (
            <li key={name}>
              <code>{clip(name, 160)}</code>
            </li>
          ))}
        </ul>
      )}
    </Section>
  )
}
