import type { Readable } from 'node:stream'
import { EverwarmError } from '../../contracts/errors.ts'
import type { ProcessEnd, ServiceRequest, SiteService } from '../executor.ts'
import { demux } from './demux.ts'
import { endOf } from './ends.ts'
import { type DockerContainer, engineMessage } from './engine.ts'
import { endService } from './graceful-stop.ts'
import { createProbe, type ProbeGround } from './probes.ts'
import { removeContainer } from './removal.ts'
import { unstartedFiles } from './unstarted-files.ts'

/** Wait before the n-th new start; Kubernetes waits 10 s before the first. */
const RESTART_MS = [1_000, 2_000, 5_000, 10_000, 30_000]

/**
 * Begins a service in a container that has been made for it, and begins it again when it is meant to.
 * @param network where its address is looked up
 * @throws EverwarmError SERVICE_FAILED; the container is removed then
 */
export async function runService(
  container: DockerContainer,
  request: ServiceRequest,
  network: string,
  ground: ProbeGround,
): Promise<SiteService> {
  try {
    await request.prepare?.(unstartedFiles(container))
    request.signal.throwIfAborted()
    const life = createLife(container, request, ground)
    await life.begin()
    const address = await addressOf(container, network)
    const tryProbe = createProbe(request.probe, container, ground)
    return {
      address,
      ports: Object.fromEntries(request.ports.map((port) => [port, port])),
      ended: life.ended,
      tryProbe: async (timeoutMs) => life.isRunning() && (await tryProbe(address, timeoutMs)),
      health: async () => ({ faults: [...new Set(life.faults)], restarts: life.restarts() }),
      close: () => life.close(),
    }
  } catch (error) {
    await removeContainer(container)
    throw error instanceof EverwarmError || request.signal.aborted ? error : failed(request, engineMessage(error), error)
  }
}

/** '' if it has ended already: an engine keeps no address for what does not run. */
async function addressOf(container: DockerContainer, network: string): Promise<string> {
  const { NetworkSettings: settings } = await container.inspect()
  return settings.Networks[network]?.IPAddress ?? ''
}

function createLife(container: DockerContainer, request: ServiceRequest, ground: Pick<ProbeGround, 'clock' | 'isNear'>) {
  const { promise: ended, resolve: end } = Promise.withResolvers<ProcessEnd>()
  const faults: string[] = []
  let restarts = 0
  let isRunning = false
  let run: Promise<void> = Promise.resolve()
  let closing: Promise<void> | undefined

  async function begin(): Promise<void> {
    // Before its start: not a byte is lost.
    const output = (await container.attach({ stream: true, stdout: true, stderr: true })) as unknown as Readable
    const heard = demux(output, request.hear).catch(() => {}) // Broken off with the container.
    try {
      await container.start()
    } catch (error) {
      output.destroy()
      throw error
    }
    isRunning = true
    run = follow(heard)
  }

  async function follow(heard: Promise<void>): Promise<void> {
    const last = await endOfRun(container)
    isRunning = false
    await heard
    if (closing) return end(last)
    const isFault = last.exitCode !== 0
    if (isFault) faults.push(faultText(last))
    if (!isFault || request.restartPolicy === 'Never' || last.reason === 'lost') return end(last)
    const waitMs = RESTART_MS[Math.min(restarts, RESTART_MS.length - 1)]!
    restarts += 1
    ground.clock.after(waitMs, () => void beginAgain(last))
  }

  async function beginAgain(last: ProcessEnd): Promise<void> {
    if (closing) return end(last)
    try {
      await begin()
    } catch (error) {
      if (!closing) faults.push(`it was not started again: ${engineMessage(error)}`)
      end(last)
    }
  }

  return {
    ended,
    faults,
    begin,
    restarts: () => restarts,
    isRunning: () => isRunning,
    close: () =>
      (closing ??= (isRunning ? endService(container, ground, run) : removeContainer(container)).then(() => {
        if (!isRunning) end({ reason: 'closed' })
      })),
  }
}

async function endOfRun(container: DockerContainer): Promise<ProcessEnd> {
  try {
    const { StatusCode: code } = (await container.wait({ condition: 'not-running' })) as { StatusCode: number }
    const { State: state } = await container.inspect()
    return state.OOMKilled ? { reason: 'OOMKilled' } : endOf(code)
  } catch {
    // Somebody has removed it.
    return { reason: 'lost' }
  }
}

function faultText({ exitCode, signal, reason }: ProcessEnd): string {
  if (reason !== undefined) return reason
  return signal === undefined ? `ended with exit code ${exitCode}` : `ended by ${signal}`
}

const failed = ({ name }: ServiceRequest, why: string, cause: unknown) =>
  new EverwarmError('SERVICE_FAILED', {
    message: `The service ${name} did not start: ${why}`,
    hint: 'Look at its image and its command.',
    cause,
  })
