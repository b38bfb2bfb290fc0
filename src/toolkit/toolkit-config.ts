import { z } from 'zod'
import { EverwarmError } from '../contracts/errors.ts'
import type { Env } from '../system/settings.ts'

const text = (about: string) => z.string().min(1).max(4_096).describe(about)

/** What `EVERWARM_CONFIG` holds, as JSON: who starts a command says so, once, where it runs. Nothing in it must be given. */
export const ToolkitConfig = z.strictObject({
  executor: z
    .enum(['local', 'docker', 'podman', 'kubernetes'])
    .describe('Where workers and services run: `local` (default), `docker`, `podman`, `kubernetes`.')
    .default('local'),
  image: text('For steps that say none.').optional(),
  namespace: text('Of Kubernetes.').optional(),
  context: text('Of the kubeconfig.').optional(),
  kubeconfig: text('Its file; in a pod none is needed.').optional(),
  execution: text('Groups of services are told apart by it; those of different workers and workflows always are.')
    .regex(/^[A-Za-z0-9._-]{1,64}$/, { error: 'must be of letters, digits and . _ -' })
    .optional(),
  workflows: z
    .array(text('A file.'))
    .max(1_000)
    .describe('Files of workflows and templates: what `execute` and `use` can name.')
    .default([]),
  secrets: text('File of secrets, as for `everwarm workflow run --secrets`; it goes to no worker.').optional(),
  sharedSecrets: z.boolean().describe('Takes a file that others can read.').default(false),
  artifacts: z
    .strictObject({
      location: text('A folder, or s3://bucket/prefix.').optional(),
      prefix: text('Before all names.')
        .regex(/^(?!.*(?:^|\/)\.\.(?:\/|$))[^/\\\0].*$/, { error: 'must be relative, without ..' })
        .optional(),
    })
    .describe('Where files are kept; a new folder among everwarm’s data by default.')
    .default({}),
  transfer: z
    .strictObject({
      url: z.url({ protocol: /^https?$/ }).describe('Address of the server; its token goes nowhere else.'),
      token: text('Sent to it as a bearer token.'),
    })
    .describe('The server of archives.')
    .optional(),
})
export type ToolkitConfig = z.infer<typeof ToolkitConfig>

/** @throws EverwarmError CONFIG_INVALID, which never quotes a value: there is a token in it */
export function readConfig(env: Env): ToolkitConfig {
  const given = env['EVERWARM_CONFIG']
  const parsed = ToolkitConfig.safeParse(given?.trim() ? json(given) : {})
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const path = issue!.path.join('.')
  const what = issue!.code === 'unrecognized_keys' ? `has no field ${issue!.keys.join(', ')}` : issue!.message
  throw invalid(`${path === '' ? '' : `${path}: `}${what}`)
}

function json(given: string): unknown {
  try {
    return JSON.parse(given)
  } catch {
    throw invalid('it is no JSON')
  }
}

const invalid = (why: string) =>
  new EverwarmError('CONFIG_INVALID', {
    message: `EVERWARM_CONFIG cannot be used: ${why}.`,
    hint: 'See docs/toolkit.md for what stands in it, or unset it.',
  })
