// Installations of real plugins, as their pages show them.
import assert from "node:assert/strict"
import { join } from "node:path"
import { plugins } from "./started.mjs"

export const token = "a-token-of-the-tests"
const guest = (name) => JSON.stringify(join(plugins, "guests", `${name}.wasm`))
const topic = (kind) => `[{ domain = "test", kind = "${kind}" }]`

export function configuration({ closed = '"a"', more = "" }) {
  return `
[trust]
allow_unsigned = true
province = ["reviewer.key.pub.pem"]

[[installation]]
id = "documents"
component = ${guest("document")}
region = "430000"
push_token = "${token}"
grants = { publish = ${topic("observation")} }

[[installation]]
id = "gate"
component = ${guest("gate")}
region = "430000"
settings = { closed = [${closed}] }
limits = { memory_mib = 32 }
grants = { capabilities = ["config", "state"], subscribe = ${topic("observation")}, publish = ${topic("assessment")} }

[[installation]]
id = "counter"
component = ${guest("counter")}
shadow = ${guest("echo")}
region = "430000"
grants = { capabilities = ["state"], subscribe = ${topic("observation")}, publish = ${topic("assessment")} }

[[installation]]
id = "bridge"
component = ${guest("service")}
region = "430100"
push_token = "${token}"
grants = { publish = ${topic("feedback")} }

[[installation]]
id = "refused"
component = ${guest("gate")}
region = "430000"
${more}`
}

export function installationTests(desk, host) {
  const { page, id, go, search, eventually, closeDrawer, accessible } = desk
  const { origin, ask } = host
  const push = async (...bodies) => {
    for (const body of bodies) {
      const answer = await fetch(`${origin}/api/v1/push/documents`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}` },
        body: JSON.stringify(body),
      })
      assert.equal(answer.status, 200, await answer.text())
    }
  }
  const state = async (name) => (await ask(`installations/${name}`)).state
  return {
    async "a plugin that is refused says what is not granted, and what was"() {
      await eventually("all loaded", async () => (await state("bridge")) === "running", 60_000)
      await eventually("it is refused", async () => (await state("refused")) === "refused", 60_000)
      await go("/system/plugins")
      await id("plugin-refused").getByRole("link").click()
      assert.match(await id("installation-reason").innerText(), /`config`, which is not granted/)
      assert.match(await id("granted").innerText(), /可发布\s*无/)
      await accessible("a refused installation")
    },

    async "what waits in its order is on the page, and leaves it when the gate opens"() {
      await push("a/1", "b/1", "a/2")
      await go("/system/plugins")
      await id("filter-text").fill("gate")
      await id("plugin-gate").getByRole("link").click()
      await id("parked-a").waitFor()
      await eventually("two wait", async () => /a\s+批量\s+2\s/.test(await id("parked-a").innerText()))
      assert.match(await id("parked-a").innerText(), /a is closed/)
      assert.match(await id("installation-reason").innerText(), /a is closed/)
      assert.match(await id("installation-facts").innerText(), /gate@0\.1\.0/)
      assert.match(await id("limits").innerText(), /内存与表\s*32 MiB/)
      await accessible("an installation with what is parked")
      await id("parked-a").getByRole("button").click()
      await eventually("the first that waits", async () => (await id("message-data").innerText()) === "a/1")
      await closeDrawer()
      assert.match(await host.reload(configuration({ closed: "" })), /^gate\tchanged/m)
      await page.getByText("没有暂停等待的消息").waitFor()
      await eventually("it runs", async () => (await id("installation").getAttribute("data-state")) === "running")
    },

    async "a shadow's differences are told"() {
      await push("c/1")
      await go("/system/plugins/counter")
      await id("difference-new").first().waitFor()
      assert.match(await id("shadow").innerText(), /echo@0\.1\.0/)
      assert.equal(await id("installation").getAttribute("data-state"), "running")
      await accessible("a shadow")
    },

    async "a replay is the same bit for bit; a candidate is compared"() {
      await go("/system/plugins/counter")
      const now = new Date((await ask("health")).now).getTime()
      const beijing = (at) => new Date(at + 8 * 3_600_000).toISOString().slice(0, 19)
      await id("replay-from").fill(beijing(now - 3_600_000))
      await id("replay-to").fill(beijing(now + 60_000))
      await id("replay-run").press("Enter")
      await id("replay-verdict").waitFor()
      assert.equal(
        await id("replay-verdict").getAttribute("data-verdict"),
        "good",
        await id("section-replay").innerText(),
      )
      assert.match(await id("replay-result").innerText(), /counter@0\.1\.0/)
      await id("replay-candidate").setInputFiles(join(plugins, "guests/echo.wasm"))
      await id("replay-run").click()
      const replay = id("section-replay")
      await replay.getByTestId("difference-missing").first().waitFor()
      assert.equal(await id("replay-verdict").getAttribute("data-verdict"), "open")
      await replay.getByTestId("difference-missing").first().getByRole("button").click()
      await id("message-facts").waitFor()
      await closeDrawer()
      // One that asks for more than was granted is refused in words.
      await id("replay-candidate").setInputFiles(join(plugins, "guests/gate.wasm"))
      await id("replay-run").click()
      await id("failure").waitFor()
      assert.match(await id("failure").innerText(), /`config`, which is not granted/)
    },

    async "a dead letter is reached from its installation, driven again, and discarded"() {
      await push("reject")
      await go("/system/plugins/counter")
      await eventually(
        "the letter",
        async () => /it says so itself/.test(await id("section-letters").innerText()),
        20_000,
      )
      await id("to-dead-letters").click()
      await page.waitForURL("**/system/dead-letters?installation=counter")
      const letter = page.locator("[data-testid=dead-letters] tbody tr").first()
      await letter.getByRole("button", { name: "重投", exact: true }).click()
      await letter.getByRole("alert").waitFor()
      assert.match(await letter.getByRole("alert").innerText(), /refused again: it says so itself/)
      await letter.getByRole("button", { name: "丢弃", exact: true }).click()
      await letter.getByRole("button", { name: "确认丢弃" }).click()
      await page.getByText("没有死信").waitFor()
      assert.equal(search().get("installation"), "counter")
    },

    async "a service answers at the address that its page tells"() {
      await go("/system/plugins/bridge?lang=en")
      const told = await id("addresses").innerText()
      assert.match(told, /svc\.bridge/)
      const address = /http:\/\/\S+\/api\/v1\/services\/bridge\//.exec(told)?.[0]
      const answer = await fetch(`${address}levels`, { headers: { authorization: `Bearer ${token}` } })
      assert.equal(answer.status, 200)
      assert.equal((await answer.json()).path, "/levels")
      await accessible("a service")
    },
  }
}
