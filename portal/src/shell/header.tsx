import { RegionSelect } from "../region/region-select"
import { useWords } from "../text/language"
import { useAddress } from "./address"
import { Clock } from "./clock"
import { ConnectionIndicator, RelaxedIndicator } from "./connection"

export function Header() {
  const words = useWords()
  const { region, language, change } = useAddress()
  const other = language === "zh" ? "en" : "zh"
  return (
    <header className="header">
      <div className="product">
        <svg viewBox="0 0 32 32" width="26" height="26" aria-hidden="true">
          <path d="M4 12c4-5 8 3 12 0s8-3 12 0M4 18c4-5 8 3 12 0s8-3 12 0M4 24c4-5 8 3 12 0s8-3 12 0" />
        </svg>
        <span>{words.product}</span>
      </div>
      <RegionSelect value={region} onChange={(code) => change({ region: code })} />
      <div className="header-end">
        <RelaxedIndicator />
        <ConnectionIndicator />
        <Clock />
        <button
          type="button"
          className="language"
          data-testid="language"
          lang={other === "zh" ? "zh-CN" : "en"}
          onClick={() => change({ language: other })}
        >
          {other === "zh" ? "中文" : "English"}
        </button>
      </div>
    </header>
  )
}
