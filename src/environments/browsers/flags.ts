/**
 * Parts of the address bar that newer Chromium loads as web pages of its own, in a renderer each, for every window: twice
 * the CPU of opening a page (563 ms against 268 on a busy machine, Chromium 156), for a window that nobody sees.
 */
const UNSEEN: readonly string[] = ['WebUIOmniboxPopup', 'WebUIOmniboxAimPopup']

/**
 * The arguments of a headless browser without what only its window would show. Playwright's own list of features is
 * made longer: of two lists Chromium takes the last. Untouched where the caller asked for one of them.
 */
export function withoutUnseen(args: readonly string[]): string[] {
  const isAsked = args.some(
    (argument) => argument.startsWith('--enable-features=') && UNSEEN.some((name) => argument.includes(name)),
  )
  if (isAsked) return [...args]
  const last = args.findLastIndex((argument) => argument.startsWith('--disable-features='))
  return args.map((argument, i) => (i === last ? `${argument},${UNSEEN.join(',')}` : argument))
}
