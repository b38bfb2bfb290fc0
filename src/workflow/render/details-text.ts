import type { Artifacts, Fetch, Transfer } from '../../contracts/workflow/content.ts'
import type { Probe } from '../../contracts/workflow/service.ts'
import type { RenderedContainer, RenderedGit, RenderedNode, RenderedSettings } from './rendered.ts'

/** ` in node:24 at /data/repo` */
export const insideText = ({ image, workingDir }: RenderedContainer): string =>
  `${image === undefined ? '' : ` in ${image}`}${workingDir === undefined ? '' : ` at ${workingDir}`}`

/** All else that is said of a container; variables by name, `CI` is always there. */
export function containerLines(container: RenderedContainer): string[] {
  const { env = [], envFrom = [], resources, imagePullPolicy, securityContext, volumeMounts } = container
  const names = env.filter(({ name, valueFrom }) => name !== 'CI' || valueFrom).map(variableText)
  const amounts = Object.entries(resources ?? {}).map(
    ([kind, each]) =>
      `${kind} ${Object.entries(each)
        .map((pair) => pair.join(' '))
        .join(', ')}`,
  )
  const also = [
    ...Object.keys(definedOf({ securityContext, volumeMounts })),
    ...(imagePullPolicy ? [`pulled ${imagePullPolicy}`] : []),
  ]
  return [
    ...(names.length + envFrom.length > 0 ? [`env ${[...names, ...envFrom.map(sourceText)].join(', ')}`] : []),
    ...amounts,
    ...(also.length > 0 ? [`also ${also.join(', ')}`] : []),
  ]
}

function variableText({ name, valueFrom }: NonNullable<RenderedContainer['env']>[number]): string {
  return valueFrom === undefined ? name : `${name} (${referenceText(valueFrom)})`
}

const sourceText = (source: Readonly<Record<string, unknown>>) => `all of ${referenceText(source)}`

/** `secret db`, `configMap app`: never what stands there. */
function referenceText(reference: Readonly<Record<string, unknown>>): string {
  const [kind = '', about] = Object.entries(reference).find(([key]) => key.endsWith('Ref')) ?? []
  const { name } = (about ?? {}) as { name?: string }
  return [kind.replace(/(?:Key)?Ref$/, ''), name].filter(Boolean).join(' ')
}

export function gitText({ uri, revision, mountPath, paths, credentials }: RenderedGit): string {
  const place = [uri, ...(revision ? [`at ${revision}`] : []), ...(mountPath ? [`to ${mountPath}`] : [])].join(' ')
  const only = paths?.length ? `, only ${paths.join(', ')}` : ''
  return `${place}${only}${credentials ? `, with ${credentials.join(', ')}` : ''}`
}

export const fileText = ({ path, mode }: NonNullable<RenderedNode['files']>[number]) =>
  mode === undefined ? path : `${path} (0o${mode.toString(8)})`

export const artifactsText = ({ paths, workingDir, compress }: Artifacts) =>
  `${paths.join(', ')}${workingDir === undefined ? '' : ` at ${workingDir}`}${compress ? `, as ${compress.name}` : ''}`

/** `/data/repo (src/**) to /data` */
export const filesText = ({ from, files, to }: Transfer | Fetch) =>
  `${from}${files ? ` (${files.join(', ')})` : ''}${to === undefined || to === from ? '' : ` to ${to}`}`

export function probeText(probe: Probe): string {
  const { exec, httpGet, tcpSocket, grpc, initialDelaySeconds, periodSeconds, failureThreshold } = probe
  const what = exec
    ? exec.command.join(' ')
    : httpGet
      ? `GET ${httpGet.path ?? '/'} at port ${httpGet.port}`
      : `${tcpSocket ? 'port' : 'gRPC at port'} ${tcpSocket?.port ?? grpc?.port} answers`
  const times = [
    ...(initialDelaySeconds === undefined ? [] : [`first after ${initialDelaySeconds} s`]),
    ...(periodSeconds === undefined ? [] : [`every ${periodSeconds} s`]),
    ...(failureThreshold === undefined ? [] : [`may fail ${failureThreshold} times`]),
  ]
  return [what, ...times].join(', ')
}

/** @param outer what is said already */
export function settingsLines(settings: RenderedSettings, outer: RenderedSettings = {}): string[] {
  const { concurrency, timeouts, ...rest } = settings
  const cancels = concurrency?.cancelInProgress ? ', the newest ends the oldest' : ''
  const group = concurrency?.group === undefined ? '' : ` of the group "${concurrency.group}"`
  const named = Object.entries(definedOf(rest)).filter(([name, value]) => !isSame(value, outer[name as keyof RenderedSettings]))
  return [
    ...(concurrency ? [`concurrency: ${concurrency.max ?? 1} at a time${group}${cancels}`] : []),
    ...(timeouts?.queue === undefined ? [] : [`waits for its turn: ${timeouts.queue} at most`]),
    ...(timeouts?.initialization === undefined ? [] : [`until its first step: ${timeouts.initialization} at most`]),
    ...named.map(([name, value]) => `${name}: ${Object.keys(value as object).join(', ')}`),
  ]
}

const isSame = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)
const definedOf = (fields: object) => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
