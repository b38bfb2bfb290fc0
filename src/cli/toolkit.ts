import { ON_STANDARD_STREAMS, runToolkit } from '../toolkit/run-toolkit.ts'

/** `everwarm toolkit …` is `everwarm-toolkit …`. */
export const toolkit = (args: string[], env: NodeJS.ProcessEnv): Promise<number> =>
  runToolkit(args, env, {
    ...ON_STANDARD_STREAMS,
    program: 'everwarm toolkit',
    self: [...process.execArgv, process.argv[1]!, 'toolkit'],
  })
