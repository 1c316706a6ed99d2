import { address } from "../api/request"
import type { LineageStep } from "../api/schemas"
import { clip } from "../format/clip"
import { formatNumber } from "../format/number"
import { beijingTime } from "../format/time"
import { useWords } from "../text/language"
import { PluginName } from "./plugin-name"

type Raw = NonNullable<LineageStep["raw"]>
type Piece = Raw["pieces"][number]

/** What came from outside, of which a first message was made. Nothing where it was made of other messages, or by no installation. */
export function RawFacts({ step }: { step: LineageStep }) {
  const words = useWords()
  if (!step.first || (!step.raw && !step.installation)) return null
  return (
    <div className="dispatched" data-testid={`raw-${step.id}`}>
      <span className="quiet">{words.message.raw}</span>{" "}
      {step.raw ? <Kept raw={step.raw} /> : <span>{words.message.rawUnknown}</span>}
    </div>
  )
}

function Kept({ raw }: { raw: Raw }) {
  const words = useWords()
  const named = [raw.transport, raw.name, raw.contentType, raw.peer].filter((one) => one !== null)
  return (
    <>
      {words.message.rawWhat[raw.what] ?? clip(raw.what, 40)} <span>{clip(named.join(" · "), 300)}</span>{" "}
      <time>{beijingTime(raw.received)}</time>
      <div className="quiet">
        <PluginName plugin={raw.plugin} />
      </div>
      {raw.unkept !== null && <div>{words.message.rawUnkept(clip(raw.unkept, 300))}</div>}
      <ul>
        {raw.fields.map((field, index) => (
          <li key={`field-${index}`}>
            <span className="quiet">{clip(field.name, 60)}</span> {clip(field.value, 600)}
          </li>
        ))}
        {raw.pieces.map((piece, index) => (
          <li key={index}>
            <OnePiece piece={piece} />
          </li>
        ))}
      </ul>
    </>
  )
}

function OnePiece({ piece }: { piece: Piece }) {
  const words = useWords()
  const { digest } = piece
  return (
    <>
      {words.message.rawPieces[piece.what] ?? clip(piece.what, 300)}
      {piece.bytes !== null && ` · ${words.message.rawBytes(formatNumber(piece.bytes, 0))}`}
      {piece.from !== null && piece.to !== null && piece.to > piece.from && (
        <> · {words.message.rawPart(formatNumber(piece.from + 1, 0), formatNumber(piece.to, 0))}</>
      )}
      {digest !== null && (
        <>
          {" "}
          <code title={clip(digest, 80)}>#{clip(digest, 12)}</code>{" "}
          {piece.kept ? (
            <a
              href={address(`/raw/${encodeURIComponent(digest)}`)}
              download={`${digest}.bin`}
              aria-label={words.message.rawDownloadOf(clip(digest, 12))}
            >
              {words.message.rawDownload}
            </a>
          ) : (
            <span className="quiet">{words.message.rawGone}</span>
          )}
        </>
      )}
    </>
  )
}
