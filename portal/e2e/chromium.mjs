// Chromium as every browser test starts it.
import { chromium } from "playwright-core"

export function launch(profile, viewport) {
  return chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    headless: true,
    viewport,
    locale: "zh-CN",
    // Not Beijing's: what shows Beijing time must not rely on the PC.
    timezoneId: "America/New_York",
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  })
}
