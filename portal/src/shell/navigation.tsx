// Made from what is enabled: the portal itself has only the pages about the system.
import { useQuery } from "@tanstack/react-query"
import { NavLink } from "react-router"
import { queries } from "../api/queries"
import type { ViewInfo } from "../api/schemas"
import { clip } from "../format/clip"
import { province } from "../region/code"
import { useRegionName } from "../region/names"
import { say, useLanguage, useWords } from "../text/language"
import { carried, useAddress, viewPath } from "./address"

export function inOrder(views: ViewInfo[]): ViewInfo[] {
  return [...views].sort(
    (a, b) => a.order - b.order || a.installation.localeCompare(b.installation) || a.id.localeCompare(b.id),
  )
}

export function Navigation() {
  const words = useWords()
  const language = useLanguage()
  const { search } = useAddress()
  const views = useQuery(queries.views())
  const regionName = useRegionName()
  const kept = carried(search)
  return (
    <nav className="navigation" aria-label={words.navigation}>
      <h2>{words.views}</h2>
      <ul>
        {inOrder(views.data?.views ?? []).map((view) => (
          <li key={`${view.installation} ${view.id}`}>
            <NavLink
              to={viewPath(view.installation, view.id) + kept}
              data-testid={`nav-view-${view.installation}-${view.id}`}
            >
              <span>{clip(say(view.title, language), 40)}</span>
              {view.region !== province && <small>{regionName(view.region)}</small>}
              {view.state !== "running" && (
                <small className="nav-state" title={words.notRunning(words.states[view.state])}>
                  ▲ {words.states[view.state]}
                </small>
              )}
            </NavLink>
          </li>
        ))}
      </ul>
      {views.data?.views.length === 0 && <p className="quiet">{words.noViews}</p>}
      {views.isError && (
        <p className="quiet">
          {words.failed}{" "}
          <button type="button" className="button small" onClick={() => void views.refetch()}>
            {words.retry}
          </button>
        </p>
      )}
      <h2>{words.system}</h2>
      <ul>
        <li>
          <NavLink to={`/system/plugins${kept}`} data-testid="nav-plugins">
            {words.plugins}
          </NavLink>
        </li>
        <li>
          <NavLink to={`/system/catalogue${kept}`} data-testid="nav-catalogue">
            {words.catalogue.title}
          </NavLink>
        </li>
        <li>
          <NavLink to={`/system/messages${kept}`} data-testid="nav-messages">
            {words.messages}
          </NavLink>
        </li>
        <li>
          <NavLink to={`/system/dead-letters${kept}`} data-testid="nav-dead-letters">
            {words.deadLetters}
          </NavLink>
        </li>
      </ul>
    </nav>
  )
}
