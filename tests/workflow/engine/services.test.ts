import { expect, test } from 'vitest'
import { begin, run } from './house.ts'

const SERVER = `node -e 'require("http").createServer((q,s)=>s.end("from "+process.env.WHO)).listen(process.env.PORT_8080,"127.0.0.1")'`

test('services are ready before the first command, each at an address of its own, and gone behind the last', async () => {
  const { output, result, events } = await run(`
services:
  web:
    count: 2
    env: [{ name: WHO, value: 'web-{{ index }}' }]
    description: 'number {{ index }}'
    ports: [8080]
    readinessProbe: { httpGet: { path: /, port: 8080 }, periodSeconds: 1 }
    shell: |
      ${SERVER}
steps:
  - shell: |
      for url in http://{{ services.web.0.ip }}:{{ services.web.0.port }} http://{{ services.web.1.ip }}:{{ services.web.1.ports.8080 }}; do
        node -e "fetch('$url').then((r) => r.text()).then(console.log)"
      done
      echo {{ services.web.*.description }}
`)
  expect(result).toEqual({ status: 'passed', exitCode: 0 })
  expect(output.split('\n').filter((line) => line.startsWith('from'))).toEqual(['from web-0', 'from web-1'])
  expect(output).toContain('number 0,number 1')
  const states = events.flatMap((event) => (event.type === 'service' && event.index === 0 ? [event.status] : []))
  expect(states).toEqual(['queued', 'running', 'passed', 'stopped'])
}, 60_000)

test('a service that ends before it is ready fails its step, and so does one that is not ready in time', async () => {
  const dies = await run(
    `services: { db: { ports: [1], readinessProbe: { tcpSocket: { port: 1 } }, shell: exit 7 } }\nsteps: [{ shell: echo never }]`,
  )
  expect(dies.result).toMatchObject({
    status: 'failed',
    error: { code: 'SERVICE_FAILED', message: expect.stringContaining('exit code 7') },
  })
  const slow = await run(
    `services: { db: { timeout: 400ms, ports: [1], readinessProbe: { tcpSocket: { port: 1 } }, shell: sleep 100 } }\nsteps: [{ shell: echo never }]`,
  )
  expect(slow.result).toMatchObject({ status: 'failed', error: { code: 'SERVICE_TIMEOUT' } })
  expect(dies.output + slow.output).toBe('')
}, 60_000)

test('a service that dies while it is used fails the step that stops it, and its log is kept if that is asked', async () => {
  const { result, logs, output } = await run(`
services: { db: { logs: failed, ports: [8080], readinessProbe: { exec: { command: [test, -e, up] } }, shell: 'echo begun; touch up; sleep 0.3; exit 9' }, ok: { ports: [1], readinessProbe: { exec: { command: ['true'] } }, logs: failed, shell: 'echo fine; exec sleep 100' } }
steps: [{ shell: sleep 1; echo used }]
`)
  expect(output).toContain('used')
  expect(result).toMatchObject({
    status: 'failed',
    error: { code: 'SERVICE_FAILED', message: expect.stringContaining('spec.services.db: The service "db" was not healthy') },
  })
  expect([...logs].filter(([name]) => name.includes('/db/') || name.includes('/ok/'))).toEqual([['logs/db/0.log', 'begun\n']])
}, 60_000)

test('files are there before a service begins', async () => {
  const { result } = await run(`
content: { files: [{ path: conf/a, content: given }] }
services:
  db:
    transfer: [{ from: conf, to: etc }]
    content: { files: [{ path: own, content: own }] }
    ports: [1]
    readinessProbe: { exec: { command: [test, -e, ready] } }
    shell: 'grep -q given etc/a && grep -q own own && touch ready; exec sleep 100'
steps: [{ shell: 'true' }]
`)
  expect(result).toEqual({ status: 'passed', exitCode: 0 })
}, 60_000)

test('a service that was never ready is never told to be', async () => {
  const { result, events } = await run(`
steps: [{ timeout: 300ms, services: { s: { shell: sleep 30, readinessProbe: { exec: { command: ['false'] } } } }, shell: 'true' }]
`)
  expect(result.status).toBe('failed')
  expect(events.flatMap((event) => (event.type === 'service' ? [event.status] : []))).not.toContain('passed')
})

test('who gives up while services begin leaves none', async () => {
  const { running, heard, events } = await begin(
    `services: { db: { ports: [1], readinessProbe: { tcpSocket: { port: 1 } }, shell: 'echo $$; exec sleep 100' } }\nsteps: [{ shell: echo never }]`,
  )
  const said = await heard((event) => event.type === 'output')
  running.cancel('enough')
  expect(await running.ended).toMatchObject({ status: 'canceled' })
  const pid = Number((said as { text: string }).text)
  expect(() => process.kill(pid, 0)).toThrow('ESRCH')
  expect(events.some((event) => event.type === 'service' && event.status === 'stopped')).toBe(true)
}, 60_000)
