import { useQuery } from "@tanstack/react-query"
import { Link } from "react-router"
import { queries } from "../api/queries"
import { beijingShort, beijingTime } from "../format/time"
import { Section } from "../installation/section"
import { carried, useAddress } from "../shell/address"
import { useClockAhead } from "../shell/clock"
import { useWords } from "../text/language"
import { releasePath } from "./address"
import { Grade } from "./quality"
import { YankedMark } from "./verdict"

/** The other versions of a plugin, the highest first. */
export function Versions({ repository, current }: { repository: string; current: string }) {
  const words = useWords()
  const { search } = useAddress()
  const now = Date.now() + useClockAhead()
  const found = useQuery(queries.catalogue())
  const versions = found.data?.plugins.find((plugin) => plugin.repository === repository)?.versions ?? []
  if (versions.length < 2) return null
  return (
    <Section id="versions" title={words.catalogue.allVersions}>
      <ul className="catalogue-versions padded" data-testid="versions">
        {versions.map((one) => (
          <li key={one.version}>
            <Link
              to={releasePath(repository, one.version) + carried(search)}
              aria-current={one.version === current ? "page" : undefined}
            >
              {one.version}
            </Link>
            <Grade grade={one.grade} />
            <YankedMark reason={one.yanked} />
            <time className="quiet figure" title={beijingTime(one.pushed)}>
              {beijingShort(one.pushed, now)}
            </time>
          </li>
        ))}
      </ul>
    </Section>
  )
}
