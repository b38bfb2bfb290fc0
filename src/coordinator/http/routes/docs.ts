import { DOCS_FILES, docsFile, docsPage } from '../../../system/http/docs-page.ts'
import type { AppRoute } from '../answer-request.ts'

const open = (path: string, operation: string, summary: string, contentType: string, run: () => Promise<unknown>): AppRoute => ({
  method: 'get',
  path,
  operation,
  summary,
  tag: 'Documents',
  access: 'open',
  answer: { status: 200, description: 'The document.', contentType },
  errors: [],
  run,
})

/** What describes the others; it is open to anyone who may reach the coordinator. */
export function docsRoutes(spec: () => string): AppRoute[] {
  return [
    open('/api/spec.json', 'spec', 'This document', 'application/json', async () => jsonText(spec())),
    open('/api/docs', 'docs', 'A page to read and try it', 'text/html', async () => docsPage('everwarm coordinator')),
  ]
}

/** Parts of the page, which are no part of the interface. */
export const docsFileRoutes: AppRoute[] = DOCS_FILES.map((name) =>
  open(`/api/docs/${name}`, `docs-${name}`, name, 'text/plain', () => docsFile(name)),
)

const jsonText = (text: string) =>
  new Response(text, {
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-cache',
      'x-content-type-options': 'nosniff',
    },
  })
