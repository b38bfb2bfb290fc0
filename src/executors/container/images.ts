import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Container } from '../../contracts/workflow/container.ts'
import { EverwarmError } from '../../contracts/errors.ts'
import { type Docker, engineMessage, type ImageInfo, statusOf } from './engine.ts'

export type PullPolicy = NonNullable<Container['imagePullPolicy']>

export interface Images {
  /** What the engine knows of the image, which is pulled if need be. @throws EverwarmError IMAGE_UNAVAILABLE */
  get(name: string, policy?: PullPolicy): Promise<ImageInfo>
}

/** Each image is looked for, and pulled, once in a life of this. */
export function createImages(docker: Docker, env: Readonly<Record<string, string | undefined>>): Images {
  const known = new Map<string, Promise<ImageInfo>>()

  async function find(name: string, policy: PullPolicy): Promise<ImageInfo> {
    if (policy === 'Always') await pull(docker, name, env)
    const image = docker.getImage(name)
    try {
      return await image.inspect()
    } catch (cause) {
      if (statusOf(cause) !== 404) throw cause
      if (policy !== 'IfNotPresent') throw unavailable(name, 'it is not here, and `imagePullPolicy` is Never', cause)
    }
    await pull(docker, name, env)
    return image.inspect()
  }

  return {
    get(name, policy = 'IfNotPresent') {
      const key = `${policy} ${name}`
      const found = known.get(key) ?? find(name, policy)
      known.set(key, found)
      found.catch(() => known.delete(key))
      return found
    },
  }
}

async function pull(docker: Docker, name: string, env: Readonly<Record<string, string | undefined>>): Promise<void> {
  try {
    const progress = await docker.pull(withTag(name), { authconfig: loginFor(name, env) })
    await new Promise<void>((resolve, reject) =>
      docker.modem.followProgress(progress, (error) => (error ? reject(error) : resolve())),
    )
  } catch (cause) {
    throw unavailable(name, engineMessage(cause), cause)
  }
}

const unavailable = (name: string, why: string, cause: unknown) =>
  new EverwarmError('IMAGE_UNAVAILABLE', {
    message: `There is no image ${name}: ${why}.`,
    hint: 'Look at the name; build or load it, or log in to its registry (`docker login`).',
    cause,
  })

/** Without one the engine would pull all tags. */
const withTag = (name: string) => (/(?::[^/]+|@[^/]+)$/.test(name) ? name : `${name}:latest`)

/** What `docker login` has kept in its file; helpers of systems' key rings are not asked. */
export function loginFor(name: string, env: Readonly<Record<string, string | undefined>>) {
  const folder = env['DOCKER_CONFIG'] ?? join(env['HOME'] ?? '/', '.docker')
  const [first = '', ...rest] = name.split('/')
  const registry = rest.length > 0 && /[.:]|^localhost$/.test(first) ? first : 'https://index.docker.io/v1/'
  try {
    const { auths } = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as {
      auths?: Record<string, { auth?: string }>
    }
    const text = Buffer.from(auths?.[registry]?.auth ?? '', 'base64').toString()
    const at = text.indexOf(':')
    if (at < 1) return undefined
    return { username: text.slice(0, at), password: text.slice(at + 1), serveraddress: registry }
  } catch {
    // No such file, or none of ours to judge: then without a log-in.
    return undefined
  }
}
