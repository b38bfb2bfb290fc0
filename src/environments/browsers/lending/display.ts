import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { EverwarmError } from '../../../contracts/errors.ts'
import { spawnProcess } from '../../../system/spawn.ts'
import { tailOf } from '../../../system/tail.ts'

export interface Display {
  /** What its programs have to have in their environment. */
  env: Record<string, string>
  kill(): void
}

/**
 * A display that nobody sees, for browsers that cannot do without. It takes a free number by itself, and leaves
 * neither lock nor socket in /tmp when it is killed: its socket is an abstract one, opened by a cookie.
 * @throws EverwarmError DRIVER_FAILED if there is no Xvfb
 */
export function startDisplay(folder: string, env: Readonly<Record<string, string>>): Promise<Display> {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const authority = join(folder, 'Xauthority')
  const cookie = randomBytes(16)
  // Before it has a number: an entry of the family "wild" is for any.
  writeFileSync(authority, authorityEntry(cookie), { mode: 0o600 })
  const child = spawnProcess(
    'Xvfb',
    [
      '-displayfd',
      '3',
      '-screen',
      '0',
      '1280x1024x24',
      '-nolisten',
      'tcp',
      '-nolisten',
      'unix',
      '-listen',
      'local',
      '-nolock',
      '-auth',
      authority,
    ],
    { env: { PATH: env.PATH ?? process.env.PATH }, stdio: ['ignore', 'ignore', 'pipe', 'pipe'] },
  )
  const words = tailOf([child.stderr])
  return new Promise((resolve, reject) => {
    const fail = (why: string, cause?: Error) =>
      reject(
        new EverwarmError('DRIVER_FAILED', {
          message: `Xvfb, which WebKit needs for a display, ${why}.\n${words()}`,
          hint: 'Install it: `apt-get install xvfb`.',
          cause,
        }),
      )
    child.once('error', (cause) => fail('cannot be run', cause))
    child.once('exit', (code) => fail(`ended with code ${code}`))
    const number = child.stdio[3] as Readable
    number.once('data', (chunk: Buffer) =>
      resolve({
        env: { DISPLAY: `:${chunk.toString('utf8').trim()}`, XAUTHORITY: authority },
        kill: () => void child.kill('SIGKILL'),
      }),
    )
  })
}

/** @see man Xsecurity: family, address, number, name and data, each with its length in two bytes */
function authorityEntry(cookie: Buffer): Buffer {
  const field = (value: Buffer | string) => {
    const bytes = Buffer.from(value as string)
    return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes])
  }
  const FAMILY_WILD = Buffer.from([0xff, 0xff])
  return Buffer.concat([FAMILY_WILD, field(hostname()), field(''), field('MIT-MAGIC-COOKIE-1'), field(cookie)])
}
