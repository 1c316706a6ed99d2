// Numbers come from plugins: any size, any count of decimals, and JSON may have turned a NaN into null.

export const missing = "—"

export function formatNumber(value: number | null | undefined, decimals: number): string {
  if (typeof value !== "number" || !Number.isFinite(value)) return missing
  const places = Math.min(Math.max(Math.trunc(decimals) || 0, 0), 12)
  // Beyond this a fixed notation shows digits that are not there.
  if (Math.abs(value) >= 1e15) return value.toExponential(3)
  const [whole = "", fraction] = value.toFixed(places).split(".")
  const grouped = whole.replaceAll(/\B(?=(\d{3})+$)/g, ",")
  const text = fraction === undefined ? grouped : `${grouped}.${fraction}`
  return /^-[0.,]*$/.test(text) ? text.slice(1) : text
}
