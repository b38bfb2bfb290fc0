/** A tag as it comes by; `isEnd` for `</name>`, and again for `<name/>` after its start. */
export interface XmlTag {
  name: string
  attributes: Record<string, string>
  isEnd: boolean
}

/** Stepped over whole: a stack trace in them may look like anything. */
const SKIPPED = [
  ['<!--', '-->'],
  ['<![CDATA[', ']]>'],
  ['<?', '?>'],
  ['<!', '>'],
] as const
const TAG = /<(\/?)([A-Za-z_][\w:.-]*)((?:\s+[\w:.-]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*(\/?)>/y
const ATTRIBUTE = /([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g
const ENTITIES: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

/**
 * The tags of a report, in order; text between them is of no interest here. Never throws: what is no tag is skipped, and after a
 * comment without an end nothing comes.
 */
export function* xmlTags(text: string): Generator<XmlTag> {
  for (let at = text.indexOf('<'); at !== -1; at = text.indexOf('<', at)) {
    const skipped = SKIPPED.find(([start]) => text.startsWith(start, at))
    if (skipped) {
      const end = text.indexOf(skipped[1], at + skipped[0].length)
      if (end === -1) return
      at = end + skipped[1].length
      continue
    }
    TAG.lastIndex = at
    const [whole, slash, name, attributes, selfClosing] = TAG.exec(text) ?? []
    at += whole?.length ?? 1
    if (name === undefined) continue
    yield { name, attributes: attributesOf(attributes ?? ''), isEnd: slash === '/' }
    if (selfClosing === '/') yield { name, attributes: {}, isEnd: true }
  }
}

function attributesOf(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(ATTRIBUTE)].map(([, name, double, single]) => [name!, decoded(double ?? single ?? '')]),
  )
}

function decoded(text: string): string {
  return text.replaceAll(/&(?:#x([\da-f]+)|#(\d+)|(\w+));/gi, (whole, hex?: string, decimal?: string, name?: string) => {
    if (name !== undefined) return ENTITIES[name] ?? whole
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole
  })
}

export function xmlText(text: string): string {
  // Control characters have no place in XML 1.0, escaped or not.
  // eslint-disable-next-line no-control-regex
  const clean = text.replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, '')
  return clean.replaceAll(/[<>&"\n\r\t]/g, (char) => `&#${char.charCodeAt(0)};`)
}
