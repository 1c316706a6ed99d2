import { useState } from "react"
import { useWords } from "../text/language"

/** A text that somebody takes elsewhere. */
export function Copied({ text }: { text: string }) {
  const words = useWords()
  const [done, setDone] = useState(false)
  // The clipboard exists only on secure origins; an intranet address by number is none.
  const able = typeof navigator.clipboard?.writeText === "function"
  return (
    <>
      <code>{text}</code>{" "}
      {able && (
        <button
          type="button"
          className="button small"
          onClick={() =>
            void navigator.clipboard.writeText(text).then(
              () => setDone(true),
              () => undefined,
            )
          }
        >
          {done ? words.message.copied : words.message.copy}
        </button>
      )}
    </>
  )
}
