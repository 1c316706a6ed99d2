// Everybody in the province reads Beijing time, whatever the PC's own zone is set to.

const hourMs = 3_600_000
/** China has kept UTC+8 without summer time since 1991. */
export const beijingOffsetMs = 8 * hourMs

const twoDigits = (value: number): string => String(value).padStart(2, "0")

/** The parts of an instant in Beijing, or null if it is none. */
function parts(
  time: string | number | Date,
): { date: string; monthDay: string; clock: string; minutes: string } | null {
  const at = new Date(time).getTime()
  if (!Number.isFinite(at)) return null
  const local = new Date(at + beijingOffsetMs)
  const monthDay = `${twoDigits(local.getUTCMonth() + 1)}-${twoDigits(local.getUTCDate())}`
  const minutes = `${twoDigits(local.getUTCHours())}:${twoDigits(local.getUTCMinutes())}`
  return {
    date: `${local.getUTCFullYear()}-${monthDay}`,
    monthDay,
    minutes,
    clock: `${minutes}:${twoDigits(local.getUTCSeconds())}`,
  }
}

/** 2026-07-03 04:05:06; what cannot be read as a time is shown as it came. */
export function beijingTime(time: string | number | Date): string {
  const at = parts(time)
  return at ? `${at.date} ${at.clock}` : String(time)
}

export function beijingClock(time: string | number | Date): string {
  return parts(time)?.clock ?? String(time)
}

/** As short as it can be without being mistaken: no date today, no year this year. */
export function beijingShort(time: string | number | Date, now: number): string {
  const at = parts(time)
  const today = parts(now)
  if (!at || !today) return String(time)
  if (at.date === today.date) return at.clock
  return at.date.slice(0, 4) === today.date.slice(0, 4) ? `${at.monthDay} ${at.minutes}` : `${at.date} ${at.minutes}`
}

/** What a `datetime-local` field holds for an instant, in Beijing. */
export function beijingField(at: number): string {
  return new Date(at + beijingOffsetMs).toISOString().slice(0, 19)
}

/** The instant that such a field names, with Beijing's offset; null where it names none. */
export function fromBeijingField(field: string): string | null {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?$/.test(field)) return null
  const instant = `${field.length === 16 ? `${field}:00` : field}+08:00`
  return Number.isNaN(Date.parse(instant)) ? null : instant
}

/** A length of time in the two largest units that matter. */
export function duration(ms: number, unit: { day: string; hour: string; minute: string; second: string }): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const [days, hours, minutes] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60,
  ]
  if (days > 0) return `${days}${unit.day}${hours > 0 ? `${hours}${unit.hour}` : ""}`
  if (hours > 0) return `${hours}${unit.hour}${minutes > 0 ? `${minutes}${unit.minute}` : ""}`
  if (minutes > 0) return `${minutes}${unit.minute}${seconds % 60 > 0 ? `${seconds % 60}${unit.second}` : ""}`
  return `${seconds}${unit.second}`
}
