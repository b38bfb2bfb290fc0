import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { startChild } from '../support/child.ts'
import { beats, begin, eventually, newId, openSite, run } from './contract-house.ts'
import { localHouse, newRoot, processesCalled, processesMarked, useSpawner } from './local-house.ts'

const { root, remove } = newRoot()
process.env['CONTRACT_ROOT'] = root
afterAll(remove)
const MODULE = new URL('./local-house.ts', import.meta.url).href

/** The reaper of a process: it leads a session of its own, so its parent tells whose it is. */
const reaperOf = (pid: number) =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .find((name) => {
      try {
        const isReaper = readFileSync(`/proc/${name}/cmdline`, 'latin1').includes('everwarm-workflow-reaper')
        return isReaper && new RegExp(`^PPid:\\s+${pid}$`, 'm').test(readFileSync(`/proc/${name}/status`, 'utf8'))
      } catch {
        // It has ended in between.
        return false
      }
    })

describe('a local engine that dies', () => {
  test('leaves no process and no folder, also of commands that a spawner has begun', { timeout: 60_000 }, async () => {
    process.env['CONTRACT_SPAWNER'] = '1'
    const id = newId('d')
    const engine = startChild('../executors/engine-child.ts', MODULE, id)
    expect(await engine.line()).toBe('begun')
    delete process.env['CONTRACT_SPAWNER']
    expect(readdirSync(root).filter((name) => name.startsWith('spawner'))).toHaveLength(1)
    await engine.kill('SIGKILL')
    const tookMs = await eventually('nothing is left', () => readdirSync(root).length === 0)
    expect(processesMarked(`WORKFLOW_EXECUTION=${id}`)).toEqual([])
    expect(tookMs).toBeLessThan(10_000)
  })

  test('together with its reaper leaves what the next sweep removes', { timeout: 60_000 }, async () => {
    const id = newId('d')
    const engine = startChild('../executors/engine-child.ts', MODULE, id)
    expect(await engine.line()).toBe('begun')
    const reaper = Number(reaperOf(engine.pid))
    process.kill(engine.pid, 'SIGSTOP')
    process.kill(reaper, 'SIGKILL')
    await engine.kill('SIGKILL')
    expect(processesMarked(`WORKFLOW_EXECUTION=${id}`).length).toBeGreaterThan(3)
    const { executor } = localHouse(root)
    expect(await executor.sweep()).toBeGreaterThan(4)
    expect(processesMarked(`WORKFLOW_EXECUTION=${id}`)).toEqual([])
    expect(existsSync(join(root, id))).toBe(false)
    expect(await executor.sweep()).toBe(0)
  })
})

let sleeps = 0
/** Has left its group, and knows nothing of its execution; whoever runs it now is found by these words. */
function newStray(): { words: string; line: string } {
  const words = `/bin/sleep ${process.pid}${(sleeps += 1)}`
  return { words, line: `setsid env -i ${words}` }
}
const STRAYS = [
  ['works in its folder', '', '</dev/null >/dev/null 2>&1'],
  ['holds its output', 'cd /;', '2>/dev/null'],
  ['holds a file of it', 'cd /;', '>"$WORKFLOW_DATA/held" 2>&1'],
] as const

describe('a process without group and environment', () => {
  test.each(STRAYS)('that %s ends with the execution', async (_, before, streams) => {
    const { executor } = localHouse(root)
    const room = await executor.open({ id: newId('e'), workflow: 'w' })
    const stray = newStray()
    const { stdout } = await run(await openSite(room, {}), {}, `${before} (${stray.line} ${streams} &); echo ok`)
    expect(stdout.toString()).toBe('ok\n')
    await eventually('it runs', () => processesCalled(stray.words).length === 1)
    await room.close()
    expect(processesCalled(stray.words)).toEqual([])
    await executor.close()
  })

  test('that holds its output ends with its site', async () => {
    const { executor } = localHouse(root)
    const room = await executor.open({ id: newId('e'), workflow: 'w' })
    const site = await openSite(room, {})
    const stray = newStray()
    await run(site, {}, `cd /; (${stray.line} &); echo ok`)
    await eventually('it runs', () => processesCalled(stray.words).length === 1)
    await site.close()
    expect(processesCalled(stray.words)).toEqual([])
    await executor.close()
  })

  test('that the engine itself has begun is none of them, wherever it works', async () => {
    const { executor } = localHouse(root)
    const id = newId('e')
    const room = await executor.open({ id, workflow: 'w' })
    const helper = spawn('sleep', ['600'], { cwd: join(root, id), stdio: 'ignore' })
    await room.close()
    expect(processesCalled('sleep 600')).toContain(String(helper.pid))
    helper.kill()
    await executor.close()
  })

  test('does not keep its engine alive, and ends after it', async () => {
    const stray = newStray()
    const engine = startChild('../executors/stray-child.ts', newId('d'), `cd /; (${stray.line} &); echo ok`)
    expect(await engine.line()).toBe('{"exitCode":0}')
    // It has ended by itself: nobody closes anything.
    await expect(engine.line()).rejects.toThrow('ended')
    await eventually('nothing is left', () => processesCalled(stray.words).length === 0 && readdirSync(root).length === 0)
  })

  test.each(STRAYS)('that %s ends after an engine that was killed', async (_, before, streams) => {
    const stray = newStray()
    const line = `${before} (${stray.line} ${streams} &); exec sleep 600`
    const engine = startChild('../executors/stray-child.ts', newId('d'), line)
    await eventually('it runs', () => processesCalled(stray.words).length === 1)
    await engine.kill('SIGKILL')
    await eventually('nothing is left', () => processesCalled(stray.words).length === 0 && readdirSync(root).length === 0)
  })

  test.each(STRAYS)('that %s is swept', async (_, before, streams) => {
    const stray = newStray()
    const line = `${before} (${stray.line} ${streams} &); exec sleep 600`
    const engine = startChild('../executors/stray-child.ts', newId('d'), line)
    await eventually('it runs', () => processesCalled(stray.words).length === 1)
    const reaper = Number(reaperOf(engine.pid))
    process.kill(engine.pid, 'SIGSTOP')
    process.kill(reaper, 'SIGKILL')
    await engine.kill('SIGKILL')
    await localHouse(root).executor.sweep()
    expect(processesCalled(stray.words)).toEqual([])
    expect(readdirSync(root)).toEqual([])
  })
})

describe('a spawner that dies', () => {
  test('loses what it has begun, and commands go on to be begun', { timeout: 60_000 }, async () => {
    const { executor, left } = localHouse(root)
    const id = newId('e')
    const room = await executor.open({ id, workflow: 'w' })
    const site = await openSite(room, {})
    const spawner = await useSpawner(site)
    const { process: going, ran } = await begin(site, {}, `(${beats('child')}) & ${beats('main')}`)
    process.kill(spawner, 'SIGKILL')
    expect((await ran()).end).toEqual({ reason: 'lost' })
    expect((await left(id)).running).toEqual([])
    await going.stop(100)
    expect((await run(site, {}, 'exit 3')).end).toEqual({ exitCode: 3 })
    await executor.close()
    expect(readdirSync(root)).toEqual([])
  })
})
