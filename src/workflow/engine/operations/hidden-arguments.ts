import type { MaskBook } from '../engine-types.ts'
import type { Unit } from '../unit.ts'

export interface Spoken {
  argv: readonly string[]
  env: Readonly<Record<string, string>>
  /** A secret stands in an argument, where all users of the machine see it. */
  isSeen: boolean
}

const VARIABLE = 'WORKFLOW_SCRIPT'

/** A script with a secret in it goes by a variable: arguments of processes are seen by everybody. */
export function hiddenArguments(
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
  masks: Pick<MaskBook, 'text'>,
): Spoken {
  if (argv.every((argument) => masks.text(argument) === argument)) return { argv, env, isSeen: false }
  const [shell, flag, script, ...more] = argv
  if (shell !== 'sh' || flag !== '-c' || script === undefined || more.some((argument) => masks.text(argument) !== argument))
    return { argv, env, isSeen: true }
  // Its children need not have it.
  const read = `script=$${VARIABLE}; unset ${VARIABLE}; eval "unset script
$script"`
  return { argv: [shell, flag, read, ...more], env: { ...env, [VARIABLE]: script }, isSeen: false }
}

export const warnOfSeen = ({ engine, options }: Unit, ref: string) =>
  engine.warn(
    options.path,
    ref,
    'SECRET_SEEN',
    'A secret stands in an argument, where all users of the machine can see it: use a variable.',
  )
