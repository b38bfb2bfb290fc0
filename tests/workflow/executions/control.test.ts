import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { EverwarmError } from '../../../src/contracts/errors.ts'
import { askExecution } from '../../../src/workflow/executions/control-client.ts'
import { CONTROL_FILE, type ControlDesk, serveControl } from '../../../src/workflow/executions/control-server.ts'
import { type ExecutionFolder } from '../../../src/workflow/executions/execution-folder.ts'
import { writeResult } from '../../../src/workflow/executions/execution-result.ts'
import { makeExecution } from '../../../src/workflow/executions/make-execution.ts'

const root = mkdtempSync(join(tmpdir(), 'ew-control-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

function desk() {
  const asked: string[] = []
  const functions: ControlDesk = {
    status: () => 'running',
    pause(unit) {
      asked.push(`pause ${unit}`)
      return { paused: 1 }
    },
    resume(unit) {
      if (unit === 'r9') throw new EverwarmError('BAD_INPUT', { message: 'There is no unit r9.', hint: 'There are r4.0.' })
      return { resumed: 2 }
    },
    cancel: (reason) => void asked.push(`cancel ${reason}`),
  }
  return { asked, functions }
}

async function serve(executions: string) {
  const execution = makeExecution(executions, { workflow: 'unit', executor: 'local' })
  const { asked, functions } = desk()
  return { execution, asked, server: await serveControl({ id: execution.about.id, entry: execution.entry }, functions) }
}

const refusal = (execution: ExecutionFolder) => askExecution(execution, (channel) => channel.call('status'))

test('success and failure are answered differently, a failure with its reason', async () => {
  const { execution, asked, server } = await serve(join(root, 'answers'))
  await askExecution(execution, (channel) => channel.call('pause', 'r4.0'))
  await askExecution(execution, (channel) => channel.call('cancel', 'by hand'))
  expect(asked).toEqual(['pause r4.0', 'cancel by hand'])
  expect(await askExecution(execution, (channel) => channel.call('resume'))).toEqual({ resumed: 2 })
  await expect(askExecution(execution, (channel) => channel.call('resume', 'r9'))).rejects.toMatchObject({
    code: 'BAD_INPUT',
    message: 'There is no unit r9.',
  })
  server.close()
})

test('nothing is answered without the token', async () => {
  const { execution, asked, server } = await serve(join(root, 'token'))
  const path = join(execution.entry, CONTROL_FILE)
  const place = JSON.parse(readFileSync(path, 'utf8'))
  writeFileSync(path, JSON.stringify({ ...place, token: '0'.repeat(64) }))
  await expect(askExecution(execution, (channel) => channel.call('cancel', 'x'))).rejects.toMatchObject({ code: 'TOKEN_REFUSED' })
  expect(asked).toEqual([])
  server.close()
})

test('one that is over says how it ended, or that it was killed', async () => {
  const { execution, server } = await serve(join(root, 'over'))
  server.close()
  await expect(refusal(execution)).rejects.toMatchObject({
    code: 'API_UNREACHABLE',
    message: expect.stringContaining('does not listen'),
  })
  const dead = { ...execution, about: { ...execution.about, owner: { ...execution.about.owner, startedAt: '1' } } }
  await expect(refusal(dead)).rejects.toThrow(/its process was killed/)
  writeResult(execution, { status: 'failed', exitCode: 1, endedAt: new Date().toISOString() })
  await expect(refusal(execution)).rejects.toThrow(/is over: failed/)
})

test('a folder whose path is too long for a socket has its socket elsewhere', async () => {
  const { execution, server } = await serve(join(root, 'x'.repeat(100)))
  expect(await refusal(execution)).toBe('running')
  const { socket } = JSON.parse(readFileSync(join(execution.entry, CONTROL_FILE), 'utf8'))
  expect(Buffer.byteLength(socket)).toBeLessThan(104)
  server.close()
  expect(existsSync(join(socket, '..'))).toBe(false)
})
