import type { ReleaseReview } from "../api/schemas"
import { clip } from "../format/clip"
import { TopicName } from "../installation/granted"
import { Named } from "../installation/named"
import { Section } from "../installation/section"
import { say, useLanguage, useWords } from "../text/language"

/** What it asks the operator to grant and set, and why. */
export function AsksSection({ asks }: { asks: ReleaseReview["asks"] }) {
  const words = useWords()
  const language = useLanguage()
  const { capabilities, publish, subscribe, settings, attachments, records } = asks
  const page = words.release
  return (
    <Section id="asks" title={page.asks}>
      {capabilities.length === 0 ? (
        <p className="quiet padded">{page.noCapabilities}</p>
      ) : (
        <table className="fit" data-testid="capabilities">
          <thead>
            <tr>
              <th scope="col">{page.capability}</th>
              <th scope="col">{page.why}</th>
            </tr>
          </thead>
          <tbody>
            {capabilities.map(({ capability, reason }) => (
              <tr key={capability}>
                <td className="figure">
                  <Named names={[capability]} words={words.capabilities} />
                </td>
                <td className="lines">{clip(say(reason, language), 600)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <div className="padded grants" data-testid="asks">
        <Part title={page.publish} empty={publish.length === 0}>
          {publish.map((topic, index) => (
            <li key={index}>
              <TopicName topic={topic} />
            </li>
          ))}
        </Part>
        <Part title={page.subscribe} empty={subscribe.length === 0}>
          {subscribe.map((topic, index) => (
            <li key={index}>
              <TopicName topic={topic} />
            </li>
          ))}
        </Part>
        <Part title={page.settings} empty={settings.length === 0}>
          {settings.map((setting) => (
            <li key={setting.name}>
              <code>{clip(setting.name, 60)}</code> {clip(say(setting.title, language), 120)}{" "}
              <span className="quiet">
                {setting.type} · {setting.required ? page.required : page.optional}
              </span>
            </li>
          ))}
        </Part>
        <Part title={page.attachments} empty={attachments.length === 0}>
          {attachments.map((attachment) => (
            <li key={attachment.name}>
              <code>{clip(attachment.name, 60)}</code> {clip(say(attachment.title, language), 120)}
            </li>
          ))}
        </Part>
        <Part title={page.records} empty={records.length === 0}>
          {records.map((name) => (
            <li key={name}>
              <code>{clip(name, 60)}</code>
            </li>
          ))}
        </Part>
      </div>
    </Section>
  )
}

/** A part that is empty is not shown: what is not asked for needs no look. */
function Part({ title, empty, children }: { title: string; empty: boolean; children: React.ReactNode }) {
  if (empty) return null
  return (
    <>
      <h3>{title}</h3>
      <ul>{children}</ul>
    </>
  )
}
