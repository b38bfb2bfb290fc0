import type { WorkflowEvent } from '../../contracts/workflow/events.ts'

/** Where an instance is reached. */
export interface ServiceAddress {
  ip: string
  /** Port on which it says it listens → port at which it is reached. */
  ports: Readonly<Record<string, number>>
}

/** Service → its instances. */
export type GroupAddresses = Readonly<Record<string, readonly ServiceAddress[]>>

/** Gathers them from events. */
export class AddressBook {
  readonly #services: Record<string, ServiceAddress[]> = {}

  hear(event: WorkflowEvent): void {
    if (event.type !== 'service' || event.address === undefined) return
    const instances = (this.#services[event.name] ??= [])
    instances[event.index] = { ip: event.address, ports: event.ports ?? {} }
  }

  get all(): GroupAddresses {
    return this.#services
  }
}

/** Assignments for a shell: `SERVICES_DB_0_IP=…`, `SERVICES_DB_0_PORT_5432=…`. */
export function shellLines(services: GroupAddresses): string[] {
  return Object.entries(services).flatMap(([name, instances]) =>
    instances.flatMap(({ ip, ports }, index) => {
      const prefix = `SERVICES_${name.toUpperCase().replaceAll('-', '_')}_${index}`
      return [`${prefix}_IP=${quoted(ip)}`, ...Object.entries(ports).map(([port, real]) => `${prefix}_PORT_${port}=${real}`)]
    }),
  )
}

const quoted = (text: string) => (/^[\w.:-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`)
