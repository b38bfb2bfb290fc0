import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Docker } from '../../../src/executors/container/engine.ts'
import { execDoor, sendLog } from './exec-door.ts'
import type { KubeObject } from './kube-objects.ts'
import { isAbandoned, newNetwork, removeAll } from './pod-containers.ts'
import { PodRun, type PodRunOptions } from './pod-run.ts'

export interface KubeletOptions extends Omit<PodRunOptions, 'onStatus' | 'network'> {
  docker: Docker
  onStatus(pod: KubeObject, status: object): void
  protocols?: readonly string[]
}

export type Kubelet = Awaited<ReturnType<typeof startKubelet>>

/** Runs pods as real containers of an engine, each with a network of its own. */
export async function startKubelet({ onStatus, protocols, ...options }: KubeletOptions) {
  const { docker } = options
  await removeAll(docker, isAbandoned)
  const network = await newNetwork(docker)
  const runs = new Map<string, PodRun>()
  const keyOf = ({ metadata }: KubeObject) => `${metadata.namespace}/${metadata.name}`
  const door = execDoor(docker, protocols)
  const container = (key: string, name: string) => runs.get(key)?.container(name)
  return {
    breakAll: door.breakAll,
    run(pod: KubeObject) {
      const run = new PodRun(pod, { ...options, network, onStatus: (status) => onStatus(pod, status) })
      runs.set(keyOf(pod), run)
      run.run().catch((error: unknown) => console.error(`pod ${pod.metadata.name}:`, error))
    },
    /** Ends what runs without being among these any more: it was deleted by force. */
    keep(pods: readonly KubeObject[]) {
      const known = new Set(pods.map(keyOf))
      for (const [key, run] of runs) {
        if (known.has(key)) continue
        runs.delete(key)
        void run.stop(0)
      }
    },
    async remove(pod: KubeObject, graceSeconds: number) {
      await runs.get(keyOf(pod))?.stop(graceSeconds)
      runs.delete(keyOf(pod))
    },
    exec(request: IncomingMessage, socket: Duplex, head: Buffer, pod: string, name: string, command: string[]) {
      const found = container(pod, name)
      if (found) return door.accept(request, socket, head, found, command)
      socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n')
    },
    async log(response: ServerResponse, pod: string, name: string, follow: boolean) {
      const found = container(pod, name)
      if (found) return sendLog(response, found, follow)
      response.writeHead(400, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ kind: 'Status', status: 'Failure', message: `container "${name}" is waiting to start` }))
    },
    async close() {
      await Promise.all([...runs.values()].map((run) => run.stop(0)))
      await removeAll(docker, (name) => name === network)
    },
  }
}
