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
  expect(screen.getByTestId("dispatched-warning-6").textContent).toContain("已送达")
})

test("what was given up says why, and what is not known any more says so", () => {
  const { unmount } = showPage(<StepDetails step={warning("warning-7")} />, "x", "/x")
  expect(screen.getByTestId("dispatched-warning-7").textContent).toContain("未送达：短信网关没有回答")
  unmount()
  const old = { ...warning("w"), grants: null, dispatched: [] }
  showPage(<StepDetails step={old} />, "x", "/x")
  expect(screen.getByText("产出时的授权已无记录")).toBeTruthy()
})
