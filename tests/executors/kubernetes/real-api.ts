import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { request } from 'node:https'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import type { Docker } from '../../../src/executors/container/engine.ts'
import { startKubelet } from './kubelet.ts'
import type { KubeObject } from './kube-objects.ts'
import { deployed } from './role-rules.ts'

const ADMIN = 'admin-of-tests'
const TOKEN = 'token-of-tests'
const NODE = 'test-node'

/**
 * A real kube-apiserver and kube-controller-manager (from a folder, see docs/kubernetes.md) with etcd, and our kubelet as their only
 * node. There is no scheduler: each pod is bound to it. Whoever has `token` has the rights of deploy/kubernetes/role.yaml.
 */
export async function startRealApi({ programs, docker, image }: { programs: string; docker: Docker; image: string }) {
  const folder = mkdtempSync(join(tmpdir(), 'ew-real-kube-'))
  const children: ChildProcess[] = []
  const start = (name: string, program: string, args: string[]) => {
    const log = openSync(join(folder, `${name}.log`), 'a')
    children.push(spawn(program, args, { stdio: ['ignore', log, log], cwd: folder }))
  }
  const [etcd, peer, secure] = [await freePort(), await freePort(), await freePort()]
  const url = `https://127.0.0.1:${secure}`
  writeFileSync(join(folder, 'tokens'), `${ADMIN},admin,admin,system:masters\n${TOKEN},everwarm,everwarm\n`, { mode: 0o600 })
  execFileSync('openssl', ['genrsa', '-out', join(folder, 'accounts.key'), '2048'], { stdio: 'ignore' })
  start('etcd', 'etcd', [
    `--data-dir=${folder}/etcd`,
    `--listen-client-urls=http://127.0.0.1:${etcd}`,
    `--advertise-client-urls=http://127.0.0.1:${etcd}`,
    `--listen-peer-urls=http://127.0.0.1:${peer}`,
  ])
  start('apiserver', join(programs, 'kube-apiserver'), [
    `--etcd-servers=http://127.0.0.1:${etcd}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${secure}`,
    `--cert-dir=${folder}/certs`,
    `--token-auth-file=${folder}/tokens`,
    '--authorization-mode=RBAC',
    '--service-cluster-ip-range=10.0.0.0/24',
    '--disable-admission-plugins=ServiceAccount',
    '--service-account-issuer=https://tests.example',
    `--service-account-key-file=${folder}/accounts.key`,
    `--service-account-signing-key-file=${folder}/accounts.key`,
    '--feature-gates=TTLAfterFinished=true',
    '--kubelet-preferred-address-types=InternalIP',
  ])
  const admin = adminOf(url)
  await until('the API server is ready', () => admin('GET', '/readyz'), folder)
  await until('there is a namespace', () => admin('GET', '/api/v1/namespaces/default'), folder)
  writeFileSync(join(folder, 'kubeconfig'), JSON.stringify(configOf(url)), { mode: 0o600 })
  start('controllers', join(programs, 'kube-controller-manager'), [
    `--kubeconfig=${folder}/kubeconfig`,
    '--controllers=job,ttl-after-finished,garbagecollector',
    '--leader-elect=false',
    '--feature-gates=TTLAfterFinished=true',
    '--bind-address=127.0.0.1',
    `--secure-port=${await freePort()}`,
    '--port=0',
    `--cert-dir=${folder}/controller-certs`,
  ])
  for (const object of deployed('role.yaml')) await grant(admin, object)

  const pods = '/api/v1/namespaces/default/pods'
  const reports = new Map<string, Promise<unknown>>()
  const kubelet = await startKubelet({
    docker,
    image,
    lookUp: (kind, namespace, name) =>
      admin('GET', `/api/v1/namespaces/${namespace}/${kind}/${name}`).then((found) => found as KubeObject, () => undefined), // prettier-ignore
    onStatus(pod, status) {
      // One after the other: an older one must not come last.
      const before = reports.get(pod.metadata.uid!) ?? Promise.resolve()
      const report = () =>
        admin('PATCH', `${pods}/${pod.metadata.name}/status`, { status }).catch(() => {
          // It has been deleted meanwhile.
        })
      reports.set(pod.metadata.uid!, before.then(report))
    },
  })
  const node = await listen(folder, kubelet)
  await admin('POST', '/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: NODE } })
  await admin('PATCH', `/api/v1/nodes/${NODE}/status`, {
    status: {
      addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
      daemonEndpoints: { kubeletEndpoint: { Port: node.port } },
    },
  })
  const stopWatching = watchPods(admin, kubelet)
  return {
    url,
    token: TOKEN,
    kubelet,
    async close() {
      stopWatching()
      await kubelet.close()
      node.close()
      for (const child of children.reverse()) child.kill('SIGKILL')
      await after(200)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

type Admin = (method: string, path: string, body?: object) => Promise<unknown>

function adminOf(url: string): Admin {
  return (method, path, body) =>
    new Promise((resolve, reject) => {
      const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
      const said = body === undefined ? '' : JSON.stringify(body)
      // A DELETE with a body gets no length by itself, and its body would be read as the next request.
      const headers = { authorization: `Bearer ${ADMIN}`, 'content-type': type, 'content-length': Buffer.byteLength(said) }
      // Its certificate is of its own making, and it listens on the loopback alone.
      const asked = request(url + path, { method, headers, rejectUnauthorized: false }, (response) => {
        let text = ''
        response.on('data', (chunk) => (text += String(chunk)))
        response.on('end', () => {
          if (response.statusCode! >= 300) return reject(new Error(`${method} ${path}: ${response.statusCode} ${text}`))
          resolve(text.startsWith('{') ? JSON.parse(text) : text)
        })
      })
      asked.once('error', reject)
      asked.end(said)
    })
}

async function grant(admin: Admin, object: KubeObject): Promise<void> {
  if (object.kind === 'ServiceAccount') return
  const subjects = [{ kind: 'User', name: 'everwarm', apiGroup: 'rbac.authorization.k8s.io' }]
  const plural = object.kind === 'Role' ? 'roles' : 'rolebindings'
  const body = object.kind === 'RoleBinding' ? { ...object, subjects } : object
  await admin('POST', `/apis/rbac.authorization.k8s.io/v1/namespaces/default/${plural}`, body)
}

/** What a kubelet does with pods of an API: looks ten times a second, which tests can afford. */
function watchPods(admin: Admin, kubelet: Awaited<ReturnType<typeof startKubelet>>): () => void {
  const over = new AbortController()
  const removing = new Set<string>()
  const binding = new Set<string>()
  const one = async (pod: KubeObject) => {
    const { name, namespace, uid, deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata
    const path = `/api/v1/namespaces/${namespace}/pods/${name}`
    if (deletionTimestamp) {
      if (removing.has(uid!)) return
      removing.add(uid!)
      void kubelet
        .remove(pod, deletionGracePeriodSeconds ?? 0)
        .then(() => admin('DELETE', path, { gracePeriodSeconds: 0 }))
        // Tried again at the next look.
        .catch((error: Error) => console.warn(`${name}: ${error.message}`))
        .finally(() => removing.delete(uid!))
    } else if (!pod.spec.nodeName && !binding.has(uid!)) {
      binding.add(uid!)
      const target = { apiVersion: 'v1', kind: 'Node', name: NODE }
      await admin('POST', `${path}/binding`, { apiVersion: 'v1', kind: 'Binding', metadata: { name }, target })
      kubelet.run(pod)
    }
  }
  const loop = async () => {
    while (!over.signal.aborted) {
      await after(100)
      const list = (await admin('GET', '/api/v1/namespaces/default/pods').catch(() => undefined)) as
        | { items: KubeObject[] }
        | undefined
      if (!list) continue
      await Promise.all(list.items.map((pod) => one(pod).catch(() => {})))
      kubelet.keep(list.items)
    }
  }
  void loop()
  return () => over.abort()
}

/** The address at which the API server asks a kubelet, with the certificate that it made for itself. */
async function listen(folder: string, kubelet: Awaited<ReturnType<typeof startKubelet>>) {
  const read = (name: string) => readFileSync(join(folder, 'certs', name))
  const server = createServer({ key: read('apiserver.key'), cert: read('apiserver.crt') }, (asked, response) => {
    const { pathname, searchParams } = new URL(asked.url!, 'https://node')
    const [, , namespace, pod, container] = pathname.split('/')
    void kubelet.log(response, `${namespace}/${pod}`, container!, searchParams.get('follow') === 'true')
  })
  server.on('upgrade', (asked, socket, head) => {
    const { pathname, searchParams } = new URL(asked.url!, 'https://node')
    const [, , namespace, pod, container] = pathname.split('/')
    kubelet.exec(asked, socket, head, `${namespace}/${pod}`, container!, searchParams.getAll('command'))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = () => {
    server.closeAllConnections()
    server.close()
  }
  return { port: (server.address() as AddressInfo).port, close }
}

const configOf = (server: string) => ({
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': 'tests',
  contexts: [{ name: 'tests', context: { cluster: 'tests', user: 'tests' } }],
  clusters: [{ name: 'tests', cluster: { server, 'insecure-skip-tls-verify': true } }],
  users: [{ name: 'tests', user: { token: ADMIN } }],
})

async function until(what: string, ask: () => Promise<unknown>, folder: string): Promise<void> {
  for (let tries = 0; tries < 300; tries += 1) {
    if (await ask().then(() => true, () => false)) return // prettier-ignore
    await after(100)
  }
  throw new Error(`after 30 s it is not so that ${what}: ${readFileSync(join(folder, 'apiserver.log'), 'utf8').slice(-2_000)}`)
}

async function freePort(): Promise<number> {
  const server = createTcpServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
