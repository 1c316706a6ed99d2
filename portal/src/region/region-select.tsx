// A combobox after the ARIA practices: 137 regions fit in one indented list, so a person either scrolls or types.
import { useQuery } from "@tanstack/react-query"
import { useEffect, useId, useMemo, useRef, useState, type KeyboardEvent } from "react"
import { queries } from "../api/queries"
import type { Region } from "../api/schemas"
import { say, useLanguage, useWords } from "../text/language"
import { matches, searchKeys } from "./search"

interface Option {
  region: Region
  keys: string[]
  depth: number
  parent: string
}

const depths: Record<string, number> = { province: 0, city: 1, county: 2 }

function useOptions(): Option[] {
  const { data } = useQuery(queries.regions())
  const language = useLanguage()
  return useMemo(() => {
    const regions = [...(data?.regions ?? [])].sort((a, b) => a.code.localeCompare(b.code))
    const names = new Map(regions.map((region) => [region.code, say(region.name, language)]))
    return regions.map((region) => ({
      region,
      keys: searchKeys(region),
      depth: depths[region.level] ?? 2,
      parent: region.level === "county" && region.parent ? (names.get(region.parent) ?? "") : "",
    }))
  }, [data, language])
}

export function RegionSelect({ value, onChange }: { value: string; onChange: (code: string) => void }) {
  const words = useWords()
  const language = useLanguage()
  const options = useOptions()
  const { isError } = useQuery(queries.regions())
  const [open, setOpen] = useState(false)
  const [typed, setTyped] = useState("")
  const [active, setActive] = useState(0)
  const id = useId()
  const input = useRef<HTMLInputElement>(null)
  const list = useRef<HTMLUListElement>(null)

  const shown = useMemo(
    () => (typed.trim() ? options.filter((option) => matches(option.keys, typed)) : options),
    [options, typed],
  )
  const chosen = options.find((option) => option.region.code === value)
  const name = chosen ? (chosen.parent ? `${chosen.parent} / ` : "") + say(chosen.region.name, language) : value

  useEffect(() => {
    if (open) list.current?.querySelector(`[data-index="${active}"]`)?.scrollIntoView?.({ block: "nearest" })
  }, [open, active])

  function show(): void {
    if (open) return
    setTyped("")
    setActive(
      Math.max(
        0,
        options.findIndex((option) => option.region.code === value),
      ),
    )
    setOpen(true)
  }

  function choose(option: Option | undefined): void {
    setOpen(false)
    setTyped("")
    if (option && option.region.code !== value) onChange(option.region.code)
  }

  function onKeyDown(event: KeyboardEvent): void {
    // Enter also ends the writing of a Chinese word in an input method; that is not a choice.
    if (event.nativeEvent.isComposing) return
    const last = shown.length - 1
    const step: Record<string, number> = {
      ArrowDown: active + 1,
      ArrowUp: active - 1,
      PageDown: active + 10,
      PageUp: active - 10,
    }
    if (event.key in step) {
      event.preventDefault()
      if (!open) show()
      else setActive(Math.min(Math.max(step[event.key] ?? 0, 0), Math.max(last, 0)))
    } else if (event.key === "Enter" && open) {
      event.preventDefault()
      if (shown[active]) choose(shown[active])
    } else if (event.key === "Escape" && open) {
      event.stopPropagation()
      choose(undefined)
    } else if (event.key === "Tab") choose(undefined)
  }

  return (
    <div className="region-select">
      <label htmlFor={`${id}-input`}>{words.region}</label>
      <input
        ref={input}
        id={`${id}-input`}
        data-testid="region-select"
        data-value={value}
        role="combobox"
        aria-expanded={open}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={open && shown[active] ? `${id}-${shown[active].region.code}` : undefined}
        autoComplete="off"
        spellCheck={false}
        maxLength={60}
        placeholder={open ? `${name} · ${words.regionSearch}` : words.regionSearch}
        value={open ? typed : name}
        onFocus={(event) => event.target.select()}
        onClick={show}
        onChange={(event) => {
          // The first key typed over the closed box replaces the name in it.
          const text = open ? event.target.value : event.target.value.replace(name, "")
          setOpen(true)
          setTyped(text)
          setActive(0)
        }}
        onBlur={() => choose(undefined)}
        onKeyDown={onKeyDown}
      />
      <ul
        ref={list}
        id={`${id}-list`}
        role="listbox"
        aria-label={words.region}
        hidden={!open}
        // Keeps the focus in the input, so that a click on the list is not first a blur.
        onMouseDown={(event) => event.preventDefault()}
      >
        {shown.map((option, index) => (
          <li
            key={option.region.code}
            id={`${id}-${option.region.code}`}
            data-index={index}
            role="option"
            aria-selected={option.region.code === value}
            className={`depth-${typed.trim() ? 0 : option.depth}${index === active ? " active" : ""}`}
            onClick={() => choose(option)}
            onMouseMove={() => setActive(index)}
          >
            <span>
              {typed.trim() && option.parent ? <span className="quiet">{option.parent} / </span> : null}
              {say(option.region.name, language)}
            </span>
            <code>{option.region.code}</code>
          </li>
        ))}
        {shown.length === 0 && (
          <li role="option" aria-disabled="true" aria-selected="false" className="none">
            {isError ? words.regionsFailed : words.regionNone}
          </li>
        )}
      </ul>
    </div>
  )
}
