// One panel of any kind, in its frame. What a plugin sends may be wrong in ways nobody thought of: a panel that cannot
// be drawn takes nothing else with it.
import { Component, lazy, Suspense, type ReactNode } from "react"
import type { Panel } from "../api/schemas"
import { clip } from "../format/clip"
import { useWords } from "../text/language"
import { NoticePanel } from "./notice"
import { StatPanel } from "./stat"
import { TablePanel } from "./table"
import { TimelinePanel } from "./timeline"

const FormPanel = lazy(() => import("./form"))
const MapPanel = lazy(() => import("./map"))
const SeriesPanel = lazy(() => import("./series"))

export function AnyPanel({ panel }: { panel: Panel }) {
  const words = useWords()
  if (panel.kind === "notice") return <NoticePanel panel={panel} />
  return (
    <section
      className={`panel panel-${panel.kind}`}
      data-testid={`panel-${panel.id}`}
      aria-label={clip(panel.title, 120)}
    >
      <h2 className="panel-title" title={clip(panel.title, 500)}>
        {clip(panel.title, 120)}
      </h2>
      <Caught words={words.crashed} of={panel}>
        <Suspense fallback={<div className={`panel-waiting waiting-${panel.kind}`}>{words.loading}…</div>}>
          <Body panel={panel} />
        </Suspense>
      </Caught>
    </section>
  )
}

function Body({ panel }: { panel: Panel }) {
  switch (panel.kind) {
    case "stat":
      return <StatPanel panel={panel} />
    case "table":
      return <TablePanel panel={panel} />
    case "timeline":
      return <TimelinePanel panel={panel} />
    case "series":
      return <SeriesPanel panel={panel} />
    case "map":
      return <MapPanel panel={panel} />
    case "form":
      return <FormPanel panel={panel} />
    default:
      // A newer host may know panels that this page does not.
      return <Unknown />
  }
}

function Unknown() {
  return <p className="quiet padded">{useWords().crashed}</p>
}

interface CaughtState {
  broken: boolean
  of: Panel
}

class Caught extends Component<{ words: string; of: Panel; children: ReactNode }, CaughtState> {
  state: CaughtState = { broken: false, of: this.props.of }

  static getDerivedStateFromError(): Partial<CaughtState> {
    return { broken: true }
  }

  static getDerivedStateFromProps(props: { of: Panel }, state: CaughtState): Partial<CaughtState> | null {
    // The next rendering of the view is a new panel and gets a new try.
    return props.of === state.of ? null : { broken: false, of: props.of }
  }

  render(): ReactNode {
    return this.state.broken ? <p className="quiet padded">{this.props.words}</p> : this.props.children
  }
}
