import { useQuery } from "@tanstack/react-query"
import { Drawer } from "antd"
import { queries } from "../api/queries"
import { AntDesign } from "../shell/ant-design"
import { Failure } from "../shell/failure"
import { useWords } from "../text/language"
import { MessageDetail } from "./detail"
import { LineageList } from "./lineage"
import { StepFacts } from "./step"

/** Where a statement comes from, down to the raw frame, and what was made of it. */
export default function MessageDrawer(props: { id: string; onClose: () => void; onOpen: (id: string) => void }) {
  return (
    <AntDesign>
      <Opened {...props} />
    </AntDesign>
  )
}

function Opened({ id, onClose, onOpen }: { id: string; onClose: () => void; onOpen: (id: string) => void }) {
  const words = useWords()
  const lineage = useQuery({ ...queries.lineage(id), staleTime: 0, refetchInterval: 15_000 })
  return (
    <Drawer
      open
      title={words.message.title}
      closable={{ "aria-label": words.message.close }}
      onClose={onClose}
      size="min(640px, 94vw)"
      rootClassName="message-drawer"
      data-testid="message-drawer"
    >
      {lineage.data ? (
        <>
          <MessageDetail message={lineage.data.message} />
          <StepFacts step={lineage.data.message} />
          <h3>{words.message.causes}</h3>
          <LineageList
            // Raw data first, as it happened; the API tells the nearest first.
            messages={[...lineage.data.causes].reverse()}
            none={lineage.data.message.first ? words.message.noCauses : words.message.causesGone}
            truncated={lineage.data.causesTruncated && words.message.causesTruncated}
            onOpen={onOpen}
            testid="causes"
          />
          <h3>{words.message.effects}</h3>
          <LineageList
            messages={lineage.data.effects}
            none={words.message.noEffects}
            truncated={lineage.data.effectsTruncated && words.message.effectsTruncated}
            onOpen={onOpen}
            testid="effects"
          />
        </>
      ) : lineage.isError ? (
        <Failure error={lineage.error} retry={() => void lineage.refetch()} />
      ) : (
        <p>{words.loading}…</p>
      )}
    </Drawer>
  )
}
