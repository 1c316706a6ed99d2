import { useQuery } from "@tanstack/react-query"
import { Link } from "react-router"
import { queries } from "../api/queries"
import { clip } from "../format/clip"
import { beijingShort } from "../format/time"
import { carried, useAddress } from "../shell/address"
import { useClockAhead } from "../shell/clock"
import { Failure } from "../shell/failure"
import { useWords } from "../text/language"
import { Section } from "./section"

const most = 5

/** The newest dead letters of an installation, and the way to where they are dealt with. */
export function Letters({ installation }: { installation: string }) {
  const words = useWords()
  const { search } = useAddress()
  const now = Date.now() + useClockAhead()
  const found = useQuery({
    ...queries.deadLetters({ installation, limit: most }),
    refetchOnMount: "always",
    refetchInterval: 15_000,
  })
  const letters = found.data?.deadLetters ?? []
  const kept = carried(search)
  const address = `/system/dead-letters${kept || "?"}${kept && "&"}installation=${encodeURIComponent(installation)}`
  return (
    <Section id="letters" title={words.letters.title}>
      {found.isError && <Failure error={found.error} retry={() => void found.refetch()} />}
      {found.data && letters.length === 0 && <p className="quiet padded">{words.letters.none}</p>}
      {letters.length > 0 && (
        <ul className="letters padded" data-testid="letters">
          {letters.map((letter) => (
            <li key={letter.sequence}>
              <span className="quiet figure">
                {letter.sequence} · {beijingShort(letter.storedAt, now)}
              </span>
              <span className="lines">{clip(letter.reason, 200)}</span>
            </li>
          ))}
        </ul>
      )}
      <p className="padded">
        <Link to={address} data-testid="to-dead-letters">
          {words.letters.all}
        </Link>
      </p>
    </Section>
  )
}
