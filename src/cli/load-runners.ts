import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { EverwarmError } from '../contracts/errors.ts'
import { exportedRunners, type Runners } from '../orchestrator/runners/define-runner.ts'
import { badInput } from './command.ts'

/** The runners that a file exports. @throws EverwarmError BAD_INPUT, CODE_FAILED */
export async function loadRunners(file: string): Promise<Runners> {
  const path = resolve(file)
  if (!existsSync(path)) throw badInput(`There is no file ${path}.`, 'everwarm runner --help')
  // Stacks name the lines of the source.
  process.setSourceMapsEnabled(true)
  const module = await import(pathToFileURL(path).href).catch((cause: unknown) => {
    throw new EverwarmError('CODE_FAILED', {
      message: `${path} cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}`,
      hint: 'Correct it; TypeScript is read as Node reads it (`erasableSyntaxOnly`).',
      cause,
    })
  })
  const runners = exportedRunners(module as Record<string, unknown>)
  if (runners.size > 0) return runners
  throw badInput(`${path} exports no runner: make one with \`defineRunner\` of everwarm/runner.`, 'everwarm runner --help')
}
