/** A field that an executor cannot give a meaning. */
export interface FieldNote {
  /** Where it may stand, without the steps around it: `container.image`, `pod.affinity`, `service.restartPolicy`, `job.namespace`. */
  field: string
  /** What is so instead, one sentence. */
  why: string
  /** `error`: the workflow would do something else, and does not begin. */
  severity: 'warning' | 'error'
}
