import type { ReleaseReview } from "../api/schemas"
import { clip } from "../format/clip"
import { Section } from "../installation/section"
import { useWords, dictionary } from "../text/language"

type Words = ReturnType<typeof dictionary>

/** Who signed what, and whether it holds. */
export function Signatures({ signatures }: { signatures: ReleaseReview["signatures"] }) {
  const words = useWords()
  const page = words.release
  return (
    <Section id="signatures" title={page.signatures}>
      {signatures.length === 0 ? (
        <p className="quiet padded">{page.noSignatures}</p>
      ) : (
        <div className="table-scroll" tabIndex={0} role="group" aria-label={page.signatures}>
          <table data-testid="signatures">
            <thead>
              <tr>
                <th scope="col">{page.verdict}</th>
                <th scope="col">{page.by}</th>
                <th scope="col">{page.statement}</th>
                <th scope="col">{page.key}</th>
              </tr>
            </thead>
            <tbody>
              {signatures.map((one, index) => (
                <tr key={index} data-good={one.good}>
                  <td className="figure">
                    <span className={one.good ? "state state-running" : "state state-refused"}>
                      <span aria-hidden="true">{one.good ? "✓" : "✕"}</span> {one.good ? page.good : page.bad}
                    </span>
                  </td>
                  <td>
                    {ownerName(one.owner, words)}
                    {one.reason && <div className="reason lines">{clip(one.reason, 600)}</div>}
                  </td>
                  <td>
                    {one.says ? (page.says[one.says] ?? one.says) : page.unreadable}
                    {one.note && <div className="quiet lines">{clip(one.note, 1000)}</div>}
                  </td>
                  <td>
                    {one.algorithm && <div>{one.algorithm}</div>}
                    {one.key && (
                      <code className="quiet" title={one.key}>
                        {clip(one.key, 16)}
                      </code>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Section>
  )
}

/** `vendor:…` and `province:…` in words. */
export function ownerName(owner: string | null, words: Words): string {
  if (owner === null) return words.release.unknownKey
  const [kind, ...rest] = owner.split(":")
  const name = clip(rest.join(":"), 120)
  if (kind === "vendor") return words.release.vendorOwner(name)
  if (kind === "province") return words.release.provinceOwner(name)
  return clip(owner, 140)
}
