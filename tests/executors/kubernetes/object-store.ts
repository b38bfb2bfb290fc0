import { randomUUID } from 'node:crypto'
import { hasLabels, type KubeObject } from './kube-objects.ts'

export interface StoreEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED'
  kind: string
  object: KubeObject
  version: number
}

/** Objects of an API, their versions, and who watches. */
export class ObjectStore {
  #version = 1
  readonly #objects = new Map<string, KubeObject>()
  readonly #events: StoreEvent[] = []
  readonly #listeners = new Set<(event: StoreEvent) => void>()

  get version() {
    return String(this.#version)
  }

  find = (kind: string, namespace: string, name: string) => this.#objects.get(`${kind}/${namespace}/${name}`)

  list(kind: string, namespace?: string, selector: string | null = null): KubeObject[] {
    const prefix = namespace === undefined ? `${kind}/` : `${kind}/${namespace}/`
    return [...this.#objects].filter(([key, object]) => key.startsWith(prefix) && hasLabels(object, selector)).map(([, o]) => o)
  }

  create(kind: string, namespace: string, object: KubeObject): KubeObject {
    const metadata = { ...object.metadata, namespace, uid: randomUUID(), creationTimestamp: new Date().toISOString() }
    return this.#put('ADDED', kind, { ...object, metadata })
  }

  replace = (kind: string, object: KubeObject): KubeObject => this.#put('MODIFIED', kind, object)

  remove(kind: string, { metadata }: KubeObject): void {
    const key = `${kind}/${metadata.namespace}/${metadata.name}`
    const object = this.#objects.get(key)
    if (!object || object.metadata.uid !== metadata.uid) return
    this.#objects.delete(key)
    this.#say({ type: 'DELETED', kind, object })
  }

  /** From a version on; what has happened since comes first. */
  watch(since: number, listener: (event: StoreEvent) => void): () => void {
    for (const event of this.#events) if (event.version > since) listener(event)
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  #put(type: 'ADDED' | 'MODIFIED', kind: string, object: KubeObject): KubeObject {
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#version + 1) } }
    this.#objects.set(`${kind}/${stored.metadata.namespace}/${stored.metadata.name}`, stored)
    this.#say({ type, kind, object: stored })
    return stored
  }

  #say(event: Omit<StoreEvent, 'version'>): void {
    this.#version += 1
    const said = { ...event, version: this.#version }
    this.#events.push(said)
    for (const listener of this.#listeners) listener(said)
  }
}
