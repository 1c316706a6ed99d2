import { clip } from "../format/clip"
import { useWords } from "../text/language"

export function KindTag({ kind }: { kind: string }) {
  const words = useWords()
  return <span className="kind">{Object.hasOwn(words.kinds, kind) ? words.kinds[kind] : clip(kind, 24)}</span>
}
