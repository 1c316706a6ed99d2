import type { InstallationWhole } from "../api/schemas"
import { clip } from "../format/clip"
import { formatNumber } from "../format/number"
import { KindTag } from "../message/kind"
import { say, useLanguage, useWords } from "../text/language"
import { Named } from "./named"
import { Section } from "./section"

type Topic = InstallationWhole["granted"]["subscribe"][number]

/** What the operator allows it, and for each capability why the plugin asks. */
export function GrantedSection({ one }: { one: InstallationWhole }) {
  const words = useWords()
  const language = useLanguage()
  const page = words.installationPage
  const { capabilities, publish, subscribe, http, listen, listenFrom } = one.granted
  const why = (name: string) => one.about?.capabilities.find((asked) => asked.name === name)?.why
  const nothing = <p className="quiet">{page.nothing}</p>
  return (
    <Section id="granted" title={page.granted}>
      <div className="padded grants" data-testid="granted">
        <h3>{page.capabilities}</h3>
        {capabilities.length === 0 && nothing}
        <ul>
          {capabilities.map((name) => {
            const reason = why(name)
            return (
              <li key={name}>
                <Named names={[name]} words={words.capabilities} />{" "}
                {reason && <span className="quiet">{clip(say(reason, language), 300)}</span>}
              </li>
            )
          })}
        </ul>
        <h3>{page.publish}</h3>
        {publish.length === 0 && nothing}
        <ul>
          {publish.map((one, index) => (
            <li key={index}>
              <TopicName topic={one} />{" "}
              <span className="quiet">
                {[page.perSecond(formatNumber(one.perSecond, 0)), one.outside && page.outside]
                  .filter(Boolean)
                  .join(" · ")}
              </span>
            </li>
          ))}
        </ul>
        <h3>{page.subscribe}</h3>
        {subscribe.length === 0 && nothing}
        <ul>
          {subscribe.map((one, index) => (
            <li key={index}>
              <TopicName topic={one} />
            </li>
          ))}
        </ul>
        {http.length > 0 && (
          <>
            <h3>{page.http}</h3>
            <ul>
              {http.map((one, index) => (
                <li key={index}>
                  <code>
                    {clip(one.host, 120)}:{one.port}
                  </code>{" "}
                  <span className="quiet">{one.networks.join(", ") || page.anyPublic}</span>
                </li>
              ))}
            </ul>
          </>
        )}
        {listen && (
          <>
            <h3>{page.listen}</h3>
            <ul>
              <li>
                <code>{listen}</code>{" "}
                <span className="quiet">
                  {listenFrom.length > 0 ? page.fromNetworks(listenFrom.join(", ")) : page.anyNetwork}
                </span>
              </li>
            </ul>
          </>
        )}
      </div>
    </Section>
  )
}

export function TopicName({ topic }: { topic: Topic }) {
  const words = useWords()
  return (
    <>
      <KindTag kind={topic.kind} /> {topic.domain} / {topic.detail ?? words.installationPage.anyDetail}
    </>
  )
}
