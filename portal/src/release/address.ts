/** Where a release's page is; without a version it is its newest one's. `repository` is `vendor/plugin`. */
export function releasePath(repository: string, version?: string, page?: "review"): string {
  const parts = [...repository.split("/"), version, page].filter((part) => part !== undefined)
  return `/system/catalogue/${parts.map(encodeURIComponent).join("/")}`
}

const units = ["B", "KiB", "MiB", "GiB"]

/** Bytes in the largest unit that leaves a whole number before the point. */
export function bytes(count: number): string {
  let [value, unit] = [count, 0]
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit] ?? ""}`
}
