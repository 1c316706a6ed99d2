// A page as a person has it, for the unit tests: its address, its language, and the mock API behind it.
import { QueryClientProvider } from "@tanstack/react-query"
import { render } from "@testing-library/react"
import type { ReactNode } from "react"
import { setupServer } from "msw/node"
import { MemoryRouter, Route, Routes, useLocation } from "react-router"
import { afterAll, afterEach, beforeAll, beforeEach, vi } from "vitest"
import { handlers } from "../mock/handlers"
import { newQueryClient } from "./api/queries"
import { LanguageContext, type Language } from "./text/language"

export const server = setupServer(...handlers)

/** Called once in a test file: the mock API answers all of its tests. */
export function withMock(): void {
  beforeAll(() => {
    vi.stubGlobal("matchMedia", () => ({ matches: false, addListener() {}, removeListener() {} }))
    vi.stubGlobal(
      "ResizeObserver",
      class {
        observe() {}
        unobserve() {}
        disconnect() {}
      },
    )
    // Requests are addressed to the page's own origin. The signals are jsdom's, which Node's fetch does not take.
    const real = fetch
    vi.stubGlobal("fetch", async (url: string, init?: RequestInit) => {
      // Node's fetch reads no file of jsdom's.
      const body = init?.body instanceof Blob ? await bytes(init.body) : init?.body
      return real(new URL(url, location.href), { ...init, body, signal: null })
    })
    server.listen({ onUnhandledRequest: "error" })
  })
  beforeEach(() => server.resetHandlers())
  afterEach(() => vi.restoreAllMocks())
  afterAll(() => server.close())
}

function bytes(file: Blob): Promise<ArrayBuffer> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader()
    reader.onload = () => resolve(reader.result as ArrayBuffer)
    reader.onerror = () => reject(reader.error ?? new Error("the file cannot be read"))
    reader.readAsArrayBuffer(file)
  })
}

function Where() {
  const { pathname, search } = useLocation()
  return (
    <>
      <output data-testid="path">{pathname}</output>
      <output data-testid="where">{search}</output>
    </>
  )
}

/** `address` is where the person is, `path` the route under which `page` stands. */
export function showPage(page: ReactNode, path: string, address: string, language: Language = "zh") {
  return render(
    <QueryClientProvider client={newQueryClient()}>
      <LanguageContext value={language}>
        <MemoryRouter initialEntries={[address]}>
          <Routes>
            <Route path={path} element={page} />
            <Route path="*" element={null} />
          </Routes>
          <Where />
        </MemoryRouter>
      </LanguageContext>
    </QueryClientProvider>,
  )
}
