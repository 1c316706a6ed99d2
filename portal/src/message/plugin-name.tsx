import { clip } from "../format/clip"

/** `name@version#digest` as a person reads it; all of it in the title, for it is what an auditor asks for. */
export function PluginName({ plugin }: { plugin: string }) {
  const [release = plugin, digest] = plugin.split("#")
  return (
    <span className="plugin-name" title={clip(plugin, 300)}>
      {clip(release, 80)}
      {digest && <code>#{clip(digest.replace(/^sha256:/, ""), 12)}</code>}
    </span>
  )
}
