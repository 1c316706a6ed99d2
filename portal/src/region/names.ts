import { useQuery } from "@tanstack/react-query"
import { useMemo } from "react"
import { queries } from "../api/queries"
import { say, useLanguage } from "../text/language"

/** Names a code in the person's language; a code that is not known names itself. */
export function useRegionName(): (code: string) => string {
  const language = useLanguage()
  const { data } = useQuery(queries.regions())
  return useMemo(() => {
    const names = new Map(data?.regions.map((region) => [region.code, say(region.name, language)]))
    names.set("000000", names.get("000000") ?? (language === "en" ? "Outside the province" : "省外"))
    return (code) => names.get(code) ?? code
  }, [data, language])
}
