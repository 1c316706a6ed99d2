/** Cuts hostile length without cutting a character in half. */
export function clip(text: string, most: number): string {
  if (text.length <= most) return text
  const characters = Array.from(text.slice(0, most * 2 + 2))
  return characters.length <= most ? text : `${characters.slice(0, most).join("")}…`
}
