// Which messages change what is on the screen.
import type { Read } from "../api/schemas"
import { concerns } from "../region/code"
import type { MessageEvent } from "./event"

export function readCovers(read: Read, message: MessageEvent): boolean {
  return (
    read.domain === message.domain &&
    read.kind === message.kind &&
    (read.detail == null || read.detail === message.detail)
  )
}

export function touches(reads: Read[], region: string, message: MessageEvent): boolean {
  return concerns(region, message.region) && reads.some((read) => readCovers(read, message))
}
