import { existsSync } from 'node:fs'
import { EverwarmError } from '../contracts/errors.ts'
import type { Executor } from './executor.ts'
import type { Env } from '../system/settings.ts'
import { namesHint } from '../system/known-names.ts'

export const EXECUTOR_NAMES = ['local', 'docker', 'podman', 'kubernetes'] as const
export type NamedExecutor = (typeof EXECUTOR_NAMES)[number]

export interface ExecutorAsked {
  name: NamedExecutor
  /** For steps that say none themselves. */
  image?: string
  namespace?: string
  context?: string
  kubeconfig?: string
  env: Env
}

/** @throws EverwarmError BAD_INPUT */
export function executorName(given: unknown): NamedExecutor {
  const name = given ?? 'local'
  const found = EXECUTOR_NAMES.find((each) => each === name)
  if (found) return found
  throw new EverwarmError('BAD_INPUT', {
    message: `There is no executor "${String(name)}".`,
    hint: namesHint(String(name), EXECUTOR_NAMES),
  })
}

/**
 * Where steps run. Only the one that is asked for is loaded; it connects when it is first asked for something.
 * @throws EverwarmError BAD_INPUT
 */
export async function openExecutor({ name, image, namespace, context, kubeconfig, env }: ExecutorAsked): Promise<Executor> {
  switch (name) {
    case 'local': {
      const { createLocalExecutor } = await import('./local/local-executor.ts')
      return createLocalExecutor({ env })
    }
    case 'docker':
    case 'podman': {
      const { createContainerExecutor } = await import('./container/container-executor.ts')
      const host = name === 'podman' ? podmanHost(env) : undefined
      return createContainerExecutor({
        env,
        ...(host === undefined ? {} : { host }),
        ...(image === undefined ? {} : { defaultImage: image }),
      })
    }
    case 'kubernetes': {
      const { createKubernetesExecutor } = await import('./kubernetes/kubernetes-executor.ts')
      return createKubernetesExecutor({
        env,
        ...(image === undefined ? {} : { image }),
        ...(namespace === undefined ? {} : { namespace }),
        ...(context === undefined ? {} : { context }),
        ...(kubeconfig === undefined ? {} : { kubeconfig }),
      })
    }
  }
}

/** Where both are installed, Docker's socket would be found first. */
function podmanHost(env: Env): string | undefined {
  if (env['CONTAINER_HOST']) return env['CONTAINER_HOST']
  if (env['DOCKER_HOST'] || process.platform === 'win32') return undefined
  const runtime = env['XDG_RUNTIME_DIR']
  const usual = [...(runtime ? [`${runtime}/podman/podman.sock`] : []), '/run/podman/podman.sock']
  return `unix://${usual.find((path) => existsSync(path)) ?? usual[0]}`
}
