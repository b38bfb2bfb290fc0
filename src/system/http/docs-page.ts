import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { EverwarmError } from '../../contracts/errors.ts'

/** Beside this file in what is published (`scripts/docs-page.ts`); in a checkout, where the package is. */
const COPIED = fileURLToPath(new URL('./swagger-ui/', import.meta.url))

const HTML = (title: string) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="./docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="./docs/swagger-ui-bundle.js"></script>
<script src="./docs/start.js"></script>
</body>
</html>
`

const START = `SwaggerUIBundle({
  url: './spec.json',
  dom_id: '#swagger-ui',
  deepLinking: true,
  validatorUrl: null,
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
  presets: [SwaggerUIBundle.presets.apis],
})
`

/** Swagger's page sets styles on elements and draws its icons from `data:`; nothing else comes from anywhere but here. */
const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

export const DOCS_FILES = ['start.js', 'swagger-ui-bundle.js', 'swagger-ui.css', 'LICENSE', 'NOTICE'] as const
export type DocsFile = (typeof DOCS_FILES)[number]

/** The page itself: it asks for `./docs/…` and `./spec.json`, so it lies at `…/docs`. */
export const docsPage = (title: string): Response => file(HTML(title), 'text/html; charset=utf-8', 'no-cache')

/** @throws EverwarmError PACKAGE_MISSING in a checkout without swagger-ui-dist */
export async function docsFile(name: DocsFile): Promise<Response> {
  if (name === 'start.js') return file(START, 'text/javascript; charset=utf-8')
  const type = name.endsWith('.js') ? 'text/javascript' : name.endsWith('.css') ? 'text/css' : 'text/plain'
  return file(await readFile(join(folder(), name)), `${type}; charset=utf-8`)
}

function folder(): string {
  if (existsSync(COPIED)) return COPIED
  try {
    return dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'))
  } catch (cause) {
    throw new EverwarmError('PACKAGE_MISSING', {
      message: 'The page of the API is not in this build.',
      hint: 'Run `npm run build`; /api/spec.json is there without it.',
      cause,
    })
  }
}

const file = (body: string | Uint8Array<ArrayBuffer>, type: string, cache = 'public, max-age=3600') =>
  new Response(body, {
    headers: {
      'content-type': type,
      'cache-control': cache,
      'content-security-policy': CSP,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    },
  })
