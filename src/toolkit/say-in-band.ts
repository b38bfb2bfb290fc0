import { encodeInBand } from '../content/in-band.ts'
import type { WorkflowEvent } from '../contracts/workflow/events.ts'
import type { Env } from '../system/settings.ts'
import type { ServiceAddress } from './keeper/addresses.ts'

/**
 * Tells the engine around, in lines of standard output, what becomes of workers: the output `parallel` or `execute` of the step in
 * EVERWARM_REF. Without one nobody is there who could read it.
 */
export function workersInBand(name: 'parallel' | 'execute', env: Env): (event: WorkflowEvent) => void {
  const ref = env['EVERWARM_REF']
  if (!ref) return () => {}
  return (event) => {
    if (event.type !== 'worker' || event.unit !== '') return
    const { index, status, description, durationMs, error } = event
    say(ref, { name, isHint: false, value: { index, status, description, durationMs, error: error?.message } })
  }
}

/** The hint `services.<name>`: where its instances are. */
export function servicesInBand(services: Readonly<Record<string, readonly ServiceAddress[]>>, env: Env): void {
  const ref = env['EVERWARM_REF']
  if (ref) for (const [name, value] of Object.entries(services)) say(ref, { name: `services.${name}`, isHint: true, value })
}

function say(ref: string, message: { name: string; isHint: boolean; value: unknown }): void {
  process.stdout.write(encodeInBand({ ref, ...message }))
}
