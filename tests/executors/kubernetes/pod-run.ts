import { connect } from 'node:net'
import { setTimeout as after } from 'node:timers/promises'
import type { Docker, DockerContainer } from '../../../src/executors/container/engine.ts'
import type { KubeObject } from './kube-objects.ts'
import { type ContainerSpec, type LookUp, runIn, startContainer, startSandbox, volumeName, volumesOf } from './pod-containers.ts'

export interface PodRunOptions {
  docker: Docker
  network: string
  /** Of the container that holds the network. */
  image: string
  lookUp: LookUp
  onStatus(status: object): void
}

interface Life {
  spec: ContainerSpec
  isInit: boolean
  container?: DockerContainer
  restarts: number
  isReady: boolean
  state: Record<string, Record<string, unknown>>
  lastState?: Record<string, Record<string, unknown>>
}

/** One pod: real containers in one network, with volumes, probes and restarts, as a kubelet does it. */
export class PodRun {
  readonly #options: PodRunOptions
  readonly #pod: KubeObject
  readonly #lives: Life[]
  #sandbox: DockerContainer | undefined
  #ip = ''
  #isStopping = false

  constructor(pod: KubeObject, options: PodRunOptions) {
    this.#pod = pod
    this.#options = options
    const life =
      (isInit: boolean) =>
      (spec: ContainerSpec): Life => ({
        spec,
        isInit,
        restarts: 0,
        isReady: false,
        state: { waiting: { reason: 'ContainerCreating' } },
      })
    this.#lives = [...(pod.spec.initContainers ?? []).map(life(true)), ...pod.spec.containers.map(life(false))]
  }

  container = (name: string): DockerContainer | undefined => this.#lives.find(({ spec }) => spec.name === name)?.container

  async run(): Promise<void> {
    const { docker, network, image } = this.#options
    this.#sandbox = await startSandbox(docker, network, image, this.#pod)
    const { NetworkSettings } = await this.#sandbox.inspect()
    this.#ip = Object.values(NetworkSettings.Networks)[0]!.IPAddress
    if (this.#isStopping) return
    for (const life of this.#lives.filter(({ isInit }) => isInit)) if ((await this.#live(life)) !== 0) return
    await Promise.all(this.#lives.filter(({ isInit }) => !isInit).map((life) => this.#live(life)))
  }

  async stop(graceSeconds: number): Promise<void> {
    this.#isStopping = true
    const remove = (container: DockerContainer) => container.remove({ force: true, v: true }).catch(() => {})
    await Promise.all(
      this.#lives.map(async ({ container }) => {
        await container?.stop({ t: graceSeconds }).catch(() => {})
        if (container) await remove(container)
      }),
    )
    if (this.#sandbox) await remove(this.#sandbox)
    for (const name of volumesOf(this.#pod))
      await this.#options.docker
        .getVolume(volumeName(this.#pod, name))
        .remove()
        .catch(() => {})
  }

  /** Its last exit code; undefined: it was stopped, or never ran. */
  async #live(life: Life): Promise<number | undefined> {
    for (let backoffMs = 200; !this.#isStopping; backoffMs *= 2) {
      const code = await this.#once(life)
      if (code === undefined || this.#isStopping) return code
      const again = this.#pod.spec.restartPolicy !== 'Never' && code !== 0
      if (!again) return code
      life.lastState = life.state
      life.state = { waiting: { reason: 'CrashLoopBackOff' } }
      this.#report()
      await after(backoffMs)
      life.restarts += 1
    }
    return undefined
  }

  async #once(life: Life): Promise<number | undefined> {
    const { docker, lookUp, network } = this.#options
    try {
      const old = life.container
      life.container = await startContainer(docker, this.#pod, life.spec, this.#sandbox!, this.#ip, lookUp, network)
      await old?.remove({ force: true }).catch(() => {})
    } catch (error) {
      life.state = neverRan(error as Error)
      return this.#report() as undefined
    }
    const { container } = life
    if (this.#isStopping) return void (await container.remove({ force: true }).catch(() => {}))
    life.state = { running: { startedAt: new Date().toISOString() } }
    life.isReady = !life.spec.readinessProbe
    this.#report()
    const ended = container.wait() as Promise<{ StatusCode: number }>
    if (life.spec.readinessProbe) void this.#probe(life, container)
    const code = (await ended.catch(() => undefined))?.StatusCode
    if (code === undefined) return undefined
    const { State } = await container.inspect().catch(() => ({ State: { OOMKilled: false } }))
    const reason = State.OOMKilled ? 'OOMKilled' : code === 0 ? 'Completed' : 'Error'
    life.isReady = false
    life.state = { terminated: { exitCode: code, reason, finishedAt: new Date().toISOString() } }
    this.#report()
    return code
  }

  async #probe(life: Life, container: DockerContainer): Promise<void> {
    const probe = life.spec.readinessProbe
    await after((probe.initialDelaySeconds ?? 0) * 1_000)
    while (life.container === container && life.state['running'] && !this.#isStopping) {
      const isReady = await this.#tryProbe(probe, container).catch(() => false)
      if (isReady !== life.isReady) {
        life.isReady = isReady && life.state['running'] !== undefined
        this.#report()
      }
      await after((probe.periodSeconds ?? 10) * 1_000)
    }
  }

  // oxlint-disable-next-line typescript/no-explicit-any
  async #tryProbe(probe: any, container: DockerContainer): Promise<boolean> {
    if (probe.exec) return (await runIn(this.#options.docker, container, probe.exec.command)) === 0
    if (probe.httpGet) {
      const { port, path = '/', httpHeaders = [] } = probe.httpGet
      const headers = httpHeaders.map(({ name, value }: { name: string; value: string }) => [name, value])
      return (await fetch(`http://${this.#ip}:${port}${path}`, { headers })).ok
    }
    const socket = connect(probe.tcpSocket.port, this.#ip)
    return new Promise((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
      socket.once('connect', () => socket.destroy())
    })
  }

  #report(): void {
    const main = this.#lives.filter(({ isInit }) => !isInit)
    const ends = main.map(({ state }) => state['terminated'])
    const hasFailed = this.#lives.some(({ isInit, state }) => isInit && (state['terminated']?.['exitCode'] ?? 0) !== 0)
    const isOver = hasFailed || (ends.every(Boolean) && this.#pod.spec.restartPolicy !== 'Always' && this.#isLast(ends))
    const isWell = !hasFailed && ends.every((end) => end?.['exitCode'] === 0)
    const status = ({ spec, restarts, isReady, state, lastState = {} }: Life) => ({
      name: spec.name,
      image: spec.image,
      imageID: '',
      restartCount: restarts,
      ready: isReady,
      state,
      lastState,
    })
    this.#options.onStatus({
      phase: isOver ? (isWell ? 'Succeeded' : 'Failed') : main.some(({ state }) => state['running']) ? 'Running' : 'Pending',
      podIP: this.#ip,
      podIPs: [{ ip: this.#ip }],
      conditions: [{ type: 'Ready', status: main.every(({ isReady }) => isReady) ? 'True' : 'False' }],
      containerStatuses: main.map(status),
      initContainerStatuses: this.#lives.filter(({ isInit }) => isInit).map(status),
    })
  }

  #isLast = (ends: (Record<string, unknown> | undefined)[]) =>
    this.#pod.spec.restartPolicy === 'Never' ||
    ends.every((end) => end?.['exitCode'] === 0 || end?.['reason'] === 'ContainerCannotRun')
}

function neverRan({ message }: Error): Record<string, Record<string, unknown>> {
  if (/no such image|No such image/.test(message)) return { waiting: { reason: 'ErrImageNeverPull', message } }
  if (message.startsWith('CreateContainerConfigError')) return { waiting: { reason: 'CreateContainerConfigError', message } }
  return { terminated: { exitCode: 127, reason: 'ContainerCannotRun', message } }
}
