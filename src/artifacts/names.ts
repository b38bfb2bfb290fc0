/** Bytes of one name in most file systems. */
const LONGEST = 255
// Controls end headers; formatting characters (bidi) make a name look like another one.
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

/**
 * What people are shown of a name, and what a browser may save a file as: its last part, on one line, at most 255 bytes.
 * Whatever was sent, it is no path: `..`, `/etc/passwd` and `C:\x` lose what made them one.
 */
export function shownName(given: string): string {
  // Long ones are cut before anything looks at each character.
  const last = given.slice(-4_096).split(/[/\\]/).at(-1)!
  const clean = last
    .normalize('NFC')
    .replace(UNSEEN, '')
    .replace(/[<>:"|?*]/g, '_')
    .trim()
  const name = /^\.*$/.test(clean) ? 'artifact' : clean
  return Buffer.byteLength(name) <= LONGEST ? name : shortened(name)
}

/** The end is kept: it is what tells a trace from a video. */
function shortened(name: string): string {
  const dot = name.lastIndexOf('.')
  const end = dot > 0 && Buffer.byteLength(name.slice(dot)) <= 16 ? name.slice(dot) : ''
  let bytes = Buffer.byteLength(end)
  let start = ''
  for (const character of name) {
    bytes += Buffer.byteLength(character)
    if (bytes > LONGEST) break
    start += character
  }
  return start + end
}

const INERT = /^(image\/(png|jpeg|gif|webp|avif)|video\/(webm|mp4)|audio\/(webm|mpeg|ogg)|text\/plain|application\/json)\s*(;|$)/i

/** Whether a browser can show such a file without running anything of it. HTML, SVG and PDF are saved instead. */
export function isInert(type: string): boolean {
  return INERT.test(type)
}

/** @see https://www.rfc-editor.org/rfc/rfc6266 */
export function contentDisposition({ name, type }: { name: string; type: string }): string {
  const shown = shownName(name)
  const ascii = shown.replace(/[^ -~]|["\\%]/g, '_')
  const encoded = encodeURIComponent(shown).replace(/['()*!]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
  return `${isInert(type) ? 'inline' : 'attachment'}; filename="${ascii}"; filename*=UTF-8''${encoded}`
}
