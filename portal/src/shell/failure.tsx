import { ApiFailure } from "../api/request"
import { clip } from "../format/clip"
import { useWords } from "../text/language"

/** What went wrong, in words for the code where they are known, and a way to try again. */
export function Failure({ error, retry, title }: { error: unknown; retry?: () => void; title?: string }) {
  const words = useWords()
  const failure = error instanceof ApiFailure ? error : null
  const known = failure ? words.errors[failure.code] : undefined
  const own = failure && !ownCodes.has(failure.code) ? failure.message : ""
  return (
    <div className="failure" role="alert" data-testid="failure">
      <strong>{title ?? words.failed}</strong>
      <p>{known ?? (failure ? failure.message : String(error))}</p>
      {/* The plugin's own words say more than ours; both are shown. */}
      {known && own && own !== known && <p className="quiet">{clip(own, 500)}</p>}
      {failure?.hint && <p className="quiet">{clip(failure.hint, 500)}</p>}
      <p className="quiet">
        {failure && <code>{clip(failure.code, 40)}</code>}
        {failure?.requestId && (
          <>
            {" "}
            {words.request} <code>{clip(failure.requestId, 64)}</code>
          </>
        )}
      </p>
      {retry && (
        <button type="button" className="button" onClick={retry}>
          {words.retry}
        </button>
      )}
    </div>
  )
}

/** Codes made in the browser; their message is the browser's English and helps nobody. */
const ownCodes = new Set(["network", "timeout", "not-json", "http"])
