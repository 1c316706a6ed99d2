import { useQuery } from "@tanstack/react-query"
import { Link, useParams } from "react-router"
import { queries } from "../api/queries"
import { ApiFailure } from "../api/request"
import type { ReleaseReview } from "../api/schemas"
import { clip } from "../format/clip"
import { releasePath } from "../release/address"
import { AsksSection } from "../release/asks"
import { Commands } from "../release/commands"
import { AskedDifferences } from "../release/differences"
import { Imports, ReleaseFacts } from "../release/facts"
import { ManifestText } from "../release/manifest"
import { Materials } from "../release/materials"
import { QualitySection } from "../release/quality"
import { Signatures } from "../release/signatures"
import { VerdictNotice, YankedMark } from "../release/verdict"
import { Versions } from "../release/versions"
import { carried, useAddress } from "../shell/address"
import { StaleBanner } from "../shell/connection"
import { Failure } from "../shell/failure"
import { say, useLanguage, useWords } from "../text/language"
import { useTitle } from "./title"

/** One release for whoever wants to enable it, or, as `review`, for the person who decides whether anybody may. */
export function ReleasePage({ review = false }: { review?: boolean }) {
  const words = useWords()
  const language = useLanguage()
  const { vendor = "", plugin = "", version = "" } = useParams()
  const repository = `${vendor}/${plugin}`
  const { search } = useAddress()
  const kept = carried(search)
  const found = useQuery({ ...queries.release(repository, version), refetchOnMount: "always" })
  const release = found.data
  const title = release ? say(release.title, language) : `${repository}:${version}`
  useTitle(clip(`${review ? `${words.review.title} ` : ""}${title}`, 80))
  const gone = found.error instanceof ApiFailure && found.error.code === "not-found"
  return (
    <>
      <p className="trail">
        <Link to={`/system/catalogue${kept}`}>‹ {words.release.back}</Link>
        {review && <Link to={releasePath(repository, version) + kept}>‹ {words.review.to}</Link>}
      </p>
      <div className="page-head">
        <h1>
          {review && `${words.review.title}：`}
          {clip(title, 80)}
        </h1>
        <code>
          {repository}:{release?.version ?? version}
        </code>
        {release && <YankedMark reason={release.yanked} />}
        {release && !review && (
          <Link className="button" to={releasePath(repository, version, "review") + kept} data-testid="to-review">
            {words.release.review}
          </Link>
        )}
      </div>
      <StaleBanner fetchedAt={found.dataUpdatedAt} />
      {gone && <p className="page-empty">{words.release.notFound}</p>}
      {found.isError && !gone && <Failure error={found.error} retry={() => void found.refetch()} />}
      {found.isLoading && <p className="page-empty">{words.loading}…</p>}
      {release && !gone && (review ? <Reviewed release={release} /> : <Shown release={release} />)}
    </>
  )
}

function Shown({ release }: { release: ReleaseReview }) {
  const language = useLanguage()
  return (
    <div className="panels" data-testid="release">
      <p className="lines">{clip(say(release.description, language), 1000)}</p>
      <VerdictNotice release={release} />
      <div className="panels-both">
        <div className="panels-wide">
          <AsksSection asks={release.asks} />
          <Signatures signatures={release.signatures} />
          <QualitySection report={release.quality} />
          <Materials materials={release.materials} />
          <ManifestText repository={release.repository} version={release.version} />
        </div>
        <div className="panels-narrow">
          <ReleaseFacts release={release} />
          <Imports imports={release.imports} />
          <Versions repository={release.repository} current={release.version} />
        </div>
      </div>
    </div>
  )
}

/** In the order in which a reviewer asks: what is it, what is new, what does it want, was it tried, of what is it made, who signed. */
function Reviewed({ release }: { release: ReleaseReview }) {
  const words = useWords()
  return (
    <div className="panels" data-testid="review">
      <p className="quiet">{words.review.about}</p>
      <VerdictNotice release={release} />
      <div className="panels-both">
        <div className="panels-wide">
          <AskedDifferences differences={release.differences} />
          <AsksSection asks={release.asks} />
          <QualitySection report={release.quality} />
          <Materials materials={release.materials} />
          <Signatures signatures={release.signatures} />
          <Commands release={release} />
        </div>
        <div className="panels-narrow">
          <ReleaseFacts release={release} />
          <Imports imports={release.imports} />
        </div>
      </div>
    </div>
  )
}
