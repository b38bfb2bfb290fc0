import { existsSync, realpathSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { EverwarmError } from '../contracts/errors.ts'
import { FileMemory, type FileRun, type Lesson } from '../pool/vitest/memory.ts'
import { cacheFolder } from '../system/settings.ts'
import { badInput, type Command, type Given } from './command.ts'
import { duration, table } from './table.ts'

export const explain: Command = {
  options: { json: { type: 'boolean' } },
  help: ['<file>  a test file', '--json  for programs'],
  async run({ positionals, values, env, print }: Given) {
    const [name] = positionals
    if (name === undefined || positionals.length > 1) throw badInput('Which test file? `everwarm explain <file>` takes one.')
    const file = realName(resolve(name))
    const memory = FileMemory.of(cacheFolder(env), file)
    const runs = memory?.lastRuns(file) ?? []
    const lessons = memory?.allLessons(file) ?? []
    const isGone = !existsSync(file)
    if (isGone && runs.length === 0) throw unknownFile(file)
    if (values['json']) return print(JSON.stringify({ file, runs, lessons }, null, 2))
    if (runs.length === 0 && lessons.length === 0) return print(`${shown(file)} has not run with everwarm yet.`)
    if (isGone) print(`${shown(file)} is gone; this was known of it:`)
    for (const run of runs) print(explainRun(run))
    for (const lesson of lessons) print(explainLesson(lesson))
  },
}

/** Vitest knows files by their real path; of a file that is gone, its folder may still have one. */
function realName(path: string): string {
  if (existsSync(path)) return realpathSync(path)
  const folder = dirname(path)
  return folder === path ? path : join(realName(folder), basename(path))
}

function unknownFile(file: string): EverwarmError {
  return new EverwarmError('BAD_INPUT', {
    message: `There is no file ${file}.`,
    hint: 'Give its path from here, or an absolute one.',
  })
}

function explainRun(run: FileRun): string {
  const lines = [
    `${shown(run.file)}${run.project ? ` [${run.project}]` : ''} ${run.state} ${duration(Math.max(0, Date.now() - run.atMs))} ago, ${placeOf(run)}`,
  ]
  if (run.why !== 'passed') lines.push(`why: ${run.why}`)
  const phases = Object.entries(run.phases).map(([phase, ms]) => [`  ${phase}`, `${ms.toFixed(1)} ms`])
  if (phases.length > 0) lines.push(table(['  phase', 'time'], phases))
  return lines.join('\n')
}

function placeOf({ where, hostPid }: FileRun): string {
  if (where === 'fork') return 'in a process of its own'
  return `in a ${where === 'host' ? 'warm host' : `process of ${where}`}${hostPid ? ` (process ${hostPid})` : ''}`
}

function explainLesson({ verdict, reason, atMs }: Lesson): string {
  const since = `${duration(Math.max(0, Date.now() - atMs))} ago`
  return verdict === 'needs-process'
    ? `needs a process of its own, learnt ${since}: ${reason}\n  forgotten when the file changes, or after a day`
    : `failed in a process of its own too, seen ${since}: ${reason}`
}

const shown = (file: string) => relative(process.cwd(), file) || file
