import { Link } from "react-router"
import { carried, useAddress } from "../shell/address"
import { useWords } from "../text/language"
import { useTitle } from "./title"

export function NotFound() {
  const words = useWords()
  const { search } = useAddress()
  useTitle(words.notFound)
  return (
    <div className="page-empty" data-testid="not-found">
      <h1>{words.notFound}</h1>
      <p>{words.notFoundBody}</p>
      <Link to={`/${carried(search)}`}>{words.backHome}</Link>
    </div>
  )
}
