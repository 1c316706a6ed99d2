// The real host, started on a folder of its own, and its commands.
import { execFile, spawn } from "node:child_process"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { createInterface } from "node:readline"
import { promisify } from "node:util"

const target = resolve(import.meta.dirname, "../../target")
const {
  DONGTING_BIN: binary = join(target, "release/dongting"),
  DONGTING_PLUGINS: built = join(target, "plugins"),
  DONGTING_PORTAL: portal = resolve(import.meta.dirname, "../dist"),
  NATS_SERVER: nats = "nats-server",
} = process.env
/** Where the built plugins are. */
export const plugins = built

/** `configure(folder)` gives the text of dongting.toml, once what it names is in the folder. */
export async function start(configure) {
  const folder = await mkdtemp(join(tmpdir(), "dongting-host-"))
  const config = join(folder, "dongting.toml")
  const data = join(folder, "data")
  let origin = ""
  /** `dongting` with these arguments, as the operator of this host. */
  const dongting = (...words) =>
    promisify(execFile)(binary, words, {
      cwd: folder,
      env: { ...process.env, DONGTING_URL: origin, DONGTING_DATA: data },
    })
  await writeFile(config, await configure({ folder, dongting }))
  const words = ["serve", "--data", data, "--config", config, "--portal", portal, "--nats-server", nats]
  const host = spawn(binary, [...words, "--listen", "127.0.0.1:0"], { stdio: ["ignore", "pipe", "pipe"] })
  let log = ""
  host.stderr.on("data", (said) => (log = (log + said).slice(-20_000)))
  const ended = new Promise((done) => host.once("exit", done))
  process.once("exit", () => host.kill("SIGKILL"))
  const first = await Promise.race([
    createInterface({ input: host.stdout })[Symbol.asyncIterator]().next(),
    ended.then(() => ({ value: undefined })),
  ])
  if (!first.value) throw new Error(`the host ended before it was ready: ${log}`)
  origin = first.value.trim().replace(/\/$/, "")
  return {
    folder,
    origin,
    dongting,
    log: () => log,
    ask: async (path) => (await fetch(`${origin}/api/v1/${path}`)).json(),
    /** The configuration changes while it runs. It ends with an error where one is refused; what it says counts. */
    async reload(text) {
      await writeFile(config, text)
      const { stdout } = await dongting("reload").catch((error) => error)
      return stdout
    },
    async stop() {
      host.kill("SIGTERM")
      await ended
      await rm(folder, { recursive: true, force: true })
    },
  }
}
