import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Instance } from '../../src/environments/driver.ts'
import { nodeDriver, type NodeDriverOptions } from '../../src/environments/vms/node.ts'
import type { HeldLease, Leaser, LeaseLoss } from '../../src/pool/leaser.ts'
import { profileKey } from '../../src/pool/kinds.ts'
import type { HostProfile } from '../../src/contracts/profiles.ts'

interface LocalHost {
  key: string
  address: string
  instance: Instance
  served: number
  held: HeldLease | undefined
  lose(loss: LeaseLoss): void
}

/** Lends hosts of this very process, without a daemon; they end with it. */
export function localLeaser(options: NodeDriverOptions = {}): Leaser & { hosts(): number } {
  const driver = nodeDriver(options)
  const folder = mkdtempSync(join(tmpdir(), 'ew-'))
  const all = new Set<LocalHost>()
  const idle: LocalHost[] = []
  let serial = 0

  return {
    hosts: () => all.size,
    async acquire(profile) {
      const key = profileKey(profile)
      const kept = idle.findIndex((host) => host.key === key)
      const host = kept >= 0 ? idle.splice(kept, 1)[0]! : open()
      await host.instance.ready
      return lend(host)

      function open(): LocalHost {
        const hostId = `${++serial}`
        const address = join(folder, `h${hostId}.sock`)
        const opened: LocalHost = { key, address, served: 0, held: undefined, lose: () => {}, instance: undefined as never }
        opened.instance = driver.open(profile as HostProfile, {
          hostId,
          address,
          onOutput: (fd, chunk) => opened.held?.onOutput?.(fd, chunk),
          onReturning: () => {},
          onReport: () => {},
          onExit: ({ code, signal }) => {
            all.delete(opened)
            opened.lose({ kind: 'host-exited', code, signal })
          },
        })
        all.add(opened)
        return opened
      }
    },
    warm: () => {},
    async close() {
      for (const host of all) host.instance.close(0)
      rmSync(folder, { recursive: true, force: true })
    },
  }

  function lend(host: LocalHost): HeldLease {
    const { token } = host.instance.lend()
    const lost = new Promise<LeaseLoss>((resolve) => (host.lose = resolve))
    const held: HeldLease = {
      lease: {
        leaseId: `L${++serial}`,
        hostId: host.address,
        hostPid: host.instance.pid,
        address: host.address,
        token,
        served: host.served++,
      },
      lost,
      onOutput: null,
      async release({ outcome }) {
        host.held = undefined
        host.lose = () => {}
        if (outcome === 'clean') idle.push(host)
        else host.instance.close(300)
      },
    }
    host.held = held
    return held
  }
}
