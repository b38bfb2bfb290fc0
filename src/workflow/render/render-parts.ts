import type { Container } from '../../contracts/workflow/container.ts'
import type { Git } from '../../contracts/workflow/content.ts'
import { without } from '../merge.ts'
import { CREDENTIALS, type RenderedContainer, type RenderedGit } from './rendered.ts'

/** What a container runs, as somebody would write it. */
export function commandText({ command = [], args = [] }: Container): string {
  const isScript = command.length === 2 && command[0] === 'sh' && command[1] === '-c' && args.length === 1
  return isScript ? args[0]!.replace(/^set -e\n/, '') : [...command, ...args].join(' ')
}

/** Variables by their names: what stands in them may be secret. */
export function renderContainer({ env, ...rest }: Container): RenderedContainer {
  const names = env?.map(({ name, valueFrom, global }) => without({ name, valueFrom, global }) as { name: string })
  return without({ ...rest, env: names })
}

export function renderGit(git: Git): RenderedGit {
  const credentials = CREDENTIALS.filter((name) => git[name] !== undefined)
  return {
    ...without(git, ...CREDENTIALS),
    uri: withoutUser(git.uri),
    ...(credentials.length > 0 ? { credentials } : {}),
  }
}

/** An address without the user and password that may stand in it. */
export const withoutUser = (address: string) => address.replace(/(?<=:\/\/)[^/@\s]*@/, '****@')
