import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** What a program and everything below it cost. */
export interface TreeCost {
  wallMs: number
  /** Of all that it has waited for, ms: user and system time. */
  cpuMs: number
  /** The most memory of the program alone, bytes. */
  peakBytes: number
}

const LOOK_MS = 20

/** Linux. @throws Error if it does not end with 0 */
export async function treeCost(argv: readonly string[], options: { cwd: string; env: NodeJS.ProcessEnv }): Promise<TreeCost> {
  const beganMs = performance.now()
  // `times` tells the shell's children, and theirs, in its second line.
  const shell = spawn('sh', ['-c', '"$@" >/dev/null || exit; times', 'sh', ...argv], {
    ...options,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  shell.stdout.on('data', (bytes: Buffer) => (said += bytes))
  let peakBytes = 0
  const look = setInterval(() => (peakBytes = Math.max(peakBytes, peakBelow(shell.pid!))), LOOK_MS)
  const code = await new Promise<number | null>((resolve) => shell.once('close', resolve))
  clearInterval(look)
  if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${code}.`)
  return { wallMs: performance.now() - beganMs, cpuMs: childrenMs(said), peakBytes }
}

function childrenMs(times: string): number {
  const [, children = ''] = times.trim().split('\n')
  return children.split(' ').reduce((sum, text) => {
    const [minutes = '0', seconds = '0'] = text.replace('s', '').split('m')
    return sum + (Number(minutes) * 60 + Number(seconds)) * 1_000
  }, 0)
}

function peakBelow(shell: number): number {
  try {
    const [pid] = readFileSync(`/proc/${shell}/task/${shell}/children`, 'utf8').split(' ')
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1_024
  } catch {
    // It has not begun yet, or has ended.
    return 0
  }
}
