import { useLanguage } from "../text/language"

/** Roles or capabilities: the people's word, and beside it the one that stands in manifests and configurations. */
export function Named({ names, words }: { names: string[]; words: Record<string, string> }) {
  const language = useLanguage()
  return (
    <>
      {names.map((name, index) => {
        const word = Object.hasOwn(words, name) ? words[name] : undefined
        return (
          <span key={name}>
            {index > 0 && (language === "zh" ? "、" : ", ")}
            {word && `${word} `}
            <code className="quiet">{name}</code>
          </span>
        )
      })}
    </>
  )
}
