/** A request of WebDriver below `/session/{id}`, as Marionette says it. */
export interface MarionetteCommand {
  name: string
  params: Record<string, unknown>
  /** What WebDriver answers, of what Marionette does. */
  shape?(result: unknown): unknown
}

type Body = Record<string, unknown>
type Build = (parts: string[], body: Body) => Record<string, unknown>

const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf'
const asIs: Build = (_, body) => body
const ofElement: Build = ([id]) => ({ id })
const withName: Build = ([id, name]) => ({ id, name })
const screenshot: Build = ([id]) => ({ id: id ?? null, full: false, hash: false })

/** `*` stands for one part of the path; the parts come in order. */
const COMMANDS: Readonly<Record<string, [name: string, build?: Build]>> = {
  'POST url': ['Navigate', asIs],
  'GET url': ['GetCurrentURL'],
  'POST back': ['Back'],
  'POST forward': ['Forward'],
  'POST refresh': ['Refresh'],
  'GET title': ['GetTitle'],
  'GET source': ['GetPageSource'],
  'GET timeouts': ['GetTimeouts'],
  'POST timeouts': ['SetTimeouts', asIs],
  'GET window': ['GetWindowHandle'],
  'POST window': ['SwitchToWindow', asIs],
  'DELETE window': ['CloseWindow'],
  'GET window/handles': ['GetWindowHandles'],
  'POST window/new': ['NewWindow', asIs],
  'GET window/rect': ['GetWindowRect'],
  'POST window/rect': ['SetWindowRect', asIs],
  'POST window/maximize': ['MaximizeWindow'],
  'POST window/minimize': ['MinimizeWindow'],
  'POST window/fullscreen': ['FullscreenWindow'],
  'POST frame': ['SwitchToFrame', (_, { id }) => (isElement(id) ? { element: id[ELEMENT] } : { id })],
  'POST frame/parent': ['SwitchToParentFrame'],
  'GET element/active': ['GetActiveElement'],
  'POST element': ['FindElement', asIs],
  'POST elements': ['FindElements', asIs],
  'POST element/*/element': ['FindElement', ([element], body) => ({ ...body, element })],
  'POST element/*/elements': ['FindElements', ([element], body) => ({ ...body, element })],
  'GET element/*/shadow': ['GetShadowRoot', ofElement],
  'POST shadow/*/element': ['FindElementFromShadowRoot', ([shadowRoot], body) => ({ ...body, shadowRoot })],
  'POST shadow/*/elements': ['FindElementsFromShadowRoot', ([shadowRoot], body) => ({ ...body, shadowRoot })],
  'GET element/*/selected': ['IsElementSelected', ofElement],
  'GET element/*/enabled': ['IsElementEnabled', ofElement],
  'GET element/*/displayed': ['IsElementDisplayed', ofElement],
  'GET element/*/attribute/*': ['GetElementAttribute', withName],
  'GET element/*/property/*': ['GetElementProperty', withName],
  'GET element/*/css/*': ['GetElementCSSValue', ([id, propertyName]) => ({ id, propertyName })],
  'GET element/*/text': ['GetElementText', ofElement],
  'GET element/*/name': ['GetElementTagName', ofElement],
  'GET element/*/rect': ['GetElementRect', ofElement],
  'GET element/*/computedrole': ['GetComputedRole', ofElement],
  'GET element/*/computedlabel': ['GetComputedLabel', ofElement],
  'GET element/*/screenshot': ['TakeScreenshot', screenshot],
  'POST element/*/click': ['ElementClick', ofElement],
  'POST element/*/clear': ['ElementClear', ofElement],
  'POST element/*/value': ['ElementSendKeys', ([id], { text }) => ({ id, text })],
  'POST execute/sync': ['ExecuteScript', asIs],
  'POST execute/async': ['ExecuteAsyncScript', asIs],
  'GET cookie': ['GetCookies'],
  'GET cookie/*': ['GetCookies'],
  'POST cookie': ['AddCookie', asIs],
  'DELETE cookie': ['DeleteAllCookies'],
  'DELETE cookie/*': ['DeleteCookie', ([name]) => ({ name })],
  'POST actions': ['PerformActions', asIs],
  'DELETE actions': ['ReleaseActions'],
  'POST alert/dismiss': ['DismissAlert'],
  'POST alert/accept': ['AcceptAlert'],
  'GET alert/text': ['GetAlertText'],
  'POST alert/text': ['SendAlertText', asIs],
  'GET screenshot': ['TakeScreenshot', screenshot],
  'POST print': ['Print', asIs],
  'POST permissions': ['SetPermission', asIs],
}

const PATTERNS = Object.keys(COMMANDS).map((key) => ({ key, parts: key.split(/[ /]/) }))

/**
 * The command of Marionette for a request of WebDriver; undefined: there is none such.
 * @param path below the session, without a slash at its start
 */
export function marionetteCommand(method: string, path: string, body: Body): MarionetteCommand | undefined {
  const parts = [method, ...path.split('/').map(decodeURIComponent)]
  // Plain words come before those with a part in their middle: `element/active`.
  const found = PATTERNS.find(
    (pattern) => pattern.parts.length === parts.length && pattern.parts.every((part, i) => part === '*' || part === parts[i]),
  )
  if (!found) return undefined
  const [name, build] = COMMANDS[found.key]!
  const given = parts.filter((_, i) => found.parts[i] === '*')
  return {
    name: `WebDriver:${name}`,
    params: build?.(given, body) ?? {},
    ...(found.key === 'GET cookie/*' ? { shape: (all) => cookieNamed(all, given[0]!) } : {}),
  }
}

function isElement(id: unknown): id is Record<string, string> {
  return typeof id === 'object' && id !== null && ELEMENT in id
}

function cookieNamed(all: unknown, name: string): unknown {
  return (all as { name: string }[]).find((cookie) => cookie.name === name)
}

/** Marionette wraps single values, and nothing else, as `{value}`. */
export function unwrapped(result: unknown): unknown {
  const isWrapped = typeof result === 'object' && result !== null && Object.keys(result).join() === 'value'
  return isWrapped ? (result as { value: unknown }).value : result
}

/** @see https://www.w3.org/TR/webdriver2/#errors */
const STATUS: Readonly<Record<string, number>> = {
  'element click intercepted': 400,
  'element not interactable': 400,
  'insecure certificate': 400,
  'invalid argument': 400,
  'invalid cookie domain': 400,
  'invalid element state': 400,
  'invalid selector': 400,
  'invalid session id': 404,
  'no such alert': 404,
  'no such cookie': 404,
  'no such element': 404,
  'no such frame': 404,
  'no such shadow root': 404,
  'no such window': 404,
  'stale element reference': 404,
  'detached shadow root': 404,
  'unknown command': 404,
  'unknown method': 405,
}

export const statusOf = (error: string): number => STATUS[error] ?? 500
