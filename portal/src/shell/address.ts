// The address holds the state: what one officer sees, another sees after pasting it. Defaults are left out.
import { useCallback, useMemo } from "react"
import { useLocation, useNavigate } from "react-router"
import { isRegionCode, province } from "../region/code"
import type { Language } from "../text/language"

export interface AddressState {
  region: string
  language: Language
  /** Id of the message in the drawer. */
  message: string | null
  /** Map layers switched off, as `panel/layer`. */
  off: string[]
}

export function readAddress(search: string): AddressState {
  const given = new URLSearchParams(search)
  const region = given.get("region") ?? ""
  return {
    region: isRegionCode(region) ? region : province,
    language: given.get("lang") === "en" ? "en" : "zh",
    message: given.get("message"),
    off: given.getAll("off").slice(0, 64),
  }
}

/** `search` with some of the state changed and everything else left as it is. */
export function changeAddress(search: string, change: Partial<AddressState>): string {
  const next = new URLSearchParams(search)
  if (change.region !== undefined)
    if (change.region === province) next.delete("region")
    else next.set("region", change.region)
  if (change.language !== undefined)
    if (change.language === "zh") next.delete("lang")
    else next.set("lang", change.language)
  if (change.message !== undefined)
    if (change.message === null) next.delete("message")
    else next.set("message", change.message)
  if (change.off !== undefined) {
    next.delete("off")
    for (const layer of change.off) next.append("off", layer)
  }
  const text = next.toString()
  return text ? `?${text}` : ""
}

/** What goes along to another page: region and language, neither the drawer nor another view's layers. */
export function carried(search: string): string {
  const { region, language } = readAddress(search)
  return changeAddress("", { region, language })
}

export function useAddress() {
  const { search, pathname } = useLocation()
  const navigate = useNavigate()
  const state = useMemo(() => readAddress(search), [search])
  const change = useCallback(
    (wanted: Partial<AddressState>) => {
      // Ticking a layer is not a step to come back to; a region or a message is.
      void navigate(pathname + changeAddress(search, wanted), { replace: wanted.off !== undefined })
    },
    [navigate, pathname, search],
  )
  return { ...state, search, change }
}

export function useOpenMessage(): (id: string) => void {
  const { change } = useAddress()
  return useCallback((id) => change({ message: id }), [change])
}

export function viewPath(installation: string, view: string): string {
  return `/views/${encodeURIComponent(installation)}/${encodeURIComponent(view)}`
}
