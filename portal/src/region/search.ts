// Finds regions as an officer types them: by name, by code, by pinyin with or without its spaces, by the first letters.
import type { Region } from "../api/schemas"

const initials =
  /^(zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw])?(iang|iong|uang|ang|eng|ing|ong|ian|iao|uai|uan|an|en|in|un|ai|ei|ao|ou|ia|ie|iu|ua|ue|ui|uo|er|[aeiouv])/

/** The syllables of a pinyin word: "changsha" is chang, sha. Ambiguous words may be cut otherwise; it only helps search. */
export function syllables(word: string): string[] {
  const found: string[] = []
  let rest = word
  while (rest) {
    const match = initials.exec(rest)
    let syllable = match?.[0] ?? rest[0] ?? ""
    // "chenan" is che-nan only if what follows cannot start with its vowel.
    const after = rest.slice(syllable.length)
    if (match && /[ng]$/.test(syllable) && /^[aeiouv]/.test(after)) {
      const shorter = syllable.slice(0, -1)
      if (initials.exec(shorter)?.[0] === shorter) syllable = shorter
    }
    found.push(syllable)
    rest = rest.slice(syllable.length).replace(/^'/, "")
  }
  return found
}

/** What a region can be found by, lower case and without spaces. */
export function searchKeys(region: Region): string[] {
  const english = region.name.en.toLowerCase()
  const [first = "", ...others] = english.split(/\s+/)
  const short = syllables(first.replaceAll(/[^a-z']/g, ""))
    .map((syllable) => syllable[0])
    .join("")
  return [region.code, region.name.zh, squeeze(english), short, short + others.map((word) => word[0]).join("")]
}

export function matches(keys: string[], typed: string): boolean {
  const wanted = squeeze(typed.toLowerCase())
  return keys.some((key, index) => (index === 1 ? key.includes(wanted) : key.startsWith(wanted)))
}

function squeeze(text: string): string {
  return text.replaceAll(/[\s'’·-]/g, "")
}
