import { screen, waitFor, within } from "@testing-library/react"
import userEvent from "@testing-library/user-event"
import { http, HttpResponse } from "msw"
import { describe, expect, test, vi } from "vitest"
import { markup, odd } from "../../mock/odd"
import type { Panel, PanelOf, Row } from "../api/schemas"
import { server, showPage, withMock } from "../test-page"
import type { Language } from "../text/language"
import { asStrings } from "./form"
import { ordered } from "./order"
import { AnyPanel } from "./panel"
import { plotted } from "./plotted"

// jsdom has no canvas; what is drawn on one is the browser test's business.
vi.mock("./map", () => ({ default: () => <div>map</div> }))
vi.mock("./series", () => ({ default: () => <div>series</div> }))

withMock()

function show(panel: Panel, language: Language = "zh") {
  return showPage(<AnyPanel panel={panel} />, "views/:installation/:view", "/views/duty-desk/orders", language)
}

const cell = (value: number): Row["cells"][number] => ({ kind: "number", value, decimals: 0, unit: null })
const table = (rows: Row[]): Panel => ({
  kind: "table",
  id: "t",
  title: "T",
  columns: [
    { title: "A", align: "start" },
    { title: "B", align: "end" },
  ],
  rows,
})

describe("table", () => {
  test("every kind of cell", async () => {
    show(
      table([
        {
          id: "r",
          message: null,
          cells: [
            { kind: "region", value: "430102" },
            { kind: "number", value: 1234.5, decimals: 1, unit: "m" },
          ],
        },
        { id: "s", message: null, cells: [{ kind: "badge", level: "orange", text: "超警" }, { kind: "empty" }] },
        { id: "u", message: null, cells: [{ kind: "time", value: "2020-01-01T16:00:00Z" }] },
      ]),
    )
    expect(await screen.findByText("芙蓉区")).toBeTruthy()
    expect(screen.getByTestId("row-r").textContent).toContain("1,234.5 m")
    expect(screen.getByTestId("row-s").textContent).toContain("Ⅱ")
    expect(screen.getByTestId("row-u").textContent).toContain("2020-01-02 00:00")
  })

  const opens = table([{ id: "r", message: "m-1", cells: [cell(1)] }])

  test("a row opens its message by mouse", async () => {
    show(opens)
    await userEvent.click(screen.getByTestId("row-r"))
    expect(screen.getByTestId("where").textContent).toBe("?message=m-1")
  })

  test("a row opens its message by keyboard", async () => {
    show(opens)
    within(screen.getByTestId("row-r")).getByRole("button").focus()
    await userEvent.keyboard("{Enter}")
    expect(screen.getByTestId("where").textContent).toBe("?message=m-1")
  })

  test("a thousand rows are paged", async () => {
    show(
      table(Array.from({ length: 1000 }, (_, index) => ({ id: String(index), message: null, cells: [cell(index)] }))),
    )
    expect(screen.getAllByRole("row")).toHaveLength(26)
    await userEvent.click(screen.getByRole("button", { name: /下一页/ }))
    expect(screen.getByTestId("row-25")).toBeTruthy()
  })

  test("sorting puts what is missing last both ways", () => {
    const rows = [3, NaN, 1, 2].map((value, index): Row => ({ id: String(index), message: null, cells: [cell(value)] }))
    const ids = (direction: 1 | -1) => ordered(rows, { column: 0, direction }, "zh-CN").map((row) => row.id)
    expect(ids(1)).toEqual(["2", "3", "0", "1"])
    expect(ids(-1)).toEqual(["0", "3", "2", "1"])
  })
})

test("odd panels of a hostile plugin are drawn as text or refused", async () => {
  for (const panel of odd("430000", true)) {
    const { unmount, container } = show(panel)
    expect(container.querySelector("img, script")).toBeNull()
    unmount()
  }
  show(odd("430000", true)[0] as Panel)
  expect(screen.getByText(markup, { exact: false })).toBeTruthy()
})

test("a timeline's entry opens its message; a level is told in words", async () => {
  const entry = {
    id: "e",
    time: "2026-01-01T00:00:00Z",
    title: "Dam",
    detail: null,
    level: "red" as const,
    message: "m-2",
  }
  show({ kind: "timeline", id: "l", title: "L", entries: [entry] }, "en")
  expect(screen.getByTestId("entry-e").textContent).toContain("Red")
  await userEvent.click(screen.getByTestId("entry-e"))
  expect(screen.getByTestId("where").textContent).toBe("?message=m-2")
})

test("lines that can be plotted: real points in order", () => {
  const at = (time: string, value: number) => ({ time, value })
  const { lines } = plotted([
    {
      name: "a",
      points: [
        at("2026-01-02T00:00:00Z", 2),
        at("never", 1),
        at("2026-01-01T00:00:00Z", NaN),
        at("2026-01-01T00:00:00Z", 1),
      ],
    },
  ])
  expect(lines[0]?.points.map(([, value]) => value)).toEqual([1, 2])
})

describe("form", () => {
  const form: PanelOf<"form"> = {
    kind: "form",
    id: "f",
    title: "F",
    action: "give",
    fields: [
      { name: "subject", label: "事由", required: true, value: null, input: { kind: "text", max: 4 } },
      { name: "hours", label: "时限", required: false, value: "2", input: { kind: "number", min: 1, max: 9 } },
    ],
    submit: "下达指令",
    confirm: null,
  }

  test("values are text, empty ones are left out", () => {
    expect(asStrings(form.fields, { subject: "x", hours: null })).toEqual({ subject: "x" })
    expect(asStrings(form.fields, { subject: "", hours: 2.5 })).toEqual({ hours: "2.5" })
  })

  test("is checked, sent once and answered", async () => {
    let bodies: unknown[] = []
    server.use(
      http.post("*/api/v1/views/duty-desk/orders/actions/give", async ({ request }) => {
        bodies = [...bodies, await request.json()]
        return HttpResponse.json({ text: "好", messages: ["m-9"] })
      }),
    )
    show(form)
    const send = await screen.findByRole("button", { name: "下达指令" }, { timeout: 5000 })
    await userEvent.click(send)
    expect(await screen.findByText("必填")).toBeTruthy()
    await userEvent.type(screen.getByLabelText("事由"), "堤防险情")
    await userEvent.click(send)
    expect(await screen.findByTestId("acted-f")).toBeTruthy()
    expect(bodies).toEqual([{ region: "430000", lang: "zh", form: { subject: "堤防险情", hours: "2" } }])
  }, 20_000)

  test("a refusal keeps what was typed", async () => {
    server.use(
      http.post("*/api/v1/views/duty-desk/orders/actions/give", () =>
        HttpResponse.json({ error: { code: "reject", message: "不行" }, requestId: "q" }, { status: 422 }),
      ),
    )
    show(form)
    await userEvent.type(await screen.findByLabelText("事由", {}, { timeout: 5000 }), "险情")
    await userEvent.click(screen.getByRole("button", { name: "下达指令" }))
    await waitFor(() => expect(screen.getByTestId("failure").textContent).toContain("不行"))
    expect((screen.getByLabelText("事由") as HTMLInputElement).value).toBe("险情")
  }, 20_000)
})
