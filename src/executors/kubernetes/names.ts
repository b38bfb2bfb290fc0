import { createHash } from 'node:crypto'

/** Marks of what belongs to an execution; sweeps look for them. */
export const EXECUTION_LABEL = 'everwarm.execution'
export const OWNER_LABEL = 'everwarm.owner'
export const SITE_LABEL = 'everwarm.site'
export const SERVICE_LABEL = 'everwarm.service'
/** On leases. */
export const ENGINE_LABEL = 'everwarm.engine'

const LONGEST_NAME = 52

/**
 * A name for objects: a DNS label with room for what controllers add to it (63 in all). Different parts give different names.
 */
export function objectName(...parts: readonly string[]): string {
  const whole = parts.join('-')
  const plain = whole
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
  if (plain === whole && plain.length <= LONGEST_NAME) return plain
  const mark = createHash('sha256').update(whole).digest('hex').slice(0, 8)
  return `${plain.slice(0, LONGEST_NAME - 9).replace(/-+$/, '')}-${mark}`
}

/** A value of a label: at most 63 characters; what cannot be one is cut and marked. */
export function labelValue(text: string): string {
  if (/^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/.test(text)) return text
  const mark = createHash('sha256').update(text).digest('hex').slice(0, 8)
  const plain = text.replaceAll(/[^A-Za-z0-9._-]/g, '_').replaceAll(/^[._-]+|[._-]+$/g, '')
  return plain === '' ? mark : `${plain.slice(0, 53).replace(/[._-]+$/, '')}-${mark}`
}
