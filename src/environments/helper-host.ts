import type { HostProgram } from './host-process.ts'

/** Such a host only moves bytes and must stay small: it stands beside every warm browser. */
const FLAGS = ['--max-semi-space-size=4', '--single-threaded']

/** A host of everwarm's own program, in which no code of a client runs: the client's environment is for what the host starts. */
export function helperHost(entry: string, flags: readonly string[] = FLAGS) {
  return {
    command: process.execPath,
    args: [...flags, entry],
    // Not NODE_OPTIONS and the like.
    env: ownEnv(),
    cwd: '/',
    isReclaiming: true,
  } satisfies Partial<HostProgram>
}

export const ownEnv = (): Record<string, string> => ({ PATH: process.env.PATH ?? '' })

/** For all that a host keeps while it lives. */
export const folderBeside = (address: string): string => address.replace(/(?:\.sock)?$/, '.d')
