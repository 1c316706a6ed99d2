// Pictures of every page at the two sizes that the duty desks have: `node e2e/shots.mjs [folder] [--only=name]`.
import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import { open } from "./browser.mjs"

const folder = process.argv[2] ?? "test-results"
const made = process.argv.includes("--made") ? "made=1&" : ""
await mkdir(folder, { recursive: true })
const { origin, page, close } = await open()
page.on("console", (line) => line.type() === "error" && console.log("console:", line.text()))
page.on("pageerror", (error) => console.log("page:", error.message))
const pages = {
  quake: "/views/quake-views/overview",
  city: "/views/quake-views/overview?region=430700&lang=en",
  drawer: "/views/quake-views/overview?message=warning-3-430726",
  river: "/views/water-views/river",
  duty: "/views/duty-desk/orders",
  odd: "/views/panel-samples/odd",
  failed: "/views/power-views/outage",
  plugins: "/system/plugins",
  "installation-shadow": "/system/plugins/quake-impact",
  "installation-parked": "/system/plugins/sms-out",
  "installation-tripped": "/system/plugins/flood-model",
  "installation-refused": "/system/plugins/gas-adapter?lang=en",
  "installation-service": "/system/plugins/legacy-bridge",
  "installation-session": "/system/plugins/water-changsha",
  catalogue: "/system/catalogue",
  "release-trusted": "/system/catalogue/hunan-seismo/earthquake/1.2.0",
  "release-waits": "/system/catalogue/hunan-seismo/earthquake/1.3.0?lang=en",
  "release-review": "/system/catalogue/hunan-seismo/earthquake/1.3.0/review",
  messages: "/system/messages",
  "dead-letters": "/system/dead-letters",
}
const only = process.argv.find((one) => one.startsWith("--only="))?.slice("--only=".length) ?? ""
for (const [width, height] of [
  [1440, 900],
  [1024, 768],
]) {
  await page.setViewportSize({ width, height })
  for (const [name, path] of Object.entries(pages)) {
    if (!name.includes(only)) continue
    const [where, query = ""] = path.split("?")
    await page.goto(`${origin}${where}?${made}${query}`)
    await page.waitForTimeout(2500)
    await page.screenshot({ path: join(folder, `${name}-${width}.png`), fullPage: process.argv.includes("--full") })
  }
}
await close()
