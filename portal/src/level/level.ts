// The four colours of Chinese warnings. Colour is never alone: each level has a Roman numeral, a word and, on maps, a
// hatching that grows denser, so that it can be told on a bad screen, in print and with colour-blind eyes.
import type { Level } from "../api/schemas"

export interface LevelLook {
  /** Solid fill; text on it is `ink` and has at least 4.5:1. */
  fill: string
  ink: string
  /** Dark enough for text and lines on white. */
  line: string
}

export const looks: Record<Level, LevelLook> = {
  none: { fill: "#e3e8ee", ink: "#2b3a4a", line: "#5b6b7c" },
  blue: { fill: "#1f66d1", ink: "#ffffff", line: "#1a57b3" },
  yellow: { fill: "#ffd21f", ink: "#2b2300", line: "#8a6a00" },
  orange: { fill: "#ff8a1c", ink: "#2b1400", line: "#a84a00" },
  red: { fill: "#c8102e", ink: "#ffffff", line: "#b00d27" },
}

export const levels: Level[] = ["none", "blue", "yellow", "orange", "red"]

/** A plugin's level is the host's enum, but a newer host may know more: then it counts as none, not as a crash. */
export function levelOf(given: string | null | undefined): Level {
  return levels.find((level) => level === given) ?? "none"
}

export function rank(level: Level): number {
  return levels.indexOf(level)
}
