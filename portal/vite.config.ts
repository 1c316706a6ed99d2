import { readFileSync } from "node:fs"
import react from "@vitejs/plugin-react"
import type { Plugin } from "vite"
import { defineConfig } from "vitest/config"

const workerFile = "mockServiceWorker.js"

/** Serves MSW's worker from the package in mock mode only, so that neither git nor a real build carries it. */
function mockWorker(): Plugin {
  const source = () => readFileSync(new URL(`./node_modules/msw/lib/${workerFile}`, import.meta.url), "utf8")
  return {
    name: "mock-worker",
    configureServer(server) {
      server.middlewares.use(`/${workerFile}`, (_request, response) => {
        response.setHeader("content-type", "text/javascript")
        response.end(source())
      })
    },
    generateBundle() {
      this.emitFile({ type: "asset", fileName: workerFile, source: source() })
    },
  }
}

export default defineConfig(({ mode }) => ({
  plugins: [react(), ...(mode === "mock" ? [mockWorker()] : [])],
  server: { proxy: { "/api": process.env.DONGTING_API ?? "http://127.0.0.1:8080" } },
  build: {
    target: "es2022",
    // The office PCs cache by name; sources stay out of the product.
    sourcemap: false,
    chunkSizeWarningLimit: 700,
  },
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["src/test-setup.ts"],
    css: false,
    testTimeout: 30_000,
  },
}))
