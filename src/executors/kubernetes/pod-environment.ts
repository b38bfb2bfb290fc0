import type { Container } from '../../contracts/workflow/container.ts'
import type { Cluster, V1Container } from './cluster.ts'
import type { ExecTarget } from './exec-session.ts'
import { OWN_VARIABLE } from './lifeline-script.ts'
import { runScript } from './run-script.ts'

/** What a container of ours sees before any command of it. */
export interface PodEnvironment {
  variables: Readonly<Record<string, string>>
  /** Values that the cluster has put there from secrets. */
  secrets: readonly string[]
  /** Further variables, of ours alone. */
  hidden: readonly string[]
}

/** Variables that a shell makes by itself. */
const OF_SHELL = new Set([OWN_VARIABLE, 'PWD', 'OLDPWD', 'SHLVL', '_'])
/** Under it a container of ours finds whole secrets a second time: so it is known which variables they are, without a right to read them. */
const OF_SECRET = 'EVERWARM_OF_SECRET_'

type Sources = NonNullable<V1Container['envFrom']>
export const markedSources = (sources: Sources): Sources =>
  sources.flatMap((source) =>
    source.secretRef ? [source, { ...source, prefix: `${OF_SECRET}${source.prefix ?? ''}` }] : [source],
  )

export const hasSecrets = ({ env = [], envFrom = [] }: Pick<Container, 'env' | 'envFrom'>) =>
  env.some(({ valueFrom }) => valueFrom?.['secretKeyRef']) || envFrom.some((source) => source['secretRef'])

export async function readEnvironment(cluster: Cluster, target: ExecTarget, { env = [] }: Container): Promise<PodEnvironment> {
  const { stdout } = await runScript(cluster, target, 'cat /proc/self/environ')
  const pairs = stdout.toString('utf8').split('\0').filter(Boolean)
  const all = pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)] as const)
  const hidden = all.filter(([name]) => name.startsWith(OF_SECRET))
  const variables = Object.fromEntries(all.filter(([name]) => !OF_SHELL.has(name) && !name.startsWith(OF_SECRET)))
  const named = env.flatMap(({ name, valueFrom }) => (valueFrom?.['secretKeyRef'] && variables[name] ? [variables[name]] : []))
  return { variables, secrets: [...named, ...hidden.map(([, value]) => value)], hidden: hidden.map(([name]) => name) }
}
