// The portal as the real host serves it, with real plugins behind it: `npm run e2e:host`, under the environment that
// `cargo xtask test` gives.
import { join } from "node:path"
import { launch } from "./chromium.mjs"
import { desk, run } from "./desk.mjs"
import { configuration, installationTests } from "./host-installations.mjs"
import { registryTests } from "./host-registry.mjs"
import { start } from "./started.mjs"

const host = await start(async ({ dongting }) => {
  await dongting("keys", "generate", "--algorithm", "sm2", "--out", "vendor.key.pem")
  await dongting("keys", "generate", "--out", "reviewer.key.pem")
  return configuration({})
})
const context = await launch(join(host.folder, "profile"), { width: 1440, height: 900 })
const page = context.pages()[0] ?? (await context.newPage())
const told = desk(page, host.origin)
let done = false
try {
  done = await run({ ...installationTests(told, host), ...registryTests(told, host) }, told, process.argv[2])
} finally {
  if (!done) console.log(host.log().slice(-6000))
  await context.close()
  await host.stop()
}
process.exit(done ? 0 : 1)
