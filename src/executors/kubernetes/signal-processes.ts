import { setTimeout as after } from 'node:timers/promises'
import type { Clock } from '../../system/clock.ts'
import type { Cluster } from './cluster.ts'
import { type ExecTarget, openExec } from './exec-session.ts'
import type { MainProcess } from './follow-command.ts'
import { OWN_VARIABLE } from './lifeline-script.ts'
import { processesOf, processRows, since } from './process-tree.ts'

/** Lists processes, and sends signals to those that it is told. */
const SIGNALLER = `
while read -r word rest; do
  case $word in
  l) cat /proc/[0-9]*/stat 2>/dev/null; echo; grep -L ${OWN_VARIABLE}=1 /proc/[0-9]*/environ 2>/dev/null ;;
  k) kill $rest 2>/dev/null ;;
  esac
  echo ..
done`

/** What has ended already is no error; a broken connection is. */
export interface Signaller {
  /** Of the command; zombies do not count. `moving`: those that are not stopped. */
  list(): Promise<{ all: readonly number[]; moving: readonly number[] }>
  send(signal: string, pids: readonly number[]): Promise<void>
  close(): void
}

/** @param others main processes of other commands of the container, asked again each time */
export async function openSignaller(
  cluster: Cluster,
  target: ExecTarget,
  { pid, startedAt }: MainProcess,
  others: () => ReadonlySet<number>,
): Promise<Signaller> {
  let text = ''
  let answer = Promise.withResolvers<string>()
  const session = await openExec(cluster, target, ['sh', '-c', SIGNALLER], {
    onOutput(bytes) {
      text += bytes.toString('latin1')
      if (!text.endsWith('..\n')) return
      answer.resolve(text.slice(0, -3))
      text = ''
    },
  })
  const broken = session.ended.then(() => {
    throw new Error('the connection to the signaller broke')
  })
  broken.catch(() => {})
  const ask = async (line: string) => {
    answer = Promise.withResolvers()
    await session.write(`${line}\n`)
    return Promise.race([answer.promise, broken])
  }
  return {
    async list() {
      const [rows = '', marks = ''] = (await ask('l')).split('\n\n')
      const strangers = new Set([...marks.matchAll(/^\/proc\/(\d+)\//gm)].map(([, id]) => Number(id)))
      const known = since(processRows(rows), startedAt)
      const all = processesOf(pid, known, strangers, others())
      const still = new Set(known.filter(({ state }) => state === 'T' || state === 't').map((row) => row.pid))
      return { all, moving: all.filter((id) => !still.has(id)) }
    },
    send: async (signal, pids) => void (pids.length > 0 && (await ask(`k -${signal} ${pids.join(' ')}`))),
    close: () => session.close(),
  }
}

const ROUNDS = 50
const ROUND_MS = 20

/** Until nothing of it moves: what forks meanwhile is found in the next round. */
export async function pauseAll(signaller: Signaller): Promise<void> {
  for (let round = 0; round < ROUNDS; round += 1) {
    const { moving } = await signaller.list()
    if (moving.length === 0) return
    await signaller.send('STOP', moving)
    if (round > 1) await after(ROUND_MS)
  }
}

export async function resumeAll(signaller: Signaller): Promise<void> {
  await signaller.send('CONT', (await signaller.list()).all)
}

/** SIGTERM, then SIGKILL after `graceMs`; what is stopped is woken for it. Resolves when nothing is left. */
export async function stopAll(signaller: Signaller, graceMs: number, clock: Clock): Promise<void> {
  const untilMs = clock.now() + graceMs
  let { all } = await signaller.list()
  if (graceMs > 0) {
    await signaller.send('TERM', all)
    await signaller.send('CONT', all)
  }
  while (all.length > 0) {
    if (clock.now() >= untilMs) await signaller.send('KILL', all)
    const next = (await signaller.list()).all
    if (next.length > 0) await after(ROUND_MS)
    all = next
  }
}
