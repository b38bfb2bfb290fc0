import type { FieldNote } from '../field-notes.ts'

/** Nearly all fields are Kubernetes's own. */
export const KUBERNETES_NOTES: readonly FieldNote[] = [
  {
    field: 'container.resources.requests',
    why: 'Containers of a site wait beside each other, so their requests add up: steps that share a container ask once.',
    severity: 'warning',
  },
]
