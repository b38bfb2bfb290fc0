import type { Duplex } from 'node:stream'
import type { Container, Pod } from '../../contracts/workflow/container.ts'
import { EverwarmError } from '../../contracts/errors.ts'
import type { Clock } from '../../system/clock.ts'
import { settingsOf } from './container-settings.ts'
import { type Docker, type DockerContainer, engineMessage, type ImageInfo, statusOf } from './engine.ts'
import { execIn, type ExecRequest, type RunningExec } from './exec.ts'
import { IDLE_SCRIPT, ONCE_SCRIPT } from './idle-script.ts'
import { idleShell, type IdleShell, newWord } from './idle-shell.ts'
import { removeContainer } from './removal.ts'
import type { Mount } from './volumes.ts'

export interface IdleRequest {
  name: string
  labels: Readonly<Record<string, string>>
  image: ImageInfo
  container: Container
  pod: Pod | undefined
  mounts: readonly Mount[]
  network: string
}

/** A container in which nothing runs by itself: commands are begun in it. It ends with the connection that holds its input. */
export interface IdleContainer {
  readonly shell: IdleShell
  readonly image: ImageInfo
  readonly environment: Readonly<Record<string, string>>
  exec(request: ExecRequest): Promise<RunningExec>
  /** A function of the idle process by its own user, and by root if that one may not. @returns whether it came to its end */
  order(name: string, ...args: readonly string[]): Promise<boolean>
  /** Times that the kernel has ended a process for want of memory since the last time that this was asked. */
  newOomKills(): Promise<number>
  remove(): Promise<void>
}

/** @throws EverwarmError SITE_FAILED, COMMAND_NOT_STARTED: no `sh` in the image */
export async function startIdle(docker: Docker, request: IdleRequest, clock: Clock): Promise<IdleContainer> {
  const nonce = newWord()
  const container = await create(docker, request, nonce)
  try {
    const stream = await attach(container)
    const shell = idleShell(stream, nonce)
    await container.start().catch((cause: unknown) => {
      throw notStarted(request, cause)
    })
    const { stdout, status } = await shell.hello
    const idle = idleContainer(docker, container, shell, request.image, parseEnvironment(stdout), clock)
    if (status !== 0) await byRoot(idle, ['ew_folders', ...writable(request.mounts)])
    return idle
  } catch (error) {
    await removeContainer(container)
    throw error
  }
}

async function attach(container: DockerContainer): Promise<Duplex> {
  const options = { stream: true, stdin: true, stdout: true, stderr: true, hijack: true }
  const stream = (await container.attach(options)) as unknown as Duplex
  // Podman takes the body of the request for the first input: a word that is no program, on a line of its own.
  stream.write('\n')
  return stream
}

function idleContainer(
  docker: Docker,
  container: DockerContainer,
  shell: IdleShell,
  image: ImageInfo,
  environment: Readonly<Record<string, string>>,
  clock: Clock,
): IdleContainer {
  let oomKills = 0
  const idle: IdleContainer = {
    shell,
    image,
    environment,
    exec: (request) => execIn(docker, container, request, clock),
    async order(name, ...args) {
      if ((await shell.order(name, ...args)) === 0) return true
      return (await byRoot(idle, [name, ...args])) === 0
    },
    async newOomKills() {
      const { stdout } = await shell.ask('ew_oom')
      const before = oomKills
      oomKills = Number(stdout.toString()) || 0
      return oomKills - before
    },
    remove: () => removeContainer(container),
  }
  return idle
}

/** Processes that have changed their user are out of the reach of the idle one. */
async function byRoot(idle: IdleContainer, args: readonly string[]): Promise<number | undefined> {
  const argv = ['/bin/sh', '-c', ONCE_SCRIPT, 'sh', ...args]
  return (await idle.exec({ argv, user: '0:0', cwd: '/', listen() {} })).exitCode
}

async function create(docker: Docker, request: IdleRequest, nonce: string): Promise<DockerContainer> {
  const { name, labels, image, container, pod, mounts, network } = request
  const { HostConfig, ...settings } = settingsOf(container, pod, mounts)
  const options = {
    ...settings,
    name,
    Image: image.Id,
    Labels: { ...pod?.labels, ...labels },
    Env: ['WORKFLOW_DATA=/data', 'TMPDIR=/data/.tmp'],
    Entrypoint: ['/bin/sh'],
    Cmd: ['-c', IDLE_SCRIPT, 'everwarm', nonce, ...writable(mounts)],
    OpenStdin: true,
    StdinOnce: true,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    Healthcheck: { Test: ['NONE'] },
    HostConfig: {
      ...HostConfig,
      AutoRemove: true,
      NetworkMode: network,
      // Its output is answers; nobody reads them a second time.
      LogConfig: { Type: 'none', Config: {} },
    },
  }
  try {
    return await docker.createContainer(options)
  } catch (cause) {
    throw failed(`No container can be made of ${nameOf(image)}: ${engineMessage(cause)}`, cause)
  }
}

const writable = (mounts: readonly Mount[]) =>
  mounts.flatMap(({ source, target, isReadOnly }) => (source.type !== 'bind' && !isReadOnly ? [target] : []))

function notStarted({ image }: IdleRequest, cause: unknown): EverwarmError {
  const said = engineMessage(cause)
  if (statusOf(cause) === undefined || !/\/bin\/sh/.test(said))
    return failed(`A container of ${nameOf(image)} did not start: ${said}`, cause)
  return new EverwarmError('COMMAND_NOT_STARTED', {
    message: `The image ${nameOf(image)} has no /bin/sh, in which commands are begun.`,
    hint: 'Take an image with a shell, such as its variant without "distroless" or "scratch" in the name.',
    cause,
  })
}

const failed = (message: string, cause: unknown) =>
  new EverwarmError('SITE_FAILED', { message, hint: 'Look at the container’s fields, and at the log of the engine.', cause })

export const nameOf = (image: ImageInfo) => image.RepoTags?.[0] ?? image.Id

function parseEnvironment(bytes: Buffer): Record<string, string> {
  const pairs = bytes.toString().split('\0').filter(Boolean)
  return Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]))
}
