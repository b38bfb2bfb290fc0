import type { KubeConfig } from '@kubernetes/client-node'
import type {
  V1Container,
  V1Job,
  V1Lease,
  V1PersistentVolumeClaim,
  V1Pod,
  V1PodSpec,
  V1Secret,
  V1VolumeMount,
} from '@kubernetes/client-node'
import { delimiter } from 'node:path'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest, type RequestOptions } from 'node:https'
import { PassThrough } from 'node:stream'
import { setTimeout as after } from 'node:timers/promises'
import { EverwarmError } from '../../contracts/errors.ts'

export type { V1Container, V1Job, V1Lease, V1PersistentVolumeClaim, V1Pod, V1PodSpec, V1Secret, V1VolumeMount }

export interface ClusterOptions {
  /** Path of a file; absent: `KUBECONFIG`, the account of the pod in which this runs, `~/.kube/config`. */
  kubeconfig?: string
  /** Of the file; absent: its current one. */
  context?: string
  /** Absent: that of the context or of the pod, else `default`. */
  namespace?: string
  env: Readonly<Record<string, string | undefined>>
}

/** One API server, as whom we speak to it, and the calls that this executor makes. Missing things are `undefined`, not errors. */
export interface Cluster {
  readonly namespace: string
  createJob(namespace: string, job: V1Job): Promise<V1Job>
  listJobs(namespace: string, labels: string): Promise<V1Job[]>
  deleteJob(namespace: string, name: string): Promise<void>
  createPod(namespace: string, pod: V1Pod): Promise<V1Pod>
  listPods(namespace: string, labels: string): Promise<{ items: V1Pod[]; version: string }>
  deletePod(namespace: string, name: string, graceSeconds: number): Promise<void>
  createSecret(namespace: string, secret: V1Secret): Promise<V1Secret>
  createClaim(namespace: string, claim: V1PersistentVolumeClaim): Promise<V1PersistentVolumeClaim>
  putLease(namespace: string, lease: V1Lease): Promise<V1Lease>
  listLeases(namespace: string, labels: string): Promise<V1Lease[]>
  deleteLease(namespace: string, name: string): Promise<void>
  /** An answer that goes on: a watch or a log. @throws Error with `status` */
  stream(path: string, signal: AbortSignal): Promise<IncomingMessage>
  /** A WebSocket of the API, `v4.channel.k8s.io` or newer; `hear` gets the number of the channel and what came on it. */
  dial(path: string, hear: (channel: number, bytes: Buffer) => void): Promise<ClusterSocket>
}

/** What is needed of a WebSocket. */
export interface ClusterSocket {
  readonly readyState: number
  send(data: Buffer, sent: (error?: Error) => void): void
  pause(): void
  resume(): void
  close(): void
  terminate(): void
  once(event: 'close', listener: () => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
}

/** @throws EverwarmError PACKAGE_MISSING, EXECUTOR_UNREACHABLE: no such file or context */
export async function connectCluster(options: ClusterOptions): Promise<Cluster> {
  const client = await import('@kubernetes/client-node').catch((cause: unknown) => {
    throw new EverwarmError('PACKAGE_MISSING', {
      message: 'The kubernetes executor needs @kubernetes/client-node, which is not installed.',
      hint: 'Run `npm install --save-dev @kubernetes/client-node`.',
      cause,
    })
  })
  const config = new client.KubeConfig()
  loadConfig(config, options)
  const batch = config.makeApiClient(client.BatchV1Api)
  const core = config.makeApiClient(client.CoreV1Api)
  const leases = config.makeApiClient(client.CoordinationV1Api)
  // Of its own streams the handler would end this process's output when a server closes a channel.
  const nothing = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() }
  const sockets = Object.assign(new client.Exec(config).handler, { streams: nothing })
  return {
    namespace: options.namespace ?? config.getContextObject(config.currentContext)?.namespace ?? 'default',
    createJob: (namespace, body) => batch.createNamespacedJob({ namespace, body }),
    listJobs: async (namespace, labelSelector) => (await batch.listNamespacedJob({ namespace, labelSelector })).items,
    deleteJob: (namespace, name) =>
      missingIsFine(() => batch.deleteNamespacedJob({ namespace, name, propagationPolicy: 'Background' })),
    createPod: (namespace, body) => core.createNamespacedPod({ namespace, body }),
    async listPods(namespace, labelSelector) {
      const { items, metadata } = await core.listNamespacedPod({ namespace, labelSelector })
      return { items, version: metadata?.resourceVersion ?? '' }
    },
    deletePod: (namespace, name, gracePeriodSeconds) =>
      missingIsFine(() => core.deleteNamespacedPod({ namespace, name, gracePeriodSeconds })),
    createSecret: (namespace, body) => core.createNamespacedSecret({ namespace, body }),
    createClaim: (namespace, body) => core.createNamespacedPersistentVolumeClaim({ namespace, body }),
    putLease: (namespace, body) =>
      body.metadata?.resourceVersion === undefined
        ? leases.createNamespacedLease({ namespace, body })
        : leases.replaceNamespacedLease({ namespace, name: body.metadata.name!, body }),
    listLeases: async (namespace, labelSelector) => (await leases.listNamespacedLease({ namespace, labelSelector })).items,
    deleteLease: (namespace, name) => missingIsFine(() => leases.deleteNamespacedLease({ namespace, name })),
    stream: (path, signal) => openStream(config, path, signal),
    dial: (path, hear) =>
      sockets.connect(path, null, (channel: number, bytes: Buffer) => {
        hear(channel, bytes)
        return true
      }) as Promise<ClusterSocket>,
  }
}

/** As `kubectl` reads KUBECONFIG. */
export const kubeconfigFiles = (given = '') => given.split(delimiter).filter(Boolean)

function loadConfig(config: KubeConfig, { kubeconfig, context, env }: ClusterOptions): void {
  try {
    const files = kubeconfigFiles(kubeconfig ?? env['KUBECONFIG'])
    if (files.length > 0) loadFiles(config, files)
    else if (env['KUBERNETES_SERVICE_HOST']) config.loadFromCluster()
    else config.loadFromFile(`${env['HOME'] ?? env['USERPROFILE'] ?? ''}/.kube/config`)
    if (context !== undefined) config.setCurrentContext(context)
    if (!config.getCurrentCluster()) throw new Error(noCluster(context ?? config.currentContext))
  } catch (cause) {
    throw new EverwarmError('EXECUTOR_UNREACHABLE', {
      message: `No cluster is known: ${cause instanceof Error ? cause.message : String(cause)}.`,
      hint: 'Name a file with `--kubeconfig` or KUBECONFIG, and a context of it.',
      cause,
    })
  }
}

const noCluster = (context: string | undefined) =>
  context ? `there is no context "${context}" with a cluster in it` : 'there is no current context in it'

function loadFiles(config: KubeConfig, [first, ...others]: readonly string[]): void {
  config.loadFromFile(first!)
  for (const file of others) {
    const other = new (config.constructor as new () => KubeConfig)()
    other.loadFromFile(file)
    config.mergeConfig(other, true)
  }
}

export const statusOf = (error: unknown): number | undefined => {
  const { code, status } = (error ?? {}) as { code?: unknown; status?: unknown }
  return typeof code === 'number' ? code : typeof status === 'number' ? status : undefined
}

/** What the server says went wrong, without headers and bodies. */
export function saidBy(error: unknown): string {
  const { body, message, cause } = (error ?? {}) as { body?: unknown; message?: string; cause?: { message?: string } }
  try {
    const said = (typeof body === 'string' ? JSON.parse(body) : body) as { message?: string } | undefined
    if (said?.message) return said.message
  } catch {
    // No JSON: its first line has to do.
  }
  return cause?.message ?? (message ?? String(error)).split('\n')[0]!
}

const TRIES = 4
const FIRST_RETRY_MS = 250

/** What is asked to go: tried again where the server is away for a moment. */
async function missingIsFine(remove: () => Promise<unknown>): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await remove()
      return
    } catch (error) {
      const status = statusOf(error)
      if (status === 404) return
      const isOfMoment = status === undefined || status === 429 || status >= 500
      if (!isOfMoment || tries === TRIES) throw error
    }
    await after(FIRST_RETRY_MS * 2 ** tries)
  }
}

/** The client's own functions for logs end this process where a connection breaks (an error event that nobody hears). */
async function openStream(config: KubeConfig, path: string, signal: AbortSignal): Promise<IncomingMessage> {
  const options: RequestOptions = { signal }
  await config.applyToHTTPSOptions(options)
  const url = new URL(config.getCurrentCluster()!.server.replace(/\/$/, '') + path)
  const request = url.protocol === 'https:' ? httpsRequest(url, options) : httpRequest(url, options)
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  request.once('error', reject)
  request.once('response', (response) => {
    // An aborted answer is an error, too; who reads it hears of it by its close.
    response.on('error', () => {})
    if (response.statusCode === 200) return resolve(response)
    const chunks: Buffer[] = []
    response.on('data', (chunk: Buffer) => chunks.push(chunk))
    response.on('close', () => {
      const body = Buffer.concat(chunks).toString('utf8')
      reject(Object.assign(new Error(`HTTP ${response.statusCode}`), { status: response.statusCode, body }))
    })
  })
  request.end()
  return promise
}
