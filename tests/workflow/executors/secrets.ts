import type { SecretStore } from '../../../src/workflow/engine/engine-types.ts'
import type { ObjectStore } from '../../executors/kubernetes/object-store.ts'

const secrets: Record<string, Record<string, string>> = {
  db: { password: 'correct-horse' },
  all: { user: 'battery-staple' },
}
const configMaps: Record<string, Record<string, string>> = { settings: { mode: 'fast', level: 'seven' } }
const credentials: Record<string, string> = { npm: 'npm-credential' }

/** None of these may be seen anywhere. */
export const SECRETS = [...Object.values(secrets).flatMap((keys) => Object.values(keys)), ...Object.values(credentials)]

export const secretStore = (): SecretStore => ({
  secret: (name, key) => secrets[name]?.[key],
  configMap: (name, key) => configMaps[name]?.[key],
  credential: (name) => credentials[name],
  keysOf(kind, name) {
    const found = (kind === 'secret' ? secrets : configMaps)[name]
    return found && Object.keys(found)
  },
})

/** The same as objects of a cluster. */
export function putSecretObjects(objects: ObjectStore): void {
  for (const [name, data] of Object.entries(secrets)) {
    const encoded = Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]))
    objects.create('secrets', 'default', { kind: 'Secret', metadata: { name }, data: encoded } as never)
  }
  for (const [name, data] of Object.entries(configMaps))
    objects.create('configmaps', 'default', { kind: 'ConfigMap', metadata: { name }, data } as never)
}
