/** WebDriver over plain HTTP, as a program without any library would speak it. */
export interface WebdriverClient {
  sessionId: string
  capabilities: Record<string, unknown>
  /** @throws Error named as WebDriver names it */
  send(method: string, path: string, body?: object): Promise<any>
  text(css: string): Promise<string>
  run(script: string): Promise<unknown>
  end(): Promise<void>
}

export async function webdriverClient(base: string, alwaysMatch: object = {}): Promise<WebdriverClient> {
  const { sessionId, capabilities } = await send(base, 'POST', '/session', { capabilities: { alwaysMatch } })
  const inSession: WebdriverClient['send'] = (method, path, body) =>
    send(base, method, `/session/${sessionId}/${path}`, body ?? (method === 'POST' ? {} : undefined))
  return {
    sessionId,
    capabilities,
    send: inSession,
    async text(css) {
      const element = await inSession('POST', 'element', { using: 'css selector', value: css })
      return inSession('GET', `element/${Object.values(element)[0]}/text`)
    },
    run: (script) => inSession('POST', 'execute/sync', { script, args: [] }),
    end: () => send(base, 'DELETE', `/session/${sessionId}`),
  }
}

async function send(base: string, method: string, path: string, body?: object): Promise<any> {
  const answer = await fetch(base + path, { method, ...(body ? { body: JSON.stringify(body) } : {}) })
  const { value } = (await answer.json()) as { value: any }
  if (answer.ok) return value
  throw Object.assign(new Error(value.message), { name: value.error, status: answer.status })
}
