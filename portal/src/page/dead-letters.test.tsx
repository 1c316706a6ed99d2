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

test("what comes behind a full list is a page of its own", async () => {
  const asked: string[] = []
  const letter = (sequence: number) => ({
    sequence,
    storedAt: "2026-08-29T06:37:10Z",
    installation: "gauge",
    reason: "no level",
    plugin: "gauge@1.0.0#00",
    region: null,
    subject: null,
    message: null,
    contentType: "text/plain",
    bytes: 1,
  })
  server.use(
    http.get("*/api/v1/dead-letters", ({ request }) => {
      const before = new URL(request.url).searchParams.get("before") ?? ""
      asked.push(before)
      const deadLetters = before ? [letter(1)] : Array.from({ length: 200 }, (_, n) => letter(201 - n))
      return HttpResponse.json({ deadLetters })
    }),
  )
  show()
  await screen.findByTestId("dead-letter-201")
  const older = () => screen.getByTestId<HTMLButtonElement>("older-letters")
  await userEvent.click(older())
  await screen.findByTestId("dead-letter-1")
  expect(older().disabled).toBe(true)
  await userEvent.click(screen.getByTestId("newest-letters"))
  await screen.findByTestId("dead-letter-201")
  expect(asked.slice(0, 2)).toEqual(["", "2"])
})

test("of what nobody answered it is not said that it failed", async () => {
  server.use(http.delete("*/api/v1/dead-letters/3", () => HttpResponse.error()))
  show()
  const found = await screen.findByTestId("dead-letter-3")
  await userEvent.click(within(found).getByRole("button", { name: zh.deadLettersPage.discard }))
  await userEvent.click(within(found).getByRole("button", { name: zh.deadLettersPage.discardReally }))
  await waitFor(() => expect(within(found).getByRole("alert").textContent).toContain(zh.deadLettersPage.unknown))
})

test("all of a letter's payload is to be had, text or not", async () => {
  show()
  for (const number of [3, 2]) {
    const letter = await screen.findByTestId(`dead-letter-${number}`)
    const open = within(letter).getByRole("button", { name: zh.deadLettersPage.show })
    await userEvent.click(open)
    const link = await screen.findByTestId("dead-letter-download")
    expect(link.getAttribute("href")).toBe(`/api/v1/dead-letters/${number}/payload`)
    expect(link.hasAttribute("download")).toBe(true)
    expect(screen.queryByTestId("dead-letter-text") === null).toBe(number === 2)
    await userEvent.click(open)
  }
})
