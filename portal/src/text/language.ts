import { createContext, useContext } from "react"
import type { Text } from "../api/schemas"
import { en } from "./en"
import { zh, type Dictionary } from "./zh"

export type Language = "zh" | "en"

export const LanguageContext = createContext<Language>("zh")

export function useLanguage(): Language {
  return useContext(LanguageContext)
}

export function dictionary(language: Language): Dictionary {
  return language === "en" ? en : zh
}

export function useWords(): Dictionary {
  return dictionary(useLanguage())
}

/** A text in the person's language, in the other if a plugin left that one empty. */
export function say(text: Text, language: Language): string {
  return (language === "en" ? text.en : text.zh) || text.zh || text.en
}
