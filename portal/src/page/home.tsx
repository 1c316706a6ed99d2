import { useQuery } from "@tanstack/react-query"
import { Navigate } from "react-router"
import { queries } from "../api/queries"
import { useAddress, viewPath } from "../shell/address"
import { Failure } from "../shell/failure"
import { inOrder } from "../shell/navigation"
import { useWords } from "../text/language"
import { useTitle } from "./title"

/** The start page is the first view that is enabled. */
export function Home() {
  const words = useWords()
  const views = useQuery(queries.views())
  const { search } = useAddress()
  useTitle("")
  if (views.isError && !views.data) return <Failure error={views.error} retry={() => void views.refetch()} />
  if (!views.data) return <p className="page-empty">{words.loading}…</p>
  const [first] = inOrder(views.data.views)
  if (!first)
    return (
      <div className="page-empty">
        <h1>{words.product}</h1>
        <p>{words.noViews}</p>
      </div>
    )
  return <Navigate replace to={viewPath(first.installation, first.id) + search} />
}
