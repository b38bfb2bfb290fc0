import { readFile } from 'node:fs/promises'
import type { DockerContainer } from './engine.ts'
import { removeContainer } from './removal.ts'

/** Between SIGTERM (or what the image says instead) and SIGKILL: its data goes with it. */
const GRACE_SECONDS = 2
const SIGTERM_BIT = 1n << 14n

/** Ends what runs in it, which is still there then. What cannot be told is killed at once. Never throws. */
export async function stopGracefully(container: DockerContainer, isNear: () => Promise<boolean>): Promise<void> {
  try {
    if (await hearsItsEnd(container, isNear)) await container.stop({ t: GRACE_SECONDS })
    else await container.kill()
  } catch {
    // It has ended meanwhile, or somebody has removed it.
  }
}

/**
 * Of the first process of a container the kernel drops signals for which it has no handler: nobody need wait for such a one.
 * What is not known from here is waited for.
 * @see https://man7.org/linux/man-pages/man7/pid_namespaces.7.html
 */
async function hearsItsEnd(container: DockerContainer, isNear: () => Promise<boolean>): Promise<boolean> {
  if (!(await isNear())) return true
  const { State: state, Config: config, Id: id } = await container.inspect()
  if ((config as { StopSignal?: string }).StopSignal) return true
  const [cgroup, status] = await Promise.all(
    ['cgroup', 'status'].map((name) => readFile(`/proc/${state.Pid}/${name}`, 'utf8').catch(() => '')),
  )
  // Of an engine in another namespace this number is another process's.
  return !cgroup!.includes(id) || handlesTerm(status!)
}

/** @param status text of /proc/<pid>/status */
export function handlesTerm(status: string): boolean {
  const masks = [...status.matchAll(/^Sig(?:Cgt|Blk):\s*([0-9a-f]+)$/gm)].map(([, mask]) => BigInt(`0x${mask}`))
  return masks.length === 0 || masks.some((mask) => (mask & SIGTERM_BIT) !== 0n)
}

/** Time for what it has said last to be heard, ms: whoever listens may never take it. */
const LAST_WORDS_MS = 1_000

/** @param heard when the output of its last run has ended */
export async function endService(
  container: DockerContainer,
  { isNear, clock }: { isNear: () => Promise<boolean>; clock: { after(ms: number, act: () => void): { cancel(): void } } },
  heard: Promise<void>,
): Promise<void> {
  await stopGracefully(container, isNear)
  const late = Promise.withResolvers<void>()
  const timer = clock.after(LAST_WORDS_MS, late.resolve)
  await Promise.race([heard, late.promise])
  timer.cancel()
  await removeContainer(container)
}
