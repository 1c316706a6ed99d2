import { useEffect } from "react"
import { useWords } from "../text/language"

/** Names the page in the tab and to screen readers. */
export function useTitle(page: string): void {
  const { productShort } = useWords()
  useEffect(() => {
    document.title = page ? `${page} · ${productShort}` : productShort
  }, [page, productShort])
}
