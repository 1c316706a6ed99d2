// The built mock portal on a port of its own, and Chromium looking at it.
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { preview } from "vite"
import { launch } from "./chromium.mjs"

export async function open({ width = 1440, height = 900 } = {}) {
  const server = await preview({
    mode: "mock",
    build: { outDir: "dist-mock" },
    preview: { port: 0, host: "127.0.0.1" },
    logLevel: "error",
  })
  const origin = `http://127.0.0.1:${server.httpServer.address().port}`
  // A profile of its own each time: a service worker left by an earlier run would answer instead of this build's.
  const profile = await mkdtemp(join(tmpdir(), "dongting-portal-"))
  const context = await launch(profile, { width, height })
  const page = context.pages()[0] ?? (await context.newPage())
  return {
    origin,
    page,
    async close() {
      await context.close()
      await server.close()
      await rm(profile, { recursive: true, force: true })
    },
  }
}
