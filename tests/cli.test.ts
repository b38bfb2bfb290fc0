import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { house, type House } from './daemon/harness.ts'

const MAIN = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url))

let at: House | undefined
afterEach(async () => {
  await at?.close()
  at = undefined
})

function everwarm(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  at ??= house()
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], { env: at!.env }, (error, out, err) =>
      resolve({ code: error ? Number(error.code) : 0, out, err }),
    )
  })
}

test('the version and the help are printed', async () => {
  expect(await everwarm('--version')).toMatchObject({ code: 0, out: expect.stringMatching(/^everwarm \d+\.\d+\.\d+\n$/) })
  expect(await everwarm('--help')).toMatchObject({ code: 0, out: expect.stringContaining('everwarm pool warm') })
  expect(await everwarm('pool', 'status', '--help')).toMatchObject({ code: 0, out: expect.stringContaining('--json') })
})

test.for([
  [['pool', 'stauts']],
  [['polo']],
  [['--jsn']],
  [['pool', 'status', '--jsn']],
  [['pool', 'status', 'now']],
  [['pool', 'warm', '--count', 'x']],
  [['pool', 'warm', '--count', '0']],
  [['pool', 'warm', '--root', '/nowhere']],
] as const)('"%s" is refused with code 2, an error code and a hint', async ([args]) => {
  const { code, out, err } = await everwarm(...args)
  expect(code).toBe(2)
  expect(out).toBe('')
  expect(err).toMatch(/BAD_INPUT: .+\n.*(--help|Run its tests)/)
})

test('status without a daemon starts none and prints the same shape as with one', async () => {
  const without = JSON.parse((await everwarm('pool', 'status', '--json')).out)
  expect(without.daemon).toBeNull()
  expect(at!.leftovers()).toEqual([])
  const client = await at!.connect()
  const withOne = JSON.parse((await everwarm('pool', 'status', '--json')).out)
  expect(withOne.daemon).toMatchObject({ pid: client.welcome.pid, clients: 1 })
  expect(Object.keys(without).sort()).toEqual(Object.keys(withOne).sort())
})

test('status shows who holds what', async () => {
  at = house()
  const client = await at.connect('vitest /home/me/app')
  const lease = await client.acquire(at.request())
  const { out } = await everwarm('pool', 'status')
  expect(out).toContain(at.profile().root)
  expect(out).toMatch(new RegExp(`${lease.hostPid}\\s+leased`))
  expect(out).toContain(`vitest /home/me/app (${process.pid})`)
})

test('warm opens a host for the project used last, which the next run gets; drain ends it; stop ends the daemon', async () => {
  at = house()
  const before = await at.connect()
  const lease = await before.acquire(at.request())
  await before.release(lease.leaseId, { outcome: 'clean' })
  await before.stop()

  expect(await everwarm('pool', 'warm')).toMatchObject({ code: 0, out: `1 ready for ${at.profile().root}\n` })
  const after = await at.connect()
  expect((await after.status()).hosts).toMatchObject([{ state: 'idle', leases: 0 }])
  await after.acquire(at.request())
  expect((await after.status()).totals.hostsStarted).toBe(1)
  await after.close()

  expect(await everwarm('pool', 'drain')).toMatchObject({ code: 0, out: expect.stringContaining('end') })
  expect(await everwarm('pool', 'stop')).toMatchObject({ code: 0, out: expect.stringContaining('has ended') })
  expect(await everwarm('pool', 'stop')).toMatchObject({ code: 0, out: 'No daemon runs.\n' })
})
