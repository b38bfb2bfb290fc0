import { EverwarmError } from '../../contracts/errors.ts'
import { type Cluster, saidBy } from './cluster.ts'
import { type ExecEnd, type ExecTarget, openExec } from './exec-session.ts'

export interface ScriptResult {
  exitCode: number
  stdout: Buffer
  /** Its beginning. */
  stderr: string
}

const MOST_ERRORS = 4_096

/**
 * Runs lines of `sh` in a container and collects what they say.
 * @param input they know its length by an argument: only newer servers can say that an input has ended
 * @throws EverwarmError SITE_LOST
 */
export async function runScript(
  cluster: Cluster,
  target: ExecTarget,
  script: string,
  args: readonly string[] = [],
  input?: Buffer,
): Promise<ScriptResult> {
  const chunks: Buffer[] = []
  let stderr = ''
  const session = await openExec(cluster, target, ['sh', '-c', script, 'everwarm', ...args], {
    onOutput: (bytes) => void chunks.push(bytes),
    onErrors: (bytes) => void (stderr = (stderr + bytes.toString('utf8')).slice(0, MOST_ERRORS)),
  }).catch((cause: unknown) => {
    throw siteLost(target, saidBy(cause), cause)
  })
  if (input) void session.write(input)
  return { exitCode: exitCodeOf(target, await session.ended), stdout: Buffer.concat(chunks), stderr }
}

/** @throws EverwarmError SITE_LOST */
export function exitCodeOf(target: ExecTarget, end: ExecEnd): number {
  if ('exitCode' in end) return end.exitCode
  throw siteLost(target, end.lost)
}

export const siteLost = ({ namespace, pod, container }: ExecTarget, why: string, cause?: unknown) =>
  new EverwarmError('SITE_LOST', {
    message: `The pod ${namespace}/${pod} (container ${container}) cannot be spoken to: ${why}.`,
    hint: `See \`kubectl describe pod ${pod}\` and the log of its node.`,
    cause,
  })
