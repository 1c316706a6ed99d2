// Starts the mock in the page and hands the tests a way to make things happen.
import { setupWorker } from "msw/browser"
import { handlers } from "./handlers"
import { setUp, tell } from "./stream"
import { message, releases, shake } from "./world"

export interface MockHands {
  /** An earthquake now; the stream tells of its messages. */
  shake(region: string, magnitude: number): void
  /** Only says that something happened there. */
  tellRegion(region: string): void
  /** Cuts the stream or lets it come back. */
  stream(up: boolean): void
}

declare global {
  interface Window {
    dongtingMock?: MockHands
  }
}

export async function startMock(): Promise<void> {
  await setupWorker(...handlers).start({ quiet: true, onUnhandledRequest: "bypass" })
  window.dongtingMock = {
    shake: (region, magnitude) => shake(region, magnitude, 0).forEach(tell),
    tellRegion: (region) =>
      tell(
        message({ id: `said-${region}`, domain: "earthquake", kind: "observation", plugin: releases.adapter, region }),
      ),
    stream: setUp,
  }
}
