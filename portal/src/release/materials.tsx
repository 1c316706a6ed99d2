import { useState } from "react"
import type { ReleaseReview } from "../api/schemas"
import { clip } from "../format/clip"
import { formatNumber } from "../format/number"
import { Section } from "../installation/section"
import { Pager } from "../panel/pager"
import { useWords } from "../text/language"

const pageSize = 50

/** What it is built of: counted by licence, and listed for whoever asks. */
export function Materials({ materials }: { materials: ReleaseReview["materials"] }) {
  const words = useWords()
  const page = words.release
  const [at, setAt] = useState(0)
  if (materials === null)
    return (
      <Section id="materials" title={page.materials}>
        <p className="padded">
          <span aria-hidden="true">▲</span> {page.noMaterials}
        </p>
      </Section>
    )
  const licences = new Map<string, number>()
  for (const { licence } of materials) licences.set(licence ?? "", (licences.get(licence ?? "") ?? 0) + 1)
  const byCount = [...licences].sort((a, b) => b[1] - a[1])
  const figure = (count: number) => formatNumber(count, 0)
  return (
    <Section id="materials" title={page.materials} note={page.counted(figure(materials.length), figure(licences.size))}>
      <ul className="licences padded" data-testid="licences">
        {byCount.map(([licence, count]) => (
          <li key={licence}>
            {clip(licence, 60) || page.noLicence} <b>{figure(count)}</b>
          </li>
        ))}
      </ul>
      <details className="below">
        <summary>{page.material}</summary>
        <div className="table-scroll" tabIndex={0} role="group" aria-label={page.materials}>
          <table data-testid="materials">
            <thead>
              <tr>
                <th scope="col">{page.material}</th>
                <th scope="col">{page.version}</th>
                <th scope="col">{page.licence}</th>
              </tr>
            </thead>
            <tbody>
              {materials.slice(at * pageSize, (at + 1) * pageSize).map((one, index) => (
                <tr key={index}>
                  <td>{clip(one.name, 120)}</td>
                  <td className="figure">{clip(one.version ?? "", 60)}</td>
                  <td>{clip(one.licence ?? page.noLicence, 120)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        <Pager page={at} pageSize={pageSize} all={materials.length} onPage={setAt} />
      </details>
    </Section>
  )
}
