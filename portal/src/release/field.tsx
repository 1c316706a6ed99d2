import { useQuery } from "@tanstack/react-query"
import { useId } from "react"
import { queries } from "../api/queries"

/** More than these would be no help to choose from. */
const mostOffered = 200

/** A release by its name; those of the registry that were not yanked are offered. */
export function ReleaseField(props: { value: string; onChange: (value: string) => void; testid: string }) {
  const { value, onChange, testid } = props
  const list = useId()
  const found = useQuery(queries.catalogue())
  const known = found.data?.plugins.flatMap(({ repository, versions }) =>
    versions.flatMap((one) => (one.yanked === null ? [`${repository}:${one.version}`] : [])),
  )
  return (
    <>
      <input
        type="text"
        value={value}
        list={list}
        spellCheck={false}
        autoComplete="off"
        maxLength={400}
        data-testid={testid}
        onChange={(event) => onChange(event.target.value)}
      />
      <datalist id={list}>
        {known?.slice(0, mostOffered).map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </>
  )
}
