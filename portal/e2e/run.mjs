// Drives the built portal with its mock API in Chromium, as an officer would. `npm run e2e` builds it first.
import assert from "node:assert/strict"
import { mkdir } from "node:fs/promises"
import { open } from "./browser.mjs"
import { desk, run } from "./desk.mjs"
import { systemTests } from "./system.mjs"

const { origin, page, close } = await open()
const quakes = "/views/quake-views/overview"
const told = desk(page, origin, "made=1")
const { id, go, search, eventually, closeDrawer } = told
const mapCount = async (map, what) => Number(await id(map).getAttribute(`data-${what}`))

const tests = {
  async "the start page is the first view; the navigation is what is enabled"() {
    await go("/")
    await page.waitForURL(`**${quakes}*`)
    await id("panel-map").waitFor()
    await id("nav-view-water-views-river").click()
    await id("panel-stages").waitFor()
    await eventually("a chart", async () => Number(await page.locator(".chart").getAttribute("data-lines")) === 3)
    await id("nav-plugins").click()
    assert.equal(await id("plugin-gas-adapter").getAttribute("data-state"), "refused")
    assert.match(await id("plugin-gas-adapter").innerText(), /未获授权/)
    await id("nav-messages").click()
    await id("filter-kind").selectOption("raw")
    await eventually(
      "only raw messages",
      async () => (await page.locator("[data-testid=messages] tbody tr").count()) === 3,
    )
    assert.equal(search().get("kind"), "raw")
    await go("/nowhere")
    await id("not-found").waitFor()
    await go("/views/no-such/view")
    await id("not-found").waitFor()
  },

  async "the map draws boundaries, regions, shapes and points, and says what it must"() {
    await go(quakes)
    await eventually("boundaries", async () => (await mapCount("map-map", "boundaries")) === 136)
    assert.equal(await mapCount("map-map", "points"), 3)
    assert.equal(await mapCount("map-map", "shapes"), 2)
    assert.ok((await mapCount("map-map", "regions")) > 20)
    assert.match(await id("map-review").innerText(), /审图号/)
    await id("layer-epicentres").uncheck()
    await eventually("no points", async () => (await mapCount("map-map", "points")) === 0)
    assert.deepEqual(search().getAll("off"), ["map/epicentres"])
    await page.reload()
    await eventually("shapes again", async () => (await mapCount("map-map", "shapes")) === 2)
    assert.equal(await mapCount("map-map", "points"), 0)
  },

  async "the map moves by keyboard"() {
    await go(quakes)
    await eventually("boundaries", async () => (await mapCount("map-map", "boundaries")) === 136)
    const look = async () => (await id("map-map").screenshot()).toString("base64")
    await id("map-map").focus()
    await page.waitForTimeout(500)
    for (const key of ["ArrowRight", "+", "-"]) {
      const before = await look()
      await page.keyboard.press(key)
      await eventually(`${key} moves the map`, async () => (await look()) !== before)
      await page.waitForTimeout(300)
    }
  },

  async "without boundaries the map says so and draws the rest"() {
    await go(`${quakes}?noboundaries=1`)
    await id("no-boundaries").waitFor()
    assert.equal(await mapCount("map-map", "boundaries"), 0)
    assert.equal(await mapCount("map-map", "regions"), 0)
    assert.equal(await mapCount("map-map", "points"), 3)
  },

  async "a region is chosen by keyboard, by name, code or pinyin"() {
    await go(quakes)
    await id("panel-map").waitFor()
    for (const [typed, code] of [
      ["sangzhi", "430822"],
      ["4307", "430700"],
      ["芙蓉", "430102"],
      ["zjj", "430800"],
    ]) {
      await id("region-select").focus()
      await page.keyboard.press("ArrowDown")
      await page.keyboard.type(typed)
      await page.keyboard.press("Enter")
      await eventually(typed, () => search().get("region") === code)
    }
    assert.equal(await id("region-select").inputValue(), "张家界市")
    await id("region-select").focus()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.type("nowhere")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Escape")
    assert.equal(search().get("region"), "430800")
    await page.goBack()
    await eventually("back to the region before", () => search().get("region") === "430102")
  },

  async "the language switches and everything else stays"() {
    await go(`${quakes}?region=430700&off=map%2Fepicentres`)
    await id("panel-map").waitFor()
    await id("language").click()
    await page.getByRole("heading", { name: "Earthquakes" }).waitFor()
    assert.equal(search().get("lang"), "en")
    assert.equal(search().get("region"), "430700")
    assert.deepEqual(search().getAll("off"), ["map/epicentres"])
    assert.equal(await page.locator("html").getAttribute("lang"), "en")
    assert.equal(await id("region-select").inputValue(), "Changde City")
    await id("language").click()
    await page.getByRole("heading", { name: "地震速报与影响" }).waitFor()
    assert.equal(await page.locator("html").getAttribute("lang"), "zh-CN")
  },

  async "a message on the stream is on the page within two seconds"() {
    await go(quakes)
    await id("row-quake-3").waitFor()
    await eventually("live", async () => (await id("connection").getAttribute("data-state")) === "live")
    const started = Date.now()
    await page.evaluate(() => window.dongtingMock.shake("431124", 6.2))
    await id("row-quake-4").waitFor({ timeout: 2000 })
    await id("entry-warning-4-431124").waitFor({ timeout: 2000 })
    await eventually("the map follows", async () => (await mapCount("map-map", "points")) === 4)
    console.log(`      ${Date.now() - started} ms from the stream to the page`)
  },

  async "what concerns another region is not fetched"() {
    await go(`${quakes}?region=430102`)
    await id("panel-map").waitFor()
    await eventually("live", async () => (await id("connection").getAttribute("data-state")) === "live")
    const before = await id("rendered-at").innerText()
    await page.waitForTimeout(1100)
    await page.evaluate(() => window.dongtingMock.tellRegion("433130"))
    await page.waitForTimeout(700)
    assert.equal(await id("rendered-at").innerText(), before)
    await page.evaluate(() => window.dongtingMock.tellRegion("430100"))
    await eventually("a message for the city around it", async () => (await id("rendered-at").innerText()) !== before)
  },

  async "a lost connection is said, and what was missed is fetched when it is back"() {
    await go(quakes)
    await id("row-quake-3").waitFor()
    await eventually("live", async () => (await id("connection").getAttribute("data-state")) === "live")
    await page.evaluate(() => window.dongtingMock.stream(false))
    await eventually("lost", async () => (await id("connection").getAttribute("data-state")) === "lost")
    await id("stale-banner").waitFor()
    assert.match(await id("stale-banner").innerText(), /已断开.*请勿当作现状/s)
    await mkdir("test-results", { recursive: true })
    await page.screenshot({ path: "test-results/lost.png" })
    await page.evaluate(() => window.dongtingMock.shake("430822", 4.9))
    await page.waitForTimeout(600)
    assert.equal(await id("row-quake-4").count(), 0)
    await page.evaluate(() => window.dongtingMock.stream(true))
    await eventually("live again", async () => (await id("connection").getAttribute("data-state")) === "live", 20_000)
    await id("row-quake-4").waitFor()
    await id("stale-banner").waitFor({ state: "detached" })
  },

  async "the drawer opens from table, timeline, map and its list, and walks the lineage"() {
    await go(quakes)
    await id("row-quake-3").click()
    await id("message-facts").waitFor()
    assert.equal(search().get("message"), "quake-3")
    assert.match(await id("message-facts").innerText(), /earthquake-adapter@0\.1\.0/)
    assert.match(await id("message-data").innerText(), /"magnitude": 5\.6/)
    await id("lineage-raw-3").click()
    await eventually("the raw message", () => search().get("message") === "raw-3")
    await eventually("its text", async () => (await id("message-data").innerText()).includes("quakeml"))
    await page.goBack()
    await eventually("the one before", () => search().get("message") === "quake-3")
    await closeDrawer()
    await id("entry-warning-3-430726").click()
    await id("lineage-raw-3").waitFor()
    assert.equal(await id("causes").locator("> li").count(), 3)
    await closeDrawer()
    await id("mark-list").locator("summary").click()
    await id("mark-list").locator("tbody button").first().click()
    await id("message-facts").waitFor()
    await closeDrawer()
    // The star of the latest earthquake: Shimen fills the map, the star is at its known place in it.
    await go(`${quakes}?region=430726`)
    await eventually("boundaries", async () => (await mapCount("map-map", "boundaries")) === 136)
    await page.waitForTimeout(500)
    const box = await id("map-map").boundingBox()
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2)
    await page.locator(".map-tip").waitFor()
    await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2)
    await id("message-facts").waitFor()
    await closeDrawer()
  },

  async "a form is checked, asks, is sent and answered; a refusal keeps what was typed"() {
    await go("/views/duty-desk/orders")
    const form = id("panel-order")
    await form.getByRole("button", { name: "下达" }).click()
    await form.getByText("必填").first().waitFor()
    await form.getByLabel("接收单位").click()
    await page.getByTitle("石门县应急管理局").click()
    await form.getByLabel("事由").fill("拒绝测试")
    await form.getByRole("button", { name: "下达" }).click()
    const dialog = page.getByRole("dialog")
    assert.match(await dialog.innerText(), /确定下达吗/)
    assert.match(await dialog.innerText(), /石门县应急管理局/)
    await dialog.getByRole("button", { name: "取消" }).click()
    await dialog.waitFor({ state: "hidden" })
    await form.getByRole("button", { name: "下达" }).click()
    await dialog.getByRole("button", { name: "确认" }).click()
    assert.match(await form.getByTestId("failure").innerText(), /事由不能含/)
    assert.equal(await form.getByLabel("事由").inputValue(), "拒绝测试")
    await form.getByLabel("事由").fill("加固堤防")
    await form.getByRole("button", { name: "下达" }).click()
    await dialog.getByRole("button", { name: "确认" }).click()
    await id("acted-order").waitFor()
    await id("entry-order-1").waitFor()
    await id("acted-order").getByRole("button").click()
    await id("message-facts").waitFor()
    await closeDrawer()
  },

  async "a hostile plugin harms nothing, a failing one is said"() {
    await go("/views/panel-samples/odd")
    await id("row-odd-0").first().waitFor()
    await eventually("the good shapes", async () => (await mapCount("map-odd-map", "shapes")) === 2)
    assert.equal(await mapCount("map-odd-map", "points"), 1)
    assert.equal(await page.evaluate(() => window.__hacked), undefined)
    assert.ok((await page.locator("[data-testid=panel-odd-table] tbody tr").count()) <= 25)
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, "page too wide")
    await go("/views/power-views/outage")
    assert.match(await id("failure").innerText(), /崩溃/)
    await id("failure").getByRole("button", { name: "重试" }).click()
  },

  async "no serious accessibility violation on any page, in both sizes"() {
    for (const [width, height] of [
      [1440, 900],
      [1024, 768],
    ]) {
      await page.setViewportSize({ width, height })
      for (const path of [
        quakes,
        `${quakes}?lang=en&region=430700`,
        `${quakes}?message=warning-3-430726`,
        "/views/water-views/river",
        "/views/duty-desk/orders",
        "/views/panel-samples/odd",
        "/views/power-views/outage",
        "/system/plugins",
        "/system/plugins/quake-impact",
        "/system/plugins/sms-out?lang=en",
        "/system/plugins/legacy-bridge",
        "/system/catalogue?yanked=1",
        "/system/catalogue/hunan-seismo/earthquake/1.2.0?lang=en",
        "/system/catalogue/hunan-seismo/earthquake/1.3.0/review",
        "/system/catalogue/elsewhere/old/9.9.9",
        "/system/messages",
        "/system/dead-letters",
        "/system/messages?unsigned=1&message=warning-3-430726",
      ]) {
        await go(path)
        await page.waitForTimeout(900)
        for (const summary of await page.locator("details summary").all())
          if (!path.includes("message=")) await summary.click()
        if (path.includes("message=")) await id("message-facts").waitFor()
        if (path === quakes) await id("region-select").click()
        await told.accessible(`${path} at ${width}`)
      }
    }
    await page.setViewportSize({ width: 1440, height: 900 })
  },
}

const done = await run({ ...tests, ...systemTests(told) }, told, process.argv[2])
await close()
process.exit(done ? 0 : 1)
