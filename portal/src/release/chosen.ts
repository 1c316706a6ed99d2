// Which plugins of the catalogue somebody looks for. A province has some hundreds: they are all here, and found at once.
import type { Catalogue } from "../api/schemas"

export type Found = Catalogue["plugins"][number]

export interface Wanted {
  text: string
  role: string
  grade: string
  /** Versions that were taken back, too. */
  yanked: boolean
}

/** Those that fit, each with its versions that fit. */
export function chosen(all: Found[], wanted: Wanted): Found[] {
  const words = wanted.text.toLowerCase().split(/\s+/).filter(Boolean)
  return all.flatMap((plugin) => {
    const { title, description, repository, roles } = plugin
    if (wanted.role && !roles.includes(wanted.role)) return []
    const text = [title.zh, title.en, description.zh, description.en, repository].join("\n").toLowerCase()
    if (!words.every((word) => text.includes(word))) return []
    const versions = plugin.versions.filter(
      (one) => (wanted.yanked || one.yanked === null) && (!wanted.grade || one.grade === wanted.grade),
    )
    return versions.length === 0 ? [] : [{ ...plugin, versions }]
  })
}

/** The newest that can still be used; the newest of all where each was taken back. */
export function shownVersion(plugin: Found): Found["versions"][number] | undefined {
  return plugin.versions.find((one) => one.yanked === null) ?? plugin.versions[0]
}

/** What there is to choose from, and what is chosen already. */
export function rolesOf(all: Found[], chosen: string): string[] {
  return [...new Set([...all.flatMap((plugin) => plugin.roles), chosen])].filter(Boolean).sort()
}

export function gradesOf(all: Found[], chosen: string): string[] {
  const grades = all.flatMap((plugin) => plugin.versions.map((one) => one.grade ?? ""))
  return [...new Set([...grades, chosen])].filter(Boolean).sort()
}
