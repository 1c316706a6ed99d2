// The portal as the real host serves it, with real plugins behind it: `npm run e2e:host`, under the environment that
// `cargo xtask test` gives.
import assert from "node:assert/strict"
import { execFile, spawn } from "node:child_process"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { createInterface } from "node:readline"
import { promisify } from "node:util"
import { launch } from "./chromium.mjs"
import { desk, run } from "./desk.mjs"

const target = resolve(import.meta.dirname, "../../target")
const {
  DONGTING_BIN: binary = join(target, "release/dongting"),
  DONGTING_PLUGINS: plugins = join(target, "plugins"),
  DONGTING_PORTAL: portal = resolve(import.meta.dirname, "../dist"),
  NATS_SERVER: nats = "nats-server",
} = process.env
const token = "a-token-of-the-tests"
const folder = await mkdtemp(join(tmpdir(), "dongting-host-"))
const config = join(folder, "dongting.toml")
const guest = (name) => JSON.stringify(join(plugins, "guests", `${name}.wasm`))
const topic = (kind) => `[{ domain = "test", kind = "${kind}" }]`

function configuration(closed) {
  return `
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
`
}

await writeFile(config, configuration('"a"'))
const host = spawn(
  binary,
  ["serve", "--data", join(folder, "data"), "--config", config, "--portal", portal, "--nats-server", nats].concat(
    "--listen",
    "127.0.0.1:0",
  ),
  { stdio: ["ignore", "pipe", "pipe"] },
)
let log = ""
host.stderr.on("data", (said) => (log = (log + said).slice(-20_000)))
const ended = new Promise((done) => host.once("exit", done))
process.once("exit", () => host.kill("SIGKILL"))
const first = await Promise.race([
  createInterface({ input: host.stdout })[Symbol.asyncIterator]().next(),
  ended.then(() => ({ value: undefined })),
])
if (!first.value) throw new Error(`the host ended before it was ready: ${log}`)
const origin = first.value.trim().replace(/\/$/, "")

const context = await launch(join(folder, "profile"), { width: 1440, height: 900 })
const page = context.pages()[0] ?? (await context.newPage())
const told = desk(page, origin)
const { id, go, search, eventually, closeDrawer, accessible } = told

const ask = async (path) => (await fetch(`${origin}/api/v1/${path}`)).json()
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

const tests = {
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
    await writeFile(config, configuration(""))
    // It ends with an error, for the refused one is still refused; what it says of the gate counts.
    const reloaded = await promisify(execFile)(binary, ["reload", "--url", origin]).catch((error) => error)
    assert.match(reloaded.stdout, /^gate\tchanged/m)
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

let done = false
try {
  done = await run(tests, told, process.argv[2])
} finally {
  if (!done) console.log(log)
  await context.close()
  host.kill("SIGTERM")
  await ended
  await rm(folder, { recursive: true, force: true })
}
process.exit(done ? 0 : 1)
