import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { RUNTIME_LEASES } from '../../src/cli/lease-runtimes.ts'
import type { RuntimeReply } from '../../src/contracts/runtime-wire.ts'
import { findRuntime } from '../../src/environments/vms/binaries.ts'
import type { Runtime } from '../../src/environments/vms/runtime-names.ts'
import type { DaemonClient } from '../../src/pool/daemon/client.ts'
import { eventually, house, type House, runs } from '../daemon/harness.ts'
import { cpuShare, groupOf } from './processes.ts'

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url))
const ALL: Runtime[] = ['node', 'bun', 'deno', 'workerd']
/** Those whose contexts keep what was evaluated before. */
const KEEPING: Runtime[] = ['node', 'bun', 'deno']

let home: House
let client: DaemonClient
let cwd = ''
beforeAll(async () => {
  cwd = realpathSync(mkdtempSync(join(tmpdir(), 'ew-cwd-')))
  home = house()
  client = await home.connect()
})
afterAll(async () => {
  await client.close()
  await home.close()
  rmSync(cwd, { recursive: true, force: true })
})

type Reply = Extract<RuntimeReply, { id: unknown }> & { value?: any; error?: { name: string; message: string; stack: string } }

interface Holder {
  hostPid: number
  leaseId: string
  seen: RuntimeReply[]
  ask(request: Record<string, unknown>): Promise<Reply>
  /** Says it and does not wait. */
  say(line: string): void
  closed: Promise<void>
  close(): Promise<void>
}

async function hold(runtime: Runtime, by: DaemonClient = client): Promise<Holder> {
  const env = {
    PATH: process.env.PATH!,
    [`EVERWARM_${runtime.toUpperCase()}`]: findRuntime(runtime, { root: REPOSITORY, env: {} }),
  }
  const row = RUNTIME_LEASES[runtime]
  const lease = await by.acquire({ profile: await row.profile(env, cwd), waitMs: 20_000 })
  const variables = await row.variables(lease)
  const socket = connect(variables['EVERWARM_ADDRESS']!)
  const waiting = new Map<unknown, (reply: Reply) => void>()
  const seen: RuntimeReply[] = []
  let rest = ''
  let serial = 0
  socket.on('error', () => {})
  socket.on('data', (chunk) => {
    const lines = (rest + String(chunk)).split('\n')
    rest = lines.pop()!
    for (const line of lines) {
      const reply = JSON.parse(line) as Reply
      seen.push(reply)
      waiting.get(reply.id)?.(reply)
    }
  })
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  socket.write(`${variables['EVERWARM_TOKEN']}\n`)
  return {
    hostPid: lease.hostPid,
    leaseId: variables['EVERWARM_LEASE_ID']!,
    seen,
    closed,
    say: (line) => void socket.write(`${line}\n`),
    ask(request) {
      const id = (serial += 1)
      return new Promise((resolve) => {
        waiting.set(id, resolve)
        socket.write(`${JSON.stringify({ id, ...request })}\n`)
      })
    },
    close() {
      socket.destroy()
      return closed
    },
  }
}

/** Lends for one test; the pool has it back afterwards. */
async function holding<T>(runtime: Runtime, use: (holder: Holder) => Promise<T>): Promise<T> {
  const holder = await hold(runtime)
  try {
    return await use(holder)
  } finally {
    await holder.close()
  }
}

const heldLeases = async () => (await client.status()).leases.map(({ leaseId }) => leaseId)

/** Line n of the text is line n of `src/original.ts`. */
function withMap(text: string): string {
  const mappings = text
    .split('\n')
    .map((_, line) => (line === 0 ? 'AAAA' : 'AACA'))
    .join(';')
  const map = { version: 3, sources: ['src/original.ts'], names: [], mappings }
  return `${text}\n//# sourceMappingURL=data:application/json;base64,${Buffer.from(JSON.stringify(map)).toString('base64')}`
}

describe.for(ALL)('a lease of %s', (runtime) => {
  test('evaluates an expression', () =>
    holding(runtime, async ({ ask }) => {
      expect(await ask({ code: '6 * 7' })).toEqual({ id: 1, value: 42 })
    }))

  test('evaluates a module, which may wait and import what is built in', () =>
    holding(runtime, async ({ ask }) => {
      const code = 'import { join } from "node:path"\nawait 0\nexport default { path: join("a", "b") }'
      expect((await ask({ code })).value).toEqual({ path: 'a/b' })
    }))

  test('gives the exports of a module that has no default', () =>
    holding(runtime, async ({ ask }) => {
      expect((await ask({ code: 'export const a = 1; export const b = [2]' })).value).toEqual({ a: 1, b: [2] })
    }))

  test('evaluates CommonJS', () =>
    holding(runtime, async ({ ask }) => {
      const code = 'module.exports = require("node:path").join("c", "d")'
      expect((await ask({ code, format: 'commonjs' })).value).toBe('c/d')
    }))

  test('imports a file', async () => {
    const path = join(cwd, `file-${runtime}.mjs`)
    writeFileSync(path, 'export default "from a file"')
    await holding(runtime, async ({ ask }) => expect((await ask({ import: path })).value).toBe('from a file'))
  })

  test('is of the runtime that was asked for', () =>
    holding(runtime, async ({ ask }) => {
      const { value } = await ask({
        code: 'typeof Bun !== "undefined" ? "bun" : typeof Deno !== "undefined" ? "deno" : navigator.userAgent === "Cloudflare-Workers" ? "workerd" : "node"',
      })
      expect(value).toBe(runtime)
    }))

  test('says an error with its name, message and place', () =>
    holding(runtime, async ({ ask }) => {
      const { error } = await ask({
        code: 'export default 1\nfunction boom() { throw new RangeError("far") }\nboom()',
        name: 'own.js',
      })
      expect(error).toMatchObject({ name: 'RangeError', message: 'far' })
      expect(error!.stack).toMatch(/own\.js:3:\d+/)
    }))

  test.for(['module', 'commonjs'])('finds the original file of a bundle with an inline source map (%s)', (format) =>
    holding(runtime, async ({ ask }) => {
      const { error } = await ask({ code: withMap('let first\nfunction boom() { throw new Error("far") }\nboom()'), format })
      expect(error!.stack).toMatch(/boom \(src\/original\.ts:2:\d+\)/)
      expect(error!.stack).toMatch(/src\/original\.ts:3:\d+/)
    }),
  )

  test('finds the original file of an imported bundle', async () => {
    const path = join(cwd, `bundle-${runtime}.mjs`)
    writeFileSync(path, withMap('let first\nfunction boom() { throw new Error("far") }\nboom()'))
    await holding(runtime, async ({ ask }) => {
      expect((await ask({ import: path })).error!.stack).toMatch(/src\/original\.ts:2:\d+/)
    })
  })

  test('tells what was printed', () =>
    holding(runtime, async ({ ask, seen }) => {
      await ask({ code: 'console.log("out", 1); console.error("err"); export default 1' })
      expect(seen.filter((reply) => 'stream' in reply)).toEqual([
        { stream: 'stdout', text: 'out 1\n' },
        { stream: 'stderr', text: 'err\n' },
      ])
    }))

  test('sets variables of its context', () =>
    holding(runtime, async ({ ask }) => {
      await ask({ env: { MINE: 'yes' } })
      expect((await ask({ code: 'process.env.MINE' })).value).toBe('yes')
    }))

  test('begins with nothing that another has left', async () => {
    await holding(runtime, ({ ask }) =>
      ask({ code: 'globalThis.left = 1; process.env.LEFT = "1"; Array.prototype.left = 1; export default 1' }),
    )
    await holding(runtime, async ({ ask }) => {
      const { value } = await ask({ code: '[typeof globalThis.left, process.env.LEFT === undefined, [].left === undefined]' })
      expect(value).toEqual(['undefined', true, true])
    })
  })

  test('answers a request that is none with what is wrong', () =>
    holding(runtime, async ({ say, ask, seen }) => {
      for (const line of ['no JSON', '{"code":"1"}', '{"id":7}', '{"id":7,"code":"1","format":"wat"}']) say(line)
      await ask({ code: '1' })
      expect(seen.slice(0, 4)).toEqual(
        [1, 2, 3, 4].map(() => expect.objectContaining({ id: null, error: expect.objectContaining({ name: 'BadRequest' }) })),
      )
    }))

  test('ends with its connection, in the midst of an endless loop too, and the next one works', async () => {
    const holder = await hold(runtime)
    await holder.ask({ code: '1' })
    holder.say(JSON.stringify({ id: 'loop', code: 'export default 1; for (;;);' }))
    await holder.close()
    await eventually('the lease is over', async () => !(await heldLeases()).includes(holder.leaseId))
    await holding(runtime, async ({ ask }) => expect((await ask({ code: '1 + 1' })).value).toBe(2))
    await eventually('nothing computes any more', async () => (await cpuShare(holder.hostPid)) < 0.5)
  })

  test('does not disturb another when it is killed', async () => {
    const [one, other] = [await hold(runtime), await hold(runtime)]
    expect(other.hostPid).toBe(one.hostPid)
    await one.ask({ code: '1' })
    one.say(JSON.stringify({ id: 'loop', code: 'export default 1; for (;;);' }))
    const answer = other.ask({ code: 'await new Promise((resolve) => queueMicrotask(resolve)); export default "fine"' })
    await one.close()
    expect(await answer).toEqual({ id: 1, value: 'fine' })
    await other.close()
  })

  test('ends when the client of the daemon goes without a word', async () => {
    const leaving = await home.connect()
    const holder = await hold(runtime, leaving)
    await holder.ask({ code: '1' })
    await leaving.close()
    await holder.closed
    await eventually('the lease is over', async () => !(await heldLeases()).includes(holder.leaseId))
  })
})

describe.for(KEEPING)('a context of %s', (runtime) => {
  test('keeps what was evaluated before', () =>
    holding(runtime, async ({ ask }) => {
      await ask({ code: 'globalThis.kept = [1]' })
      expect((await ask({ code: 'kept.push(2); kept' })).value).toEqual([1, 2])
    }))

  test('that ends itself says so, and takes nobody with it', () =>
    holding(runtime, async (other) => {
      await other.ask({ code: '1' })
      const holder = await hold(runtime)
      expect((await holder.ask({ code: 'process.exit(3)' })).error).toMatchObject({ name: 'ContextEnded' })
      await holder.closed
      expect((await other.ask({ code: '2' })).value).toBe(2)
    }))

  test('reports an error that nobody caught, and is over', () =>
    holding(runtime, async ({ ask, seen, closed }) => {
      await ask({ code: 'setTimeout(() => { throw new Error("late") }); 1' })
      await closed
      expect(seen.at(-1)).toMatchObject({ id: null, error: { name: 'Error', message: 'late' } })
    }))

  test('finds modules of its folder by require', async () => {
    writeFileSync(join(cwd, 'helper.cjs'), 'exports.help = () => "helped"')
    await holding(runtime, async ({ ask }) =>
      expect((await ask({ code: 'require("./helper.cjs").help()' })).value).toBe('helped'),
    )
  })
})

test('workerd goes on over hundreds of isolates, in a fresh process in between', () =>
  holding('workerd', async ({ ask, hostPid }) => {
    await ask({ code: '0' })
    const before = groupOf(hostPid)
    for (let at = 0; at < 250; at++) expect((await ask({ code: `${at} + 1` })).value).toBe(at + 1)
    await eventually('the first process is gone', () => before.some((pid) => !runs(pid)))
    expect((await ask({ code: '"still there"' })).value).toBe('still there')
  }))

test('one host of a runtime serves eight at once', async () => {
  const holders = await Promise.all(Array.from({ length: 8 }, () => hold('bun')))
  expect(new Set(holders.map(({ hostPid }) => hostPid)).size).toBe(1)
  expect(await Promise.all(holders.map(({ ask }, at) => ask({ code: `${at} * 2` }).then(({ value }) => value)))).toEqual(
    holders.map((_, at) => at * 2),
  )
  await Promise.all(holders.map(({ close }) => close()))
})

test.for(ALL)('with the daemon end the hosts of %s and what they have started', async (runtime) => {
  const own = house()
  const daemon = await own.connect()
  const holder = await hold(runtime, daemon)
  await holder.ask({ code: '1' })
  const members = groupOf(holder.hostPid)
  process.kill(daemon.welcome.pid, 'SIGKILL')
  await holder.closed
  await eventually('all of them are gone', () => members.every((pid) => !runs(pid)))
  await eventually('nothing is left in the folder', () => own.leftovers().filter((name) => /^h|\.d$/.test(name)).length === 0)
  await own.close()
})
