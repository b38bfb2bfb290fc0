import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { EverwarmError } from '../../contracts/errors.ts'
import { type EngineAddress, engineAddress } from './engine-address.ts'

/** A client of Docker's API, which podman speaks as well. */
export type Docker = import('dockerode')
export type DockerContainer = import('dockerode').Container
export type ContainerSettings = import('dockerode').ContainerCreateOptions
export type ImageInfo = import('dockerode').ImageInspectInfo

export interface EngineOptions {
  /** As `DOCKER_HOST`: `unix:///…`, `tcp://host:port`, `npipe://…`; absent: what `env` says, else the usual places. */
  host?: string
  env: Readonly<Record<string, string | undefined>>
}

/** @throws EverwarmError PACKAGE_MISSING, EXECUTOR_UNREACHABLE */
export async function connectEngine({ host, env }: EngineOptions): Promise<Docker> {
  const address = engineAddress(host, env)
  const { default: Client } = await import('dockerode').catch((cause: unknown) => {
    throw new EverwarmError('PACKAGE_MISSING', {
      message: 'Workflows in containers need dockerode, which is not installed.',
      hint: 'Run `npm install --save-dev dockerode`.',
      cause,
    })
  })
  const docker = new Client(clientOptions(address, env))
  await docker.ping().catch((cause: unknown) => {
    throw new EverwarmError('EXECUTOR_UNREACHABLE', {
      message: `No container engine answers at ${address.shown}: ${engineMessage(cause)}`,
      hint: 'Start Docker or `podman system service`, or say in DOCKER_HOST where it is.',
      cause,
    })
  })
  return docker
}

function clientOptions(address: EngineAddress, env: EngineOptions['env']) {
  // All of them, also what is absent: the client would take the rest from the environment of this process.
  const none = { host: undefined, port: undefined, ca: undefined, cert: undefined, key: undefined }
  if (address.socketPath !== undefined) return { ...none, socketPath: address.socketPath, protocol: 'http' as const }
  const { host, port, isTls } = address
  if (!isTls) return { ...none, host, port, protocol: 'http' as const }
  const folder = env['DOCKER_CERT_PATH'] ?? join(env['HOME'] ?? '/', '.docker')
  const [ca, cert, key] = ['ca.pem', 'cert.pem', 'key.pem'].map((name) => readFileSync(join(folder, name), 'utf8'))
  return { host, port, protocol: 'https' as const, ca, cert, key }
}

/** HTTP status of what the engine refused; undefined: it refused nothing, or was not there. */
export const statusOf = (error: unknown) => (error as { statusCode?: number } | undefined)?.statusCode

/** What the engine said, without what the client puts around it. */
export function engineMessage(error: unknown): string {
  const { json, message } = (error ?? {}) as { json?: { message?: string }; message?: string }
  return (json?.message ?? message ?? String(error)).trim()
}

/** Runs `act`; that the thing is not there, or on its way out, is what was wanted. */
export async function unlessGone(act: () => Promise<unknown>): Promise<void> {
  try {
    await act()
  } catch (error) {
    const status = statusOf(error)
    if (status !== 404 && status !== 304 && !(status === 409 && /already in progress/i.test(engineMessage(error)))) throw error
  }
}
