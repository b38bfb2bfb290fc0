import { z } from 'zod'
import type { ErrorData } from '../../contracts/errors.ts'
import type { WorkflowEvent } from '../../contracts/workflow/events.ts'
import type { GroupAddresses } from './addresses.ts'

/** The first line that a keeper reads; the second, `release`, says that it is to live on by itself. */
export const KeepRequest = z.object({
  group: z.string(),
  services: z.unknown(),
  /** Of the process for which the services are; when it is gone, so are they. */
  owner: z
    .object({ pid: z.number(), startedAt: z.string(), bootId: z.string(), pidSpace: z.string(), host: z.string() })
    .optional(),
})
export type KeepRequest = z.infer<typeof KeepRequest>
export const RELEASE = 'release'

/** Lines of a keeper, until it is released. */
export type KeeperLine =
  | { event: WorkflowEvent }
  | { note: string }
  /** All are ready. */
  | { ready: GroupAddresses; folder: string }
  /** They are not, and all is over; `execution`: where its logs are. */
  | { ended: { exitCode: number; error?: ErrorData; execution?: string } }

/** What a keeper is asked over its socket; nothing is answered before `hello` was accepted. */
export interface KeeperFunctions {
  /** @throws EverwarmError TOKEN_REFUSED */
  hello(said: { token: string }): void
  addresses(): GroupAddresses
  /** Ends all. @param logs service → when its output is kept, instead of what its specification says */
  kill(logs: Readonly<Record<string, string>>): Promise<KillResult>
}

export interface KillResult {
  exitCode: number
  error?: ErrorData
  warnings: string[]
  /** Files with the output that was kept. */
  logs: string[]
}
