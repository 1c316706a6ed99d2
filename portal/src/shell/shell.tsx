import { useQueryClient } from "@tanstack/react-query"
import { lazy, Suspense, useEffect } from "react"
import { Outlet } from "react-router"
import { queries } from "../api/queries"
import { useWords } from "../text/language"
import { useAddress } from "./address"
import { ConnectionAnnouncer } from "./connection"
import { Header } from "./header"
import { Navigation } from "./navigation"

const MessageDrawer = lazy(() => import("../message/drawer"))

export function Shell() {
  const words = useWords()
  const { language, message, change } = useAddress()
  useEffect(() => {
    document.documentElement.lang = language === "zh" ? "zh-CN" : "en"
  }, [language])
  const client = useQueryClient()
  useEffect(() => {
    // Nobody should wait for code at the first click of the night: fetch it while the first view is being read.
    const timer = setTimeout(() => {
      void client.prefetchQuery({ ...queries.boundaries(), retry: false })
      void import("../panel/map").catch(() => undefined)
      void import("../message/drawer").catch(() => undefined)
    }, 300)
    return () => clearTimeout(timer)
  }, [client])
  return (
    <div className="shell">
      <a className="skip" href="#content">
        {words.skip}
      </a>
      <Header />
      <Navigation />
      <main id="content" tabIndex={-1}>
        <Outlet />
      </main>
      <ConnectionAnnouncer />
      {message !== null && (
        <Suspense fallback={null}>
          <MessageDrawer
            id={message}
            onClose={() => change({ message: null })}
            onOpen={(id) => change({ message: id })}
          />
        </Suspense>
      )}
    </div>
  )
}
