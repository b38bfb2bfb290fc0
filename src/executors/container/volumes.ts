import { EverwarmError } from '../../contracts/errors.ts'
import type { Container, Pod } from '../../contracts/workflow/container.ts'

/** One volume in one container. */
export interface Mount {
  target: string
  isReadOnly: boolean
  source:
    | { type: 'volume'; name: string; of: 'site' | 'execution' | 'nobody' }
    | { type: 'bind'; path: string; isMade: boolean }
    | { type: 'memory'; bytes?: number }
}

export interface VolumeNames {
  /** Of folders that end with the site. */
  ofSite(name: string): string
  /** Of claims of the workflow, which all sites of the execution see. */
  ofExecution(claim: string): string
  /** Claims of the execution; others are of nobody here, and stay. */
  claims: ReadonlySet<string>
}

/**
 * Where `volumeMounts` come from. Folders in memory are each container's own.
 * @throws EverwarmError FIELD_UNSUPPORTED
 */
export function mountsOf(container: Container, pod: Pod | undefined, names: VolumeNames): Mount[] {
  const volumes = new Map((pod?.volumes ?? []).map((volume) => [text(volume['name']), volume]))
  return (container.volumeMounts ?? []).map((mount) => {
    const name = text(mount['name'])
    const volume = volumes.get(name)
    if (!volume) throw unsupported(`container.volumeMounts: there is no volume "${name}" in pod.volumes`)
    const source = sourceOf(name, volume, names)
    return {
      target: text(mount['mountPath']),
      isReadOnly: mount['readOnly'] === true,
      source: within(source, text(mount['subPath']), name),
    }
  })
}

function sourceOf(name: string, volume: Readonly<Record<string, unknown>>, names: VolumeNames): Mount['source'] {
  const { emptyDir, hostPath, persistentVolumeClaim: claim } = volume as Record<string, Record<string, unknown> | undefined>
  if (emptyDir?.['medium'] === 'Memory') return { type: 'memory' }
  if (emptyDir) return { type: 'volume', name: names.ofSite(name), of: 'site' }
  if (hostPath) return { type: 'bind', path: text(hostPath['path']), isMade: text(hostPath['type']).endsWith('OrCreate') }
  if (claim) {
    const claimName = text(claim['claimName'])
    const isOurs = names.claims.has(claimName)
    return isOurs
      ? { type: 'volume', name: names.ofExecution(claimName), of: 'execution' }
      : { type: 'volume', name: claimName, of: 'nobody' }
  }
  const kinds = Object.keys(volume).filter((key) => key !== 'name')
  throw unsupported(`pod.volumes: "${name}" is of a kind that there is not in containers: ${kinds.join(', ') || 'none'}`)
}

function within(source: Mount['source'], subPath: string, name: string): Mount['source'] {
  if (subPath === '' || subPath === '.') return source
  if (source.type === 'bind') return { ...source, path: `${source.path}/${subPath}` }
  throw unsupported(`container.volumeMounts: "${name}" has a \`subPath\`, which there is only for \`hostPath\``)
}

const text = (value: unknown) => (value === undefined || value === null ? '' : String(value))

const unsupported = (message: string) =>
  new EverwarmError('FIELD_UNSUPPORTED', {
    message: `${message}.`,
    hint: 'In containers there are `emptyDir`, `hostPath` and `persistentVolumeClaim`.',
  })

/** How the engine is told. */
export const mountSetting = ({ target, isReadOnly, source }: Mount) =>
  source.type === 'memory'
    ? { Target: target, Source: '', Type: 'tmpfs' as const, ReadOnly: isReadOnly }
    : {
        Target: target,
        Source: source.type === 'volume' ? source.name : source.path,
        Type: source.type,
        ReadOnly: isReadOnly,
      }
