import type { Probe } from '../../contracts/workflow/service.ts'
import type { Duplex } from 'node:stream'
import type { Clock } from '../../system/clock.ts'
import { demux } from './demux.ts'
import type { Docker, DockerContainer } from './engine.ts'
import type { FilePlace } from './files.ts'
import { tryNetworkProbe } from './network-probe.ts'

export interface ProbeGround {
  docker: Docker
  clock: Clock
  /** Whether this process reaches addresses of containers. */
  isNear: () => Promise<boolean>
  /** A container that surely does. */
  place: () => Promise<FilePlace>
}

export type TryProbe = (host: string, timeoutMs: number) => Promise<boolean>

/** Tries of one probe; never throws. While one in the container hangs the next is not begun. */
export function createProbe(probe: Probe | undefined, container: DockerContainer, ground: ProbeGround): TryProbe {
  let hanging: Promise<boolean> | undefined
  return async (host, timeoutMs) => {
    // Without a probe: the engine of the workflow knows what that means.
    if (!probe) return true
    if (!probe.exec && (await ground.isNear())) return tryNetworkProbe(probe, host, timeoutMs)
    hanging ??= (probe.exec ? execProbe(container, probe.exec.command) : probeFromSite(ground, probe, host, timeoutMs))
      .catch(() => false) // No such container or program any more.
      .finally(() => (hanging = undefined))
    const late = Promise.withResolvers<boolean>()
    const timer = ground.clock.after(timeoutMs, () => late.resolve(false))
    return Promise.race([hanging, late.promise]).finally(() => timer.cancel())
  }
}

/** Without a shell: the image of a service need not have one. */
async function execProbe(container: DockerContainer, argv: readonly string[]): Promise<boolean> {
  const exec = await container.exec({ Cmd: [...argv], AttachStdout: true, AttachStderr: true })
  await demux((await exec.start({})) as Duplex, () => {})
  for (;;) {
    const { Running: isRunning, ExitCode: code } = await exec.inspect()
    if (!isRunning && code !== null) return code === 0
  }
}

const FROM_SITE = `case $1 in
  tcp) nc -z -w "$4" "$2" "$3" 2>/dev/null || bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$2" "$3" 2>/dev/null ;;
  *) wget -q -T "$4" -O /dev/null "$2" 2>/dev/null || curl -fsSk -m "$4" -o /dev/null "$2" 2>/dev/null ;;
esac`

async function probeFromSite({ place }: ProbeGround, probe: Probe, host: string, timeoutMs: number): Promise<boolean> {
  const seconds = String(Math.max(1, Math.round(timeoutMs / 1_000)))
  const { httpGet: http, tcpSocket: tcp } = probe
  const url = http && `${(http.scheme ?? 'HTTP').toLowerCase()}://${http.host || host}:${http.port}${http.path || '/'}`
  const args = url ? ['http', url, '', seconds] : tcp ? ['tcp', tcp.host || host, String(tcp.port), seconds] : undefined
  if (!args) return false
  const { idle } = await place()
  const exec = await idle.exec({ argv: ['/bin/sh', '-c', FROM_SITE, 'sh', ...args], cwd: '/', listen() {} })
  return (await exec.exitCode) === 0
}
