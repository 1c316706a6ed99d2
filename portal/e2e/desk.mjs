// What every browser test works with: the page, short ways to what is on it, and a runner that counts.
import assert from "node:assert/strict"
import { mkdir, readFile } from "node:fs/promises"
import { createRequire } from "node:module"

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8")

/** `origin` is where the portal is; `query` goes along with every address. */
export function desk(page, origin, query = "") {
  page.setDefaultTimeout(15_000)
  const complaints = []
  page.on("console", (line) => {
    // A refused request is logged by the browser itself; the tests that provoke one look at the page.
    if (line.type() === "error" && !line.text().startsWith("Failed to load resource")) complaints.push(line.text())
  })
  page.on("pageerror", (error) => {
    // The mock's worker, looked for again by the browser while a page is being left; the product has none.
    if (!error.message.includes("ServiceWorker")) complaints.push(error.message)
  })
  const id = (name) => page.getByTestId(name)
  const search = () => new URL(page.url()).searchParams
  const eventually = async (what, holds, ms = 10_000) => {
    const end = Date.now() + ms
    while (!(await holds())) {
      if (Date.now() > end) throw new Error(`never came: ${what}`)
      await page.waitForTimeout(50)
    }
  }
  return {
    page,
    id,
    search,
    eventually,
    complaints,
    async go(path) {
      await page.goto(origin + path + (query && (path.includes("?") ? "&" : "?") + query))
      await page.waitForSelector("main")
    },
    async closeDrawer() {
      await page.keyboard.press("Escape")
      await id("message-drawer")
        .waitFor({ state: "detached" })
        .catch(() => undefined)
      await eventually("address without the message", () => search().get("message") === null)
    },
    /** No serious violation, and nothing wider than the window. */
    async accessible(what) {
      await page.evaluate(axe)
      const { violations } = await page.evaluate(() => window.axe.run())
      const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical")
      const told = serious.map((one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`)
      assert.deepEqual(told, [], what)
      const fits = await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)
      assert.equal(fits, true, `${what} too wide`)
    },
  }
}

/** Runs the tests whose names contain `only`, one after the other, and closes with a line that counts them. */
export async function run(tests, { page, complaints }, only = "") {
  let [passed, failed] = [0, 0]
  for (const [name, test] of Object.entries(tests)) {
    if (!name.includes(only)) continue
    const started = Date.now()
    complaints.length = 0
    try {
      await test()
      assert.deepEqual(complaints, [], "errors on the console")
      passed += 1
      console.log(`ok    ${name} (${Date.now() - started} ms)`)
    } catch (error) {
      failed += 1
      await mkdir("test-results", { recursive: true })
      const picture = `test-results/failed-${name.replaceAll(/\W+/g, "-").slice(0, 60)}.png`
      await page.screenshot({ path: picture }).catch(() => undefined)
      console.log(`FAIL  ${name}\n      ${error.message}\n      ${picture}`)
      await page.setViewportSize({ width: 1440, height: 900 })
    }
  }
  console.log(`${passed} passed, ${failed} failed`)
  return failed === 0
}
