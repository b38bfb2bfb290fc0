import { existsSync } from 'node:fs'
import { EverwarmError } from '../../contracts/errors.ts'

export interface EngineAddress {
  shown: string
  socketPath?: string
  host?: string
  port?: number
  isTls: boolean
}

/**
 * Where the engine listens: `host`, `DOCKER_HOST`, `CONTAINER_HOST`, else the first socket that there is.
 * @throws EverwarmError EXECUTOR_UNREACHABLE: an address that nobody understands
 */
export function engineAddress(
  host: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
  isThere: (path: string) => boolean = existsSync,
): EngineAddress {
  const told = host || env['DOCKER_HOST'] || env['CONTAINER_HOST']
  if (told) return parsed(told, env)
  if (process.platform === 'win32') return socket('//./pipe/docker_engine')
  const runtime = env['XDG_RUNTIME_DIR']
  const usual = [
    '/var/run/docker.sock',
    ...(env['HOME'] ? [`${env['HOME']}/.docker/run/docker.sock`] : []),
    ...(runtime ? [`${runtime}/docker.sock`, `${runtime}/podman/podman.sock`] : []),
    '/run/podman/podman.sock',
  ]
  return socket(usual.find(isThere) ?? usual[0]!)
}

function parsed(text: string, env: Readonly<Record<string, string | undefined>>): EngineAddress {
  const path = /^(?:unix|npipe):\/\/(.+)$/.exec(text)?.[1]
  if (path !== undefined) return socket(path)
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !['tcp:', 'http:', 'https:'].includes(url.protocol) || url.hostname === '')
    throw new EverwarmError('EXECUTOR_UNREACHABLE', {
      message: `"${text}" is no address of a container engine.`,
      hint: 'Write `unix:///path`, `tcp://host:port` or `https://host:port`; for ssh open a tunnel to its socket.',
    })
  const isTls = url.protocol === 'https:' || url.port === '2376' || Boolean(env['DOCKER_TLS_VERIFY'])
  return { shown: text, host: url.hostname, port: Number(url.port || (isTls ? 2376 : 2375)), isTls }
}

const socket = (path: string): EngineAddress => ({ shown: path, socketPath: path, isTls: false })
