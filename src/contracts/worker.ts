import { z } from 'zod'

export const Capabilities = z.object({
  browsers: z.array(z.string().min(1).max(64)).max(64).default([]),
  /** Shards at once. */
  maxConcurrent: z.number().int().min(1).max(1_024).default(1),
  tags: z.array(z.string().min(1).max(128)).max(256).optional(),
  /** MB */
  memory: z.number().min(0).optional(),
  /** cores */
  cpu: z.number().min(0).optional(),
  /** Programs that it runs when a session asks for them, besides shards of Vitest and Playwright. */
  commands: z.array(z.string().min(1).max(256)).max(256).optional(),
})
export type Capabilities = z.infer<typeof Capabilities>

export const WorkerStatus = z.enum(['idle', 'busy', 'late', 'offline', 'error', 'draining'])
export type WorkerStatus = z.infer<typeof WorkerStatus>

/** What a worker says of itself. `id` is a wish: a coordinator gives it only to whom it belongs. */
export const WorkerRegistration = z.object({
  id: z
    .string()
    .min(1)
    .max(256)
    .regex(/^[^\p{C}]+$/u, 'must have no control characters')
    .optional(),
  name: z.string().min(1).max(256).optional(),
  type: z.enum(['local', 'remote', 'docker']).default('remote'),
  host: z.string().max(256).optional(),
  port: z.number().int().min(0).max(65_535).optional(),
  capabilities: Capabilities.prefault({}),
  /** Where its browsers can be watched, if it shows them itself. */
  vncPort: z.number().int().min(1).max(65_535).optional(),
  vncUrl: z
    .url({ protocol: /^https?$/ })
    .max(4_096)
    .optional(),
  /** Version of everwarm, or of whatever it is. */
  version: z.string().max(64).optional(),
})
export type WorkerRegistration = z.infer<typeof WorkerRegistration>

export const WorkerView = z.object({
  id: z.string(),
  name: z.string(),
  type: z.enum(['local', 'remote', 'docker']),
  host: z.string().nullable(),
  port: z.number().nullable(),
  capabilities: Capabilities,
  status: WorkerStatus,
  /** By a connection, not by requests: its death is noticed at once. */
  isConnected: z.boolean(),
  lastHeartbeat: z.string(),
  currentTests: z.array(z.string()),
  /** Shards it holds. */
  shards: z.array(z.string()),
  vncUrl: z.string().nullable(),
  version: z.string().nullable(),
})
export type WorkerView = z.infer<typeof WorkerView>
