// A flood brings hundreds of messages a second; the page is fetched again a few times a second at most, never twice at
// once, and always once more after the last message: what is shown ends up true.

export function coalesce(run: () => Promise<unknown>, intervalMs: number): { ask(): void; stop(): void } {
  let asked = false
  let busy = false
  let stopped = false

  async function loop(): Promise<void> {
    busy = true
    while (asked && !stopped) {
      asked = false
      const pause = new Promise((resolve) => setTimeout(resolve, intervalMs))
      // A failed fetch is shown where it is drawn; here it only must not end the loop.
      await run().catch(() => undefined)
      await pause
    }
    busy = false
  }

  return {
    ask() {
      asked = true
      if (!busy && !stopped) void loop()
    },
    stop() {
      stopped = true
    },
  }
}
