import type { Kubelet } from './kubelet.ts'
import type { KubeObject } from './kube-objects.ts'
import type { ObjectStore } from './object-store.ts'

/** Jobs make pods and end with them, finished Jobs go after their time, and what somebody owned goes with its owner. */
export function runControllers(store: ObjectStore, kubelet: () => Kubelet): () => void {
  const timers = new Set<NodeJS.Timeout>()
  const removing = new Set<string>()

  const removePod = async (pod: KubeObject, graceSeconds: number) => {
    if (removing.has(pod.metadata.uid!)) return
    removing.add(pod.metadata.uid!)
    await kubelet().remove(pod, graceSeconds)
    store.remove('pods', pod)
  }
  const removeOwned = (uid: string) => {
    for (const kind of ['pods', 'secrets', 'persistentvolumeclaims'])
      for (const object of store.list(kind)) {
        if (!object.metadata.ownerReferences?.some((owner) => owner.uid === uid)) continue
        if (kind === 'pods') void removePod(object, object.spec.terminationGracePeriodSeconds ?? 30)
        else store.remove(kind, object)
      }
  }
  const makePod = (job: KubeObject) => {
    const { metadata, spec } = job.spec.template
    const { name, uid, namespace } = job.metadata
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: `${name}-${uid!.slice(0, 5)}`,
        labels: { ...metadata.labels, 'job-name': name, 'controller-uid': uid! },
        annotations: metadata.annotations,
        ownerReferences: [{ uid: uid!, kind: 'Job', name, controller: true }],
      },
      spec,
    }
    store.create('pods', namespace!, pod as KubeObject)
  }
  const finish = (pod: KubeObject) => {
    const owner = pod.metadata.ownerReferences?.find(({ kind }) => kind === 'Job')
    const job = owner && store.find('jobs', pod.metadata.namespace!, owner.name)
    const isOver = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
    if (!job || !isOver || job.status?.conditions || pod.metadata.labels?.['job-name'] !== job.metadata.name) return
    const type = pod.status.phase === 'Succeeded' ? 'Complete' : 'Failed'
    store.replace('jobs', { ...job, status: { conditions: [{ type, status: 'True' }] } })
    const ttlMs = (job.spec.ttlSecondsAfterFinished ?? 3_600) * 1_000
    timers.add(setTimeout(() => store.remove('jobs', job), ttlMs))
  }
  const stop = store.watch(0, ({ type, kind, object }) => {
    if (type === 'DELETED') return removeOwned(object.metadata.uid!)
    if (kind === 'jobs' && type === 'ADDED') return makePod(object)
    if (kind !== 'pods') return
    if (type === 'ADDED') kubelet().run(object)
    else if (object.metadata.deletionTimestamp) void removePod(object, object.metadata.deletionGracePeriodSeconds ?? 30)
    else finish(object)
  })
  return () => {
    stop()
    for (const timer of timers) clearTimeout(timer)
  }
}
