import { StrictMode } from "react"
import { createRoot } from "react-dom/client"
import { App } from "./app"
import "./style/index.css"

async function start(): Promise<void> {
  // The condition is constant after building, so that the product carries no mock.
  if (import.meta.env.MODE === "mock") await (await import("../mock/browser")).startMock()
  const root = document.getElementById("root")
  if (root)
    createRoot(root).render(
      <StrictMode>
        <App />
      </StrictMode>,
    )
}

void start()
