import { screen } from "@testing-library/react"
import { expect, test } from "vitest"
import { message, releases, step } from "../../mock/world"
import { showPage, withMock } from "../test-page"
import { StepDetails, StepFacts } from "./step"

withMock()

const warning = (id: string) =>
  step(message({ id, domain: "earthquake", kind: "warning", plugin: releases.impact, region: "430726" }))

test("a message tells the installation that made it, its grants then, and what was sent outward", () => {
  showPage(<StepFacts step={warning("warning-6")} />, "x", "/x?lang=en")
  const facts = screen.getByTestId("step-facts").textContent ?? ""
  expect(facts).toContain("earthquake assessment; earthquake warning")
  expect(screen.getByRole("link", { name: "quake-impact" }).getAttribute("href")).toBe(
    "/system/plugins/quake-impact?lang=en",
  )
  const sent = screen.getByTestId("dispatched-warning-6").textContent ?? ""
  expect(sent).toContain("已送达")
  // By which release, and what that was granted.
  expect(sent).toContain(`#${releases.duty.split("#")[1]?.replace("sha256:", "").slice(0, 12)}`)
  expect(sent).toContain("外发时的授权")
  expect(sent).toContain("sms.example:443")
})

test("what was given up says why, and what is not known any more says so", () => {
  const { unmount } = showPage(<StepDetails step={warning("warning-7")} />, "x", "/x")
  expect(screen.getByTestId("dispatched-warning-7").textContent).toContain("未送达：短信网关没有回答")
  unmount()
  const old = warning("w")
  const dispatched = old.dispatched.map((one) => ({ ...one, grants: null }))
  showPage(<StepDetails step={{ ...old, grants: null, dispatched }} />, "x", "/x")
  expect(screen.getByText("产出时的授权已无记录")).toBeTruthy()
  expect(screen.getByText("外发时的授权已无记录")).toBeTruthy()
})
