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

test('the version is printed', async () => {
  for (const option of ['--version', '-v'])
    expect(await everwarm(option)).toMatchObject({ code: 0, out: expect.stringMatching(/^everwarm \d+\.\d+\.\d+\n$/), err: '' })
})

const COMMANDS = [
  'explain',
  'pool status',
  'pool warm',
  'pool drain',
  'pool stop',
  'lease',
  'plan',
  'timings show',
  'timings import',
  'timings export',
  'runner run',
  'runner serve',
  'orchestrator serve',
]

test.for([[[]], [['help']], [['--help']], [['-h']]] as const)(
  '"everwarm %s" lists all commands and the exit codes',
  async ([args]) => {
    const { code, out, err } = await everwarm(...args)
    expect({ code, err }).toEqual({ code: 0, err: '' })
    for (const name of COMMANDS) expect(out).toContain(`  everwarm ${name} `)
    expect(out).toContain('Exit codes: 0 done, 1 failed, 2 asked wrongly.')
  },
)

test.for([[['pool', '--help']], [['help', 'pool']]] as const)('"everwarm %s" lists the commands of the pool', async ([args]) => {
  const { code, out } = await everwarm(...args)
  expect(code).toBe(0)
  expect(out.match(/^ {2}everwarm pool \w+ {2}/gm)).toHaveLength(COMMANDS.filter((name) => name.startsWith('pool')).length)
  expect(out).not.toContain('everwarm explain')
})

test.for(COMMANDS)('"everwarm %s --help" explains it and does nothing', async (name) => {
  const asked = await everwarm(...name.split(' '), '--help')
  expect(asked).toMatchObject({ code: 0, out: expect.stringContaining(`everwarm ${name}: `), err: '' })
  expect(await everwarm('help', ...name.split(' '))).toEqual(asked)
  expect(at!.leftovers()).toEqual([])
})

test.for([
  [['pool'], /"everwarm pool" is not complete: "pool status", "pool warm", "pool drain", "pool stop"/, 'everwarm pool --help'],
  [['pool', 'stauts'], /no command "pool stauts"; there are "pool status"/, 'everwarm pool --help'],
  [['polo'], /no command "polo"; there are .*"doctor", "explain", "pool status"/, 'everwarm --help'],
  [['help', 'polo'], /no command "polo"/, 'everwarm --help'],
  [['--jsn'], /no option "--jsn"/, 'everwarm --help'],
  [['pool', '--jsn'], /no option "--jsn" of "everwarm pool"/, 'everwarm --help'],
  [['pool', 'status', '--jsn'], /Unknown option '--jsn'/, 'everwarm pool status --help'],
  [['pool', 'status', 'now'], /"now" is too much here/, 'everwarm pool status --help'],
  [['pool', 'warm', '--count', 'x'], /--count must be a whole number from 1 to 64, not "x"/, 'everwarm pool warm --help'],
  [['pool', 'warm', '--count'], /'--count <value>' argument missing/, 'everwarm pool warm --help'],
  [['pool', 'warm', '--count', '0'], /--count must be a whole number/, 'everwarm pool warm --help'],
  [['pool', 'warm', '--root', '/nowhere'], /No test run of \/nowhere is remembered/, 'Run its tests once'],
  [['explain'], /Which test file/, 'everwarm explain --help'],
  [['explain', 'a', 'b'], /Which test file/, 'everwarm explain --help'],
  [['coordinator', '--port', 'x'], /--port must be a whole number/, 'everwarm coordinator --help'],
  [['coordinator', '--token', 'short'], /has 5 characters/, 'openssl rand'],
  [['coordinator', '--folder', '/dev/null'], /\/dev\/null/, '--folder'],
  [['worker', '--connect', 'http://x:8632'], /write ws:\/\/x:8632/, 'everwarm worker --help'],
  [['explain', '/nowhere.test.ts'], /There is no file \/nowhere\.test\.ts/, 'Give its path'],
] as const)('"everwarm %s" is refused with code 2, what is wrong, and where to look', async ([args, message, hint]) => {
  const { code, out, err } = await everwarm(...args)
  expect(code).toBe(2)
  expect(out).toBe('')
  expect(err).toMatch(/^everwarm BAD_INPUT: .+\neverwarm .+\n$/)
  expect(err).toMatch(message)
  expect(err).toContain(hint)
})

test('tests on workers without a token end at once', async () => {
  const { code, err } = await everwarm('test', '--workers', 'remote', '--host', 'vitest')
  expect(code).toBe(2)
  expect(err).toContain('TOKEN_MISSING')
})

test('a variable that is wrong is refused with code 2, too', async () => {
  at = house({ EVERWARM_IDLE_MS: 'soon' })
  for (const command of ['status', 'stop']) {
    const { code, err } = await everwarm('pool', command)
    expect(code).toBe(2)
    expect(err).toContain('CONFIG_INVALID: EVERWARM_IDLE_MS must be a whole number')
  }
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

test('the metrics count leases, how they ended and how long they took', async () => {
  expect(await everwarm('pool', 'status', '--metrics')).toMatchObject({ code: 0, out: expect.stringMatching(/^everwarm_up 0$/m) })
  const client = await at!.connect()
  for (const outcome of ['clean', 'clean', 'tainted'] as const) {
    const lease = await client.acquire(at!.request())
    await client.release(lease.leaseId, { outcome })
  }
  await client.acquire(at!.request())
  await expect(client.acquire(at!.request({ nodePath: '/no "node"' }))).rejects.toMatchObject({ code: 'HOST_START_FAILED' })

  const { code, out } = await everwarm('pool', 'status', '--metrics')
  expect(code).toBe(0)
  for (const line of [
    'everwarm_up 1',
    'everwarm_clients 1',
    'everwarm_leases 1',
    'everwarm_leases_granted_total 4',
    'everwarm_leases_ended_total{outcome="clean"} 2',
    'everwarm_leases_ended_total{outcome="tainted"} 1',
    'everwarm_leases_refused_total{code="HOST_START_FAILED"} 1',
    'everwarm_hosts{state="leased"} 1',
    'everwarm_hosts_retired_total{reason="tainted"} 1',
    'everwarm_lease_wait_seconds_bucket{le="+Inf"} 4',
    'everwarm_lease_wait_seconds_count 4',
    'everwarm_lease_held_seconds_count 3',
  ])
    expect(out.split('\n')).toContain(line)
  // Every line is a comment or a sample, and no metric is declared twice.
  const sample = /^(?:# (?:HELP|TYPE) |everwarm_\w+(?:\{\w+="[^"]*"\})? [\d.e+-]+$)/
  expect(
    out
      .trimEnd()
      .split('\n')
      .filter((line) => !sample.test(line)),
  ).toEqual([])
  const declared = out.match(/^# TYPE \w+/gm)!
  expect(new Set(declared).size).toBe(declared.length)
  expect((await everwarm('pool', 'status', '--metrics', '--json')).code).toBe(2)
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
