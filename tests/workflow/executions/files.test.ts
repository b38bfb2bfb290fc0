import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, expect, test } from 'vitest'
import { openDiskStore } from '../../../src/artifacts/disk.ts'
import { EverwarmError } from '../../../src/contracts/errors.ts'
import { systemClock } from '../../../src/system/clock.ts'
import { openArtifactKeeper } from '../../../src/workflow/executions/artifact-keeper.ts'
import { type ExecutionFolder, findExecution, listExecutions } from '../../../src/workflow/executions/execution-folder.ts'
import { readResult, writeResult } from '../../../src/workflow/executions/execution-result.ts'
import { makeExecution } from '../../../src/workflow/executions/make-execution.ts'
import { executionId } from '../../../src/workflow/executions/execution-id.ts'
import { openLogKeeper } from '../../../src/workflow/executions/log-keeper.ts'
import { outdated, tidyExecutions } from '../../../src/workflow/executions/retention.ts'
import { startChild } from '../../support/child.ts'

const root = mkdtempSync(join(tmpdir(), 'ew-executions-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
const asked = { workflow: 'unit', executor: 'local' }
const fail = (error: Error) => expect.fail(error.message)
const listed = (folder: string) => (readdirSync(folder, { recursive: true }) as string[]).sort()

test('ids are sorted by time as text', () => {
  const ids = [1_790_000_000_000, 1_790_000_000_001, 1_800_000_000_000].map((ms) => executionId(ms))
  expect(ids.toSorted()).toEqual(ids)
  expect(ids[0]).toMatch(/^w[0-9a-z]{13}$/)
})

test('an execution has a folder that only its user can enter, and is found by its id', () => {
  const executions = join(root, 'found')
  const made = makeExecution(executions, asked)
  expect(statSync(made.entry).mode & 0o777).toBe(0o700)
  expect(findExecution(executions, made.about.id)).toEqual(made)
  expect(readResult(made)).toBeUndefined()
  writeResult(made, { status: 'passed', exitCode: 0, endedAt: '2026-01-01T00:00:00.000Z' })
  expect(readResult(made)).toMatchObject({ status: 'passed' })
  for (const id of ['../found', 'w0', ''])
    expect(() => findExecution(executions, id)).toThrow(expect.objectContaining({ code: 'EXECUTION_UNKNOWN' }))
})

test('files may lie in a folder of one’s own, but not beside those of another execution', () => {
  const executions = join(root, 'output')
  const output = join(root, 'mine')
  const made = makeExecution(executions, { ...asked, output })
  expect([made.about.folder, listExecutions(executions)]).toEqual([output, [made]])
  writeFileSync(join(output, 'events.jsonl'), '')
  expect(() => makeExecution(executions, { ...asked, output })).toThrow(/holds "events.jsonl" already/)
})

test('old executions go when their process is dead, and only those', () => {
  const executions = join(root, 'old')
  const day = 86_400_000
  const all = [10, 9, 8, 1].map((days) => makeExecution(executions, { ...asked, nowMs: Date.now() - days * day }))
  const kill = ({ entry, about }: ExecutionFolder) =>
    writeFileSync(join(entry, 'execution.json'), JSON.stringify({ ...about, owner: { ...about.owner, startedAt: '1' } }))
  kill(all[1]!)
  kill(all[2]!)
  kill(all[3]!)
  const retention = { newest: 2, maxAgeMs: 7 * day }
  expect(outdated(listExecutions(executions), Date.now(), retention).map(({ about }) => about.id)).toEqual([
    all[1]!.about.id,
    all[0]!.about.id,
  ])
  expect(tidyExecutions(executions, retention)).toBe(1)
  expect(listExecutions(executions).map(({ about }) => about.id)).toEqual([all[3], all[2], all[0]].map((each) => each!.about.id))
})

test('events are on the disk when their process is killed, each line whole', { timeout: 30_000 }, async () => {
  const path = join(root, 'events.jsonl')
  const child = startChild('event-child.ts', path)
  expect(await child.line()).toBe('told')
  await child.kill('SIGKILL')
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1)
  expect(lines.length).toBeGreaterThan(100)
  lines.forEach((line, i) => expect(JSON.parse(line)).toMatchObject({ type: 'output', text: `line ${i}\n` }))
})

test('logs hold all bytes of all who write, and one that is not wanted is removed', async () => {
  const logs = openLogKeeper(join(root, 'logs'), fail)
  const [one, same, dropped, empty] = ['a/0.log', 'a/0.log', 'b.log', 'c.log'].map((name) => logs.open(name))
  await Promise.all([one!.write(Buffer.alloc(300_000, 'x')), same!.write(Buffer.from('y')), dropped!.write(Buffer.from('z'))])
  await Promise.all([one!.close(false), same!.close(true), dropped!.close(false), empty!.close(true)])
  expect(listed(join(root, 'logs'))).toEqual(['a', 'a/0.log', 'c.log'])
  expect(statSync(join(root, 'logs', 'a/0.log')).size).toBe(300_001)
  expect(statSync(join(root, 'logs', 'a/0.log')).mode & 0o777).toBe(0o600)
})

test('what is kept of a log stays, whatever becomes of a later one of its name', async () => {
  const logs = openLogKeeper(join(root, 'names'), fail)
  for (const [text, isKept] of [
    ['one', true],
    ['two', false],
    ['three', true],
  ] as const) {
    const file = logs.open('logs/q/0.log')
    await file.write(Buffer.from(text))
    await file.close(isKept)
  }
  expect(readFileSync(join(root, 'names/logs/q/0.log'), 'utf8')).toBe('onethree')
})

test('who writes faster than the disk is asked to wait; a disk that fails is told once', async () => {
  const faults: Error[] = []
  writeFileSync(join(root, 'no-folder'), '')
  const logs = openLogKeeper(join(root, 'no-folder'), (error) => faults.push(error))
  const log = logs.open('a.log')
  expect(log.write(Buffer.alloc(10))).toBeUndefined()
  expect(log.write(Buffer.alloc(300_000))).toBeInstanceOf(Promise)
  await log.write(Buffer.alloc(300_000))
  await log.close(true)
  expect(faults).toHaveLength(1)
})

test('artifacts lie under their names, never outside of their folder', async () => {
  const folder = join(root, 'disk')
  const keeper = openArtifactKeeper({ folder })
  const about = { contentType: 'text/plain' }
  await Promise.all(
    Array.from({ length: 100 }, (_, i) => keeper.put(`r4/${i}/out.txt`, Readable.from([Buffer.from(String(i))]), about)),
  )
  expect(readFileSync(join(folder, 'artifacts', 'r4/99/out.txt'), 'utf8')).toBe('99')
  expect(listed(folder).filter((name) => name.endsWith('.part'))).toEqual([])
  for (const name of ['../x', '/etc/x', 'a/../../x', 'a//b', ''])
    await expect(keeper.put(name, Readable.from([]), about)).rejects.toMatchObject({ code: 'BAD_INPUT' })
  const broken = new Readable({ read: () => broken.destroy(new Error('gone')) })
  await expect(keeper.put('broken', broken, about)).rejects.toMatchObject({ code: 'ARTIFACTS_FAILED' })
  expect(existsSync(join(folder, 'artifacts', 'broken'))).toBe(false)
})

test('a store that is away for a moment gets the artifact later; its name and hash are listed', async () => {
  const folder = join(root, 'store')
  const disk = openDiskStore(join(root, 'objects'))
  let tries = 0
  const put: typeof disk.put = async (...args) => {
    tries += 1
    if (tries < 3) throw new EverwarmError('STORE_UNREACHABLE', { message: 'away' })
    return disk.put(...args)
  }
  const clock = { ...systemClock, after: (_ms: number, act: () => void) => systemClock.after(0, act) }
  const keeper = openArtifactKeeper({ folder, store: { artifacts: { put }, location: 's3://b' }, clock })
  await keeper.put('a/x.txt', Readable.from([Buffer.from('abc')]), { contentType: 'text/plain' })
  const line = JSON.parse(readFileSync(join(folder, 'artifacts.jsonl'), 'utf8'))
  expect([tries, keeper.location, line]).toEqual([
    3,
    's3://b',
    { name: 'a/x.txt', contentType: 'text/plain', bytes: 3, sha256: expect.stringMatching(/^ba7816bf/) },
  ])
  expect(await disk.head(line.sha256)).toMatchObject({ size: 3 })
  expect(listed(join(folder, 'artifacts'))).toEqual(['a'])
})
