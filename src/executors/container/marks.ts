import { lifeOf, ownMark, type ProcessMark } from '../../system/process-mark.ts'

/** Labels of everything that is made. */
export const EXECUTION = 'everwarm.execution'
export const OWNER = 'everwarm.owner'
export const SITE = 'everwarm.site'

/** `host/boot/pid space/pid/start`: all of one process, and no other one's. */
export function ownerText({ host, bootId, pidSpace, pid, startedAt }: ProcessMark = ownMark()): string {
  return [host, bootId, pidSpace, String(pid), startedAt].map(encodeURIComponent).join('/')
}

/** Whether that owner has surely ended. Of another machine, or another space of processes, nobody here knows. */
export function isDead(text: string, self = ownMark()): boolean {
  const [host, bootId, pidSpace, pid, startedAt, ...rest] = text.split('/').map(decoded)
  if (startedAt === undefined || rest.length > 0) return false
  const mark = { host: host!, bootId: bootId!, pidSpace: pidSpace!, pid: Number(pid), startedAt }
  return lifeOf(mark, self) === 'dead'
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    // Written by nobody of us.
    return part
  }
}
