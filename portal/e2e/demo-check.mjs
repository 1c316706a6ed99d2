// `cargo xtask demo --check`: the real host, the real plugins and the real feed, seen in Chromium. Asserts what is on the page,
// measures from the feed to the page, and takes the README's picture.
import assert from "node:assert/strict"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { launch } from "./chromium.mjs"

const portal = process.env.PORTAL_URL.replace(/\/$/, "")
const feed = process.env.FEED_URL.replace(/\/$/, "")
const profile = await mkdtemp(join(tmpdir(), "dongting-demo-"))
const context = await launch(profile, { width: 1440, height: 1000 })
const page = context.pages()[0] ?? (await context.newPage())
page.setDefaultTimeout(30_000)
const complaints = []
page.on("console", (line) => line.type() === "error" && complaints.push(line.text()))
page.on("pageerror", (error) => complaints.push(error.message))

const id = (name) => page.getByTestId(name)
const eventually = async (what, holds, ms = 60_000) => {
  const end = Date.now() + ms
  for (;;) {
    if (await holds()) return
    if (Date.now() > end) throw new Error(`never came: ${what}`)
    await page.waitForTimeout(20)
  }
}
const count = async (what) => Number(await id("map-map").getAttribute(`data-${what}`))
const text = async (name) => ((await id(name).count()) > 0 ? await id(name).innerText() : "")
const publish = async (revision) => {
  const answer = await fetch(`${feed}/control/publish`, { method: "POST", body: JSON.stringify(revision) })
  assert.equal(answer.status, 200, await answer.text())
}
const statement = (event, magnitude, place, seconds = 0) => ({
  event,
  status: "reviewed",
  origin_time: new Date(Date.now() - 5_000).toISOString(),
  updated: new Date(Date.now() + seconds).toISOString(),
  latitude: 27.85,
  longitude: 112.9,
  depth_km: 10,
  magnitude,
  magnitude_type: "Ms",
  place,
})
// All that follows is one earthquake: its origin time must not move with its magnitude.
const origin = new Date(Date.now() - 5_000).toISOString()
const exercise = (magnitude) => ({ ...statement("check-1", magnitude, "湘潭 (检验)"), origin_time: origin })

try {
  await page.goto(portal)
  await id("panel-map").waitFor()
  await eventually("14 cities and 122 counties on the map", async () => (await count("boundaries")) === 136)
  await eventually("the replayed Changde earthquake", async () => (await text("panel-events")).includes("常德"))
  await eventually("counties on the map", async () => (await count("regions")) > 0)
  await eventually("epicentres on the map", async () => (await count("points")) > 3)
  await eventually("isoseismals on the map", async () => (await count("shapes")) > 0)
  await eventually("counties with their intensity", async () => /度/.test(await text("panel-counties")))
  await eventually("the timeline", async () => (await page.locator("[data-testid^=entry-]").count()) > 5)
  await page.screenshot({ path: process.env.SCREENSHOT })

  const times = []
  for (let round = 0; round < 5; round++) {
    const name = `检验地震-${round}`
    const began = performance.now()
    await publish({ ...statement(`speed-${round}`, 3.1, name), latitude: 31, longitude: 103 })
    await eventually(name, async () => (await text("panel-events")).includes(name))
    times.push(performance.now() - began)
  }
  times.sort((a, b) => a - b)

  // An update that falls below the threshold takes the warnings back.
  await publish(exercise(6.2))
  await id("nav-view-quake-views-warnings").click()
  const warned = async () => (await text("panel-standing")).includes("湘潭")
  await eventually("a warning for Xiangtan", warned)
  await publish(exercise(3.2))
  await eventually("the cancellation", async () => !(await warned()))

  const plugins = await (await fetch(`${portal}/api/v1/plugins`)).json()
  for (const installation of plugins.installations) {
    assert.equal(installation.state, "running", `${installation.id}: ${installation.reason}`)
  }
  const warnings = await (await fetch(`${portal}/api/v1/messages?kind=warning&limit=1000`)).json()
  assert.ok(warnings.messages.length > 0)
  assert.ok(warnings.messages.every((message) => message.plugin.startsWith("earthquake-impact@")))
  const lineage = await (await fetch(`${portal}/api/v1/messages/${warnings.messages[0].id}`)).json()
  assert.equal(lineage.causes[0].kind, "observation")
  assert.deepEqual(complaints, [])
  const ms = (value) => Math.round(value)
  console.log(
    `feed to page: median ${ms(times[2])} ms, worst ${ms(times[4])} ms of ${times.length} (the source polls every 500 ms)`,
  )
  console.log(`demo --check: passed; picture in ${process.env.SCREENSHOT}`)
} catch (error) {
  await page.screenshot({ path: process.env.SCREENSHOT.replace(/\.png$/, ".failed.png") }).catch(() => undefined)
  throw error
} finally {
  await context.close()
  await rm(profile, { recursive: true, force: true })
}
