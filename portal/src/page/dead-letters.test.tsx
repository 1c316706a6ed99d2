import { screen, waitFor, within } from "@testing-library/react"
import userEvent from "@testing-library/user-event"
import { http, HttpResponse } from "msw"
import { expect, test } from "vitest"
import { server, showPage, withMock } from "../test-page"
import { zh } from "../text/zh"
import { DeadLettersPage, redriveIn } from "./dead-letters"

withMock()

const show = () => showPage(<DeadLettersPage />, "system/dead-letters", "/system/dead-letters")

test("what is named is a release, or a file where it ends like one", () => {
  expect(redriveIn("")).toEqual({})
  expect(redriveIn("hydro/gauge:1.2.0")).toEqual({ release: "hydro/gauge:1.2.0" })
  expect(redriveIn("target/plugins/gauge.wasm")).toEqual({ component: "target/plugins/gauge.wasm" })
})

test("a letter is driven again in a release that was named; a refusal keeps it and says why", async () => {
  let bodies: unknown[] = []
  server.use(
    http.post("*/api/v1/dead-letters/3/redrive", async ({ request }) => {
      const body = (await request.json()) as { release?: string }
      bodies = [...bodies, body]
      return body.release?.startsWith("hydro/")
        ? HttpResponse.json({ messages: ["a", "b"] })
        : HttpResponse.json(
            { error: { code: "release", message: "there is no such release", hint: null }, requestId: "q" },
            { status: 422 },
          )
    }),
  )
  show()
  const letter = await screen.findByTestId("dead-letter-3")
  await userEvent.click(within(letter).getByRole("button", { name: zh.deadLettersPage.other }))
  const send = screen.getByRole("button", { name: zh.deadLettersPage.redriveWith })
  expect((send as HTMLButtonElement).disabled).toBe(true)
  await userEvent.type(screen.getByTestId("redrive-release"), "nobody/nothing:1.0.0")
  await userEvent.click(send)
  await waitFor(() => expect(within(letter).getByRole("alert").textContent).toContain("there is no such release"))
  await userEvent.clear(screen.getByTestId("redrive-release"))
  await userEvent.type(screen.getByTestId("redrive-release"), "hydro/gauge:1.2.0{Enter}")
  await waitFor(() =>
    expect(screen.getByTestId("dead-letter-done").textContent).toBe(zh.deadLettersPage.redriven(3, 2)),
  )
  expect(bodies).toEqual([{ release: "nobody/nothing:1.0.0" }, { release: "hydro/gauge:1.2.0" }])
})
