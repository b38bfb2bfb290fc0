import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseInBand } from '../../src/content/in-band.ts'
import { encodeArgument } from '../../src/workflow/expressions/argument.ts'
import { ownFolder, script, toolkit } from './toolkit-run.ts'

const SERVER = `
require('http')
  .createServer(({ url }, answer) => (url === '/die' ? process.exit(4) : answer.end('hello')))
  .listen(process.env.PORT, '127.0.0.1')`
const FETCH = `"${process.execPath}" -e 'fetch("http://" + process.argv[1]).then((a) => a.text()).then(console.log, () => {})'`
/** Says its own number, and then answers. */
const web = (more: object = {}) => ({
  ports: [80],
  transfer: [{ from: '.', files: ['server.cjs'] }],
  shell: `echo web {{ index }}; exec "${process.execPath}" server.cjs`,
  readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 1 },
  ...more,
})
const TIMEOUT = { timeout: 60_000 }

function project(): string {
  const folder = ownFolder()
  writeFileSync(join(folder, 'server.cjs'), SERVER)
  return folder
}

/** Processes of this machine whose command line, or environment, has this text. */
const processesWith = (text: string) =>
  readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return false
    try {
      return ['cmdline', 'environ'].some((file) => readFileSync(`/proc/${pid}/${file}`, 'latin1').includes(text))
    } catch {
      return false
    }
  })
/** Until it is so: other processes do it in their own time. */
async function until(is: () => boolean, withinMs = 20_000): Promise<void> {
  for (const endMs = performance.now() + withinMs; !is(); await new Promise((resolve) => setTimeout(resolve, 50)))
    if (performance.now() > endMs) throw new Error('It did not become so.')
}

test('services live until they are killed, for the rest of the script; their logs are kept by condition', TIMEOUT, async () => {
  const folder = project()
  const spec = encodeArgument({ web: web({ count: 2 }), quiet: web() })
  const text = `
    tk services -g db --base64 ${spec} || exit 11
    . "$EVERWARM_HOME/services/none@db/addresses.env"
    ${FETCH} $SERVICES_WEB_1_IP:$SERVICES_WEB_1_PORT_80
    tk services -g db
    tk services -g db '{x: {shell: "true"}}'; echo "again $?"
    tk kill db -l 'web=index == 1' || exit 12
    tk kill db; echo "killed $?"`
  const { code, stdout, stderr } = await script(folder, text, { EVERWARM_REF: 'r3' }).ended
  expect(code).toBe(0)
  expect(stdout).toContain('web 0: ready')
  expect(stdout).toContain('hello\n')
  expect(stdout).toMatch(/^SERVICES_QUIET_0_PORT_80=\d+$/m)
  expect(stdout).toContain('again 155\n')
  expect(stdout).toContain('killed 155\n')
  expect(stderr).toContain('There is no group "db" of services.')
  const said = stdout.split('\n').flatMap((line) => parseInBand(line) ?? [])
  expect(said).toMatchObject([
    { ref: 'r3', name: 'services.web', isHint: true, value: [{ ip: '127.0.0.1' }, { ip: '127.0.0.1' }] },
    { name: 'services.quiet' },
  ])
  const [execution] = readdirSync(join(folder, 'home/executions'))
  const logs = join(folder, 'home/executions', execution!, 'logs')
  expect(readFileSync(join(logs, 'web/1.log'), 'utf8')).toContain('web 1')
  expect(existsSync(join(logs, 'web/0.log'))).toBe(false)
  expect(existsSync(join(logs, 'quiet/0.log'))).toBe(false)
  expect(readdirSync(join(folder, 'home/services'))).toEqual([])
  expect(readdirSync(join(folder, 'cache/sandboxes'))).toEqual([])
})

test('a service that does not start fails the command, and nothing of the others is left', TIMEOUT, async () => {
  const folder = project()
  const bad = { shell: 'exit 3', readinessProbe: { exec: { command: ['false'] } } }
  const pairs = [`good=${JSON.stringify(web())}`, `bad=${JSON.stringify(bad)}`]
  const { code, stdout, stderr } = await toolkit(folder, ['services', '-g', 'g', ...pairs])
  expect([code, stderr]).toEqual([1, expect.stringContaining('SERVICE_FAILED')])
  expect(stdout).toContain('bad 0: failed')
  await until(() => processesWith(folder).length === 0)
  expect(readdirSync(join(folder, 'home/services'))).toEqual([])
})

test('a service that was not healthy fails kill, and is gone', TIMEOUT, async () => {
  const folder = project()
  const { stdout, stderr } = await script(
    folder,
    `tk services -g g '${JSON.stringify({ flaky: web() })}' >/dev/null || exit 11
     eval "$(tk services -g g)"
     ${FETCH} $SERVICES_FLAKY_0_IP:$SERVICES_FLAKY_0_PORT_80/die
     tk kill g -l flaky; echo "killed $?"`,
  ).ended
  expect(stdout).toContain('killed 1\n')
  expect(stderr).toContain('The service "flaky" was not healthy: ended with exit code 4')
  await until(() => processesWith(folder).length === 0)
})

test('groups of different executions do not know each other', TIMEOUT, async () => {
  const folder = project()
  const one = { EVERWARM_CONFIG: JSON.stringify({ execution: 'one' }) }
  const text = `tk services -g g '${JSON.stringify({ web: web() })}' >/dev/null || exit 11; EVERWARM_CONFIG= tk kill g; echo "other $?"; tk kill g`
  const { code, stdout } = await script(folder, text, one).ended
  expect(stdout).toContain('other 155\n')
  expect(code).toBe(0)
})

test.runIf(process.platform === 'linux')(
  'services end by themselves when the script is gone that asked for them',
  TIMEOUT,
  async () => {
    const folder = project()
    const run = script(folder, `tk services -g g '${JSON.stringify({ web: web() })}'; echo up; sleep 600`)
    await run.said('up\n')
    expect(processesWith('server.cjs').length).toBeGreaterThan(0)
    process.kill(-run.child.pid!, 'SIGKILL')
    await until(() => processesWith(folder).length === 0)
    expect(readdirSync(join(folder, 'home/services'))).toEqual([])
    expect(readdirSync(join(folder, 'cache/sandboxes'))).toEqual([])
  },
)

test.runIf(process.platform === 'linux')('services end when nobody asks for them for long', TIMEOUT, async () => {
  const folder = project()
  const text = `tk services -g g '${JSON.stringify({ web: web() })}'; echo up; exec sleep 600`
  const run = script(folder, text, { EVERWARM_SERVICES_IDLE_MS: '500' })
  await run.said('up\n')
  await until(() => processesWith('keep-services').every((pid) => !processesWith(folder).includes(pid)))
  process.kill(-run.child.pid!, 'SIGKILL')
  await until(() => processesWith(folder).length === 0)
})

test.runIf(process.platform === 'linux')(
  'whoever kills the process that holds services leaves nothing of them',
  TIMEOUT,
  async () => {
    const folder = project()
    const run = script(
      folder,
      `tk services -g g '${JSON.stringify({ web: web() })}'; echo up; read x; tk kill g; echo "killed $?"`,
    )
    await run.said('up\n')
    const [keeper] = processesWith('keep-services').filter((pid) => realpathSync(`/proc/${pid}/cwd`) === folder)
    process.kill(Number(keeper), 'SIGKILL')
    await until(() => readdirSync(join(folder, 'cache/sandboxes')).length === 0)
    run.child.stdin!.end('go on\n')
    const { stdout, stderr } = await run.ended
    expect(stdout).toContain('killed 1\n')
    expect(stderr).toContain('the process that held them was killed')
    await until(() => processesWith(folder).length === 0)
  },
)

test('the command that starts services ends them when it is told to', TIMEOUT, async () => {
  const folder = project()
  mkdirSync(join(folder, 'x'))
  const never = web({ readinessProbe: { exec: { command: ['false'] } } })
  const run = script(
    folder,
    `exec "${process.execPath}" --no-warnings "$0" services -g g '${JSON.stringify({ never })}'`.replace('"$0"', '"$TK"'),
    {
      TK: new URL('../../src/toolkit/main.ts', import.meta.url).pathname,
    },
  )
  await run.said('never 0: running')
  run.child.kill('SIGTERM')
  expect((await run.ended).code).toBe(1)
  await until(() => processesWith(folder).length === 0)
  expect(readdirSync(join(folder, 'cache/sandboxes'))).toEqual([])
})
