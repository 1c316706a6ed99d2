// A plugin's way from its vendor to work, with the commands that vendor, reviewer and operator type, and the pages that they look at.
import assert from "node:assert/strict"
import { copyFile } from "node:fs/promises"
import { join } from "node:path"
import { configuration } from "./host-installations.mjs"
import { plugins } from "./started.mjs"

const release = "example/rain-gauge:0.1.0"
const enabled = `
[[installation]]
id = "gauges"
release = "${release}"
region = "430100"
grants = { publish = [{ domain = "water", kind = "observation" }] }
`

export function registryTests({ page, id, go, eventually, accessible }, { folder, dongting, reload, ask, log }) {
  const trusted = (wanted) =>
    eventually(
      `trusted: ${wanted}`,
      async () => {
        await page.reload()
        await id("release-verdict").waitFor()
        return (await id("release-verdict").getAttribute("data-trusted")) === String(wanted)
      },
      30_000,
    )

  return {
    async "an empty catalogue says how it is filled; unsigned components are said on every page"() {
      await go("/system/catalogue")
      await page.getByText("目录里还没有插件").waitFor()
      await id("unsigned-allowed").waitFor()
      assert.equal((await ask("health")).allowUnsigned, true)
      await go("/system/plugins/documents")
      await page.getByText("▲ 未签名").waitFor()
    },

    async "a release that is pushed is in the catalogue, and not to be enabled before it is reviewed"() {
      const component = join(folder, "rain-gauge.wasm")
      await copyFile(join(plugins, "rain-gauge.wasm"), component)
      await dongting("keys", "add", "vendor.key.pub.pem", "--owner", "vendor:example")
      await dongting("keys", "add", "reviewer.key.pub.pem", "--owner", "province:reviewer-wang")
      await dongting("plugin", "check", component, "--least", "E", "--report", "rain-gauge.quality.json")
      await dongting("plugin", "sign", component, "--key", "vendor.key.pem")
      await dongting("plugin", "push", component)
      await go("/system/catalogue?q=雨量")
      await id("catalogue-example/rain-gauge").waitFor()
      assert.match(await id("catalogue-example/rain-gauge").innerText(), /0\.1\.0\s+等级\s*[A-E]/)
      await accessible("the catalogue")
      await id("catalogue-example/rain-gauge").getByRole("link", { name: "雨量站" }).press("Enter")
      await id("release-verdict").waitFor()
      assert.equal(await id("release-verdict").getAttribute("data-trusted"), "false")
      assert.match(await id("signatures").innerText(), /有效\s+厂商 example\s+厂商发布\s+sm2/)
      assert.match(await id("section-manifest").innerText(), /name = "rain-gauge"/)
      await accessible("a release")
      assert.match(await reload(configuration({ closed: "", more: enabled })), /^gauges\trefused/m)
    },

    async "the command that the review page shows approves it, and then it runs"() {
      await go("/system/catalogue/example/rain-gauge/0.1.0")
      await id("to-review").press("Enter")
      await id("review").waitFor()
      await page.getByText("此前没有通过评审的版本").waitFor()
      await id("quality").waitFor()
      await accessible("a review")
      const shown = await id("commands").locator("code").first().innerText()
      const [program, ...words] = shown.match(/"[^"]*"|\S+/g).map((word) => word.replaceAll('"', ""))
      assert.deepEqual([program, ...words.slice(0, 2)], ["dongting", "review", "approve"])
      assert.match((await dongting(...words)).stdout, /approved/)
      await trusted(true)
      assert.match(await id("signatures").innerText(), /省级评审 reviewer-wang\s+评审通过/)
      // The host tries again by itself when the registry changes; a reload comes before or after that.
      assert.doesNotMatch(await reload(configuration({ closed: "", more: enabled })), /^gauges\trefused/m)
      await eventually("it runs", async () => (await ask("installations/gauges")).state === "running", 20_000)
      await go("/system/plugins/gauges")
      await id("installation-facts").waitFor()
      assert.match(await id("installation-facts").innerText(), /reviewer-wang/)
      assert.equal(await page.getByText("▲ 未签名").count(), 0)
      await page.getByRole("link", { name: release }).press("Enter")
      await eventually("who runs it", async () => /gauges/.test(await id("release-facts").innerText()))
    },

    async "a yanked release stops what runs it, and its pages say why"() {
      await dongting("yank", release, "--reason", "counts twice")
      await go("/system/plugins/gauges")
      await eventually(
        "refused",
        async () => (await id("installation").getAttribute("data-state")) === "refused",
        20_000,
      )
      assert.match(await id("installation-reason").innerText(), /counts twice/)
      await go("/system/catalogue")
      await page.getByText("没有符合条件的插件").waitFor()
      await id("filter-yanked").check()
      await id("catalogue-example/rain-gauge").getByText("已撤回").waitFor()
      await go("/system/catalogue/example/rain-gauge/0.1.0/review")
      await page.getByText("此版本已撤回，不应通过").waitFor()
      assert.doesNotMatch(log(), /panicked/)
    },
  }
}
