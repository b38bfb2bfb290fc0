/** An object of the API, as loosely as tests need it. */
export interface KubeObject {
  apiVersion?: string
  kind?: string
  metadata: {
    name: string
    namespace?: string
    uid?: string
    labels?: Record<string, string>
    annotations?: Record<string, string>
    ownerReferences?: { uid: string; kind: string; name: string }[]
    resourceVersion?: string
    creationTimestamp?: string
    deletionTimestamp?: string
    deletionGracePeriodSeconds?: number
  }
  // oxlint-disable-next-line typescript/no-explicit-any
  spec?: any
  // oxlint-disable-next-line typescript/no-explicit-any
  status?: any
  data?: Record<string, string>
}

export const hasLabels = ({ metadata }: KubeObject, selector: string | null): boolean =>
  (selector ?? '')
    .split(',')
    .filter(Boolean)
    .every((part) => {
      const [name = '', value] = part.split('=')
      const found = metadata.labels?.[name]
      return value === undefined ? found !== undefined : found === value
    })
