// The pages about the system, as an operator uses them.
import assert from "node:assert/strict"

export function systemTests({ page, id, go, search, eventually, closeDrawer }) {
  return {
    async "an installation in trouble is found, opened and understood"() {
      await go("/")
      await id("nav-plugins").click()
      await id("filter-state").selectOption("backoff")
      assert.equal(search().get("state"), "backoff")
      await id("filter-text").fill("短信")
      await eventually("one", async () => (await page.locator("[data-testid=plugins] tbody tr").count()) === 1)
      await id("plugin-sms-out").getByRole("link").press("Enter")
      await page.waitForURL("**/system/plugins/sms-out*")
      assert.match(await id("installation-reason").innerText(), /短信网关没有回答/)
      assert.match(await id("parked-430726").innerText(), /12.*秒后/s)
      await id("parked-430726").getByRole("button").press("Enter")
      await id("message-facts").waitFor()
      assert.equal(search().get("message"), "warning-3-430726")
      await closeDrawer()
      await id("language").click()
      await page.getByRole("heading", { name: "Parked messages" }).waitFor()
      await page.getByRole("link", { name: "All plugins" }).click()
      await page.waitForURL("**/system/plugins?lang=en")
      await go("/system/plugins/no-such")
      await page.getByText("没有这个实例").waitFor()
    },

    async "it is told from where devices may connect"() {
      await go("/system/plugins/water-changsha")
      assert.match(await id("granted").innerText(), /可监听\s*0\.0\.0\.0:7611\s*仅限 10\.43\.0\.0\/16 内的设备/)
    },

    async "a stretch of the past is run again by keyboard, then with a candidate"() {
      await go("/system/plugins/quake-impact")
      await id("replay-run").focus()
      await page.keyboard.press("Enter")
      await eventually("the verdict", async () => (await id("replay-verdict").count()) === 1)
      assert.equal(await id("replay-verdict").getAttribute("data-verdict"), "good")
      await id("replay-from").fill("2026-01-02T00:00:00")
      assert.match(search().get("from"), /^2026-01-02T00:00/)
      await id("replay-to").fill("2026-01-01T00:00:00")
      await id("replay-run").click()
      await page.getByText("请填起止时间").waitFor()
      await go("/system/plugins/quake-impact")
      await id("replay-candidate").setInputFiles({
        name: "next.wasm",
        mimeType: "application/wasm",
        buffer: Buffer.from([0, 97, 115, 109]),
      })
      await id("replay-run").click()
      const replay = id("section-replay")
      await replay.getByTestId("difference-changed").waitFor()
      assert.equal(await replay.locator(".line.differs").count(), 5)
      await replay.getByTestId("difference-changed").getByRole("button").click()
      await id("message-facts").waitFor()
      assert.equal(search().get("message"), "impact-3")
      await closeDrawer()
    },

    async "what an operator has relaxed is said on every page"() {
      await go("/system/messages")
      assert.equal(await id("unsigned-allowed").count(), 0)
      await go("/system/messages?unsigned=1")
      await id("unsigned-allowed").waitFor()
      assert.match(await id("unsigned-allowed").innerText(), /允许未签名组件/)
      assert.equal(await id("unsynced").count(), 0)
      await go("/system/messages?unsynced=1")
      await id("unsynced").waitFor()
      assert.match(await id("unsynced").innerText(), /消息不逐条落盘/)
      await go("/system/plugins?unsynced=1")
      assert.match(await id("durability").innerText(), /断电可能丢失最近两分钟/)
      await go("/system/plugins/quake-cenc")
      await page.getByRole("link", { name: "hunan-seismo/earthquake:1.2.0" }).press("Enter")
      await page.waitForURL("**/system/catalogue/hunan-seismo/earthquake/1.2.0*")
      await page.getByRole("link", { name: "quake-cenc" }).click()
      await page.waitForURL("**/system/plugins/quake-cenc*")
    },

    async "each step of a lineage tells the grants it was made under, and what was sent outward"() {
      await go("/system/messages?message=warning-3-430726")
      await id("step-facts").waitFor()
      assert.match(await id("step-facts").innerText(), /quake-impact/)
      assert.match(await id("step-facts").innerText(), /earthquake warning/)
      assert.match(await id("dispatched-warning-3-430726").innerText(), /已送达/)
      await id("dispatched-warning-3-430726").locator("summary").press("Enter")
      await id("dispatched-warning-3-430726").getByText("sms.example:443").waitFor()
      const cause = id("causes").locator("li").filter({ hasText: "quake-cenc" }).first()
      await cause.locator("summary").press("Enter")
      await cause.getByText("catalogue.example:443").waitFor()
      await id("step-facts").getByRole("link", { name: "quake-impact" }).click()
      await page.waitForURL("**/system/plugins/quake-impact*")
    },

    async "a plugin is found in the catalogue, its release looked at and reviewed"() {
      await go("/")
      await id("nav-catalogue").click()
      await id("filter-text").fill("fdsn")
      await eventually("one", async () => (await page.locator("[data-testid=catalogue] > li").count()) === 1)
      assert.equal(search().get("q"), "fdsn")
      await id("filter-yanked").press("Space")
      await id("catalogue-hunan-seismo/earthquake").getByText("已撤回").waitFor()
      await id("catalogue-hunan-seismo/earthquake").getByRole("link", { name: "1.3.0" }).press("Enter")
      await page.waitForURL("**/system/catalogue/hunan-seismo/earthquake/1.3.0*")
      assert.equal(await id("release-verdict").getAttribute("data-trusted"), "false")
      await id("section-materials").locator("summary").press("Enter")
      await id("materials").waitFor()
      await id("to-review").press("Enter")
      await page.waitForURL("**/1.3.0/review*")
      assert.match(await id("asked-differences").innerText(), /新增\s+能力\s+http/)
      assert.match(await id("commands").innerText(), /dongting review approve hunan-seismo\/earthquake@sha256:/)
      await page.goBack()
      await id("versions").getByRole("link", { name: "1.1.0" }).click()
      await page.getByText("已撤回：修订号解析有误").waitFor()
      await go("/system/catalogue/nobody/nothing/1.0.0")
      await page.getByText("目录里没有这个版本").waitFor()
    },

    async "a dead letter is looked at, driven again, refused again, and discarded after a question"() {
      await go("/")
      await id("nav-dead-letters").click()
      const rows = () => page.locator("[data-testid=dead-letters] tbody tr[data-testid]").count()
      await eventually("three letters", async () => (await rows()) === 3)
      const letter = (number) => id(`dead-letter-${number}`)
      const press = (number, name) => letter(number).getByRole("button", { name, exact: true }).press("Enter")
      await press(3, "查看")
      assert.match(await id("dead-letter-text").innerText(), /"latitude":"91"/)
      await press(3, "重投")
      await letter(3)
        .getByRole("alert")
        .filter({ hasText: /refused again: event cenc-3/ })
        .waitFor()
      assert.equal(await rows(), 3)
      // In a release that is named: one that is not there is refused, one that is takes it.
      await press(1, "指定版本…")
      await id("redrive-release").fill("nobody/nothing:1.0.0")
      await id("redrive-release").press("Enter")
      await letter(1)
        .getByRole("alert")
        .filter({ hasText: /there is no release/ })
        .waitFor()
      await id("redrive-release").fill("hunan-seismo/earthquake:1.2.0")
      await page.getByRole("button", { name: "用此版本重投" }).press("Enter")
      await eventually("one is gone", async () => (await rows()) === 2)
      assert.match(await id("dead-letter-done").innerText(), /死信 1 已重投，得出 1 条消息/)
      await press(2, "丢弃")
      await press(2, "取消")
      assert.equal(await rows(), 2)
      await press(2, "丢弃")
      await press(2, "确认丢弃")
      await eventually("another is gone", async () => (await rows()) === 1)
      await id("filter-installation").fill("water-changsha")
      await id("filter-installation").press("Enter")
      await eventually("none of that one", async () => (await page.locator(".page-empty").count()) === 1)
      assert.equal(search().get("installation"), "water-changsha")
    },
  }
}
