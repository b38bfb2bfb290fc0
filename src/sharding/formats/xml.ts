/** A tag as it comes by; `isEnd` for `</name>`, and again for `<name/>` after its start. */
export interface XmlTag {
  name: string
  attributes: Record<string, string>
  isEnd: boolean
}

/** Comments, CDATA and declarations are stepped over whole: a stack trace in them may look like anything. */
const TOKEN =
  /<!--[\s\S]*?-->|<!\[CDATA\[[\s\S]*?\]\]>|<\?[\s\S]*?\?>|<![A-Z][^>]*>|<(\/?)([A-Za-z_][\w:.-]*)((?:\s+[\w:.-]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*(\/?)>/g
const ATTRIBUTE = /([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g
const ENTITIES: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

/** The tags of a report, in order; text between them is of no interest here. Never throws: what is no tag is skipped. */
export function* xmlTags(text: string): Generator<XmlTag> {
  for (const [, slash, name, attributes, selfClosing] of text.matchAll(TOKEN)) {
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
