import { QueryClientProvider } from "@tanstack/react-query"
import { useState, type ReactNode } from "react"
import { BrowserRouter, Route, Routes } from "react-router"
import { newQueryClient } from "./api/queries"
import { CataloguePage } from "./page/catalogue"
import { DeadLettersPage } from "./page/dead-letters"
import { Home } from "./page/home"
import { InstallationPage } from "./page/installation"
import { MessagesPage } from "./page/messages"
import { NotFound } from "./page/not-found"
import { PluginsPage } from "./page/plugins"
import { ReleasePage } from "./page/release"
import { ViewPage } from "./page/view"
import { useAddress } from "./shell/address"
import { Shell } from "./shell/shell"
import { LiveProvider } from "./stream/live"
import { LanguageContext } from "./text/language"

export function App() {
  const [client] = useState(newQueryClient)
  return (
    <QueryClientProvider client={client}>
      <LiveProvider>
        {/* A transition would let a ticked box spring back until the router finds time. */}
        <BrowserRouter useTransitions={false}>
          <Speaking>
            <Routes>
              <Route element={<Shell />}>
                <Route index element={<Home />} />
                <Route path="views/:installation/:view" element={<ViewPage />} />
                <Route path="system/plugins" element={<PluginsPage />} />
                <Route path="system/plugins/:installation" element={<InstallationPage />} />
                <Route path="system/catalogue" element={<CataloguePage />} />
                <Route path="system/catalogue/:vendor/:plugin/:version" element={<ReleasePage />} />
                <Route path="system/catalogue/:vendor/:plugin/:version/review" element={<ReleasePage review />} />
                <Route path="system/dead-letters" element={<DeadLettersPage />} />
                <Route path="system/messages" element={<MessagesPage />} />
                <Route path="*" element={<NotFound />} />
              </Route>
            </Routes>
          </Speaking>
        </BrowserRouter>
      </LiveProvider>
    </QueryClientProvider>
  )
}

function Speaking({ children }: { children: ReactNode }) {
  return <LanguageContext value={useAddress().language}>{children}</LanguageContext>
}
