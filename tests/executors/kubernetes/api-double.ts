import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Docker } from '../../../src/executors/container/engine.ts'
import { runControllers } from './controllers.ts'
import { type Kubelet, startKubelet } from './kubelet.ts'
import { hasLabels, type KubeObject } from './kube-objects.ts'
import { manifestFaults } from './manifest-faults.ts'
import { ObjectStore, type StoreEvent } from './object-store.ts'
import { type Rule, isAllowed } from './role-rules.ts'

export interface ApiDouble {
  url: string
  token: string
  store: ObjectStore
  kubelet: Kubelet
  /** `<verb> <resource>`, as a Role names them, of all that was asked. */
  calls: ReadonlySet<string>
  close(): Promise<void>
}

interface Call {
  kind: string
  namespace: string
  name?: string
  part?: string
  query: URLSearchParams
}

/**
 * As much of an API server as the executor speaks to: with a token, the rules of a Role, checks of manifests, watches, and pods that
 * are real containers.
 */
export async function startApiDouble(options: {
  docker: Docker
  image: string
  rules: readonly Rule[]
  protocols?: readonly string[]
}): Promise<ApiDouble> {
  const store = new ObjectStore()
  const token = 'token-of-tests'
  const calls = new Set<string>()
  const kubelet = await startKubelet({
    ...options,
    lookUp: async (kind, namespace, name) => store.find(kind, namespace, name),
    onStatus(pod, status) {
      const current = store.find('pods', pod.metadata.namespace!, pod.metadata.name)
      if (current?.metadata.uid === pod.metadata.uid && current) store.replace('pods', { ...current, status })
    },
  })
  const stopControllers = runControllers(store, () => kubelet)
  /** undefined: it may not, and was told so. */
  const admitted = (request: IncomingMessage, refuse: (status: number, message: string) => void): Call | undefined => {
    const call = parse(request.url!)
    if (request.headers.authorization !== `Bearer ${token}`) return refuse(401, 'Unauthorized') as undefined
    if (!call) return refuse(404, `no such path: ${request.url}`) as undefined
    const resource = call.part ? `${call.kind}/${call.part}` : call.kind
    const verb = verbOf(request.method!, call)
    calls.add(`${verb} ${resource}`)
    if (isAllowed(options.rules, verb, resource)) return call
    return refuse(403, `the account of the tests cannot ${verb} resource "${resource}"`) as undefined
  }

  const server = createServer((request, response) => {
    const call = admitted(request, (status, message) => answer(response, status, { kind: 'Status', message, code: status }))
    if (!call) return
    if (call.part === 'log')
      return void kubelet.log(response, `${call.namespace}/${call.name}`, call.query.get('container')!, true)
    if (call.query.get('watch') === 'true') return watch(store, call, response)
    void readBody(request).then((body) => answer(response, ...act(store, request.method!, call, body)))
  })
  server.on('upgrade', (request, socket, head) => {
    const refuse = (status: number) => socket.end(`HTTP/1.1 ${status} Refused\r\ncontent-length: 0\r\n\r\n`)
    const call = admitted(request, refuse)
    if (!call) return
    const { namespace, name, query } = call
    kubelet.exec(request, socket, head, `${namespace}/${name}`, query.get('container')!, query.getAll('command'))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token,
    store,
    kubelet,
    calls,
    async close() {
      stopControllers()
      server.closeAllConnections()
      server.close()
      await kubelet.close()
    },
  }
}

function parse(url: string): Call | undefined {
  const { pathname, searchParams } = new URL(url, 'http://api')
  const found = /^\/apis?\/(?:[\w.]+\/)?v1\/namespaces\/([\w-]+)\/(\w+)(?:\/([\w.-]+)(?:\/(\w+))?)?$/.exec(pathname)
  return found ? { namespace: found[1]!, kind: found[2]!, name: found[3], part: found[4], query: searchParams } : undefined
}

function verbOf(method: string, { name, query }: Call): string {
  if (method === 'GET') return query.get('watch') === 'true' ? 'watch' : name ? 'get' : 'list'
  return { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' }[method] ?? method
}

function act(store: ObjectStore, method: string, call: Call, body: KubeObject): [number, object] {
  const { kind, namespace, name } = call
  const refused = (code: number, message: string): [number, object] => [
    code,
    { kind: 'Status', status: 'Failure', message, code },
  ]
  if (method === 'GET' && !name)
    return [
      200,
      { metadata: { resourceVersion: store.version }, items: store.list(kind, namespace, call.query.get('labelSelector')) },
    ]
  const known = store.find(kind, namespace, name ?? body.metadata.name)
  if (method === 'POST') {
    const faults = manifestFaults(body)
    if (faults.length > 0) return refused(422, faults.join('; '))
    return known ? refused(409, `${kind} "${body.metadata.name}" already exists`) : [201, store.create(kind, namespace, body)]
  }
  if (!known) return refused(404, `${kind} "${name}" not found`)
  if (method === 'GET') return [200, known]
  if (method === 'PUT') {
    if (body.metadata.resourceVersion !== known.metadata.resourceVersion) return refused(409, 'the object has been modified')
    return [200, store.replace(kind, { ...body, metadata: { ...known.metadata, ...body.metadata } })]
  }
  if (kind !== 'pods') store.remove(kind, known)
  else if (!known.metadata.deletionTimestamp)
    store.replace(kind, dying(known, body as { gracePeriodSeconds?: number }, call.query))
  return [200, { kind: 'Status', status: 'Success' }]
}

function dying(pod: KubeObject, body: { gracePeriodSeconds?: number }, query: URLSearchParams): KubeObject {
  const told = query.get('gracePeriodSeconds') ?? body.gracePeriodSeconds
  const deletionGracePeriodSeconds = Number(told ?? pod.spec.terminationGracePeriodSeconds ?? 30)
  return { ...pod, metadata: { ...pod.metadata, deletionTimestamp: new Date().toISOString(), deletionGracePeriodSeconds } }
}

function watch(store: ObjectStore, { kind, namespace, query }: Call, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' })
  response.flushHeaders()
  const tell = ({ type, kind: of, object }: StoreEvent) => {
    const isMeant = of === kind && object.metadata.namespace === namespace && hasLabels(object, query.get('labelSelector'))
    if (isMeant) response.write(`${JSON.stringify({ type, object })}\n`)
  }
  response.once('close', store.watch(Number(query.get('resourceVersion') ?? 0), tell))
}

async function readBody(request: IncomingMessage): Promise<KubeObject> {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  return (text === '' ? {} : JSON.parse(text)) as KubeObject
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}
