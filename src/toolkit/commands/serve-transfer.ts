import { readFileSync, statSync } from 'node:fs'
import { splitPatterns } from '../../content/glob.ts'
import { openTransferServer, type TransferConflict, type TransferServer } from '../../content/transfer/server.ts'
import { Scratch } from '../../workflow/engine/scratch.ts'
import { lifeOf } from '../../system/process-mark.ts'
import { untilSignal } from '../../system/stop-signals.ts'
import { badInput, listOf, textOf, type ToolkitGiven } from '../command.ts'
import { folderAndPatterns } from '../folder-and-patterns.ts'
import { askingProcess } from '../keeper/owner.ts'
import { placeOf } from '../places.ts'

const LEAST_TOKEN = 16
const MOST_TOKEN = 4_096
/** How often it looks whether somebody is left for whom it listens. */
const LOOK_MS = 1_000

/** Gives archives away and takes them in until a signal, or the end of the script that has begun it. */
export async function serveTransfer(given: ToolkitGiven): Promise<number> {
  const [offers, accepts] = [listOf(given, 'offer'), listOf(given, 'accept')]
  if (offers.length + accepts.length === 0)
    throw badInput('There is nothing to serve.', 'Give `--offer <dir:globs>` or `--accept <dir>`; both may be repeated.')
  const token = tokenOf(given)
  // Archives wait in it; it goes also when this process is killed.
  const scratch = new Scratch()
  const onConflict = ({ path, uploaders: [first, second] }: TransferConflict) =>
    given.print(`warning: ${path} came from ${first} and from ${second}, and not the same; that of ${second} stays.`)
  try {
    await untilSignal(async (signal) => {
      const server = await openTransferServer({ ...listening(given), token, scratch: scratch.folder, onConflict })
      for (const offer of offers) await offerOne(given, server, offer)
      for (const folder of accepts) given.print(`${folder}=${server.accept(placeOf(folder, given))}/0`)
      await untilUnwanted(signal)
      await server.close()
    })
    return 0
  } finally {
    await scratch.close()
  }
}

async function offerOne(given: ToolkitGiven, server: TransferServer, offer: string): Promise<void> {
  const { folder, patterns } = folderAndPatterns(offer)
  const { url } = await server.offer(placeOf(folder, given), splitPatterns(patterns))
  given.print(`${folder}=${url}`)
}

function listening(given: ToolkitGiven): { host?: string; advertised?: string; port?: number } {
  const [host, advertised, port] = [textOf(given, 'host'), textOf(given, 'advertised'), textOf(given, 'port')]
  if (port !== undefined && !(/^\d{1,5}$/.test(port) && Number(port) < 65_536))
    throw badInput(`--port must be a number from 0 to 65535, not "${port.slice(0, 60)}".`)
  return {
    ...(host === undefined ? {} : { host }),
    ...(advertised === undefined ? {} : { advertised }),
    ...(port === undefined ? {} : { port: Number(port) }),
  }
}

/** Never from the command line, which all users of the machine see. @throws EverwarmError BAD_INPUT */
function tokenOf(given: ToolkitGiven): string {
  const file = textOf(given, 'token-file')
  const token = (file === undefined ? given.env['EVERWARM_TRANSFER_TOKEN'] : readToken(placeOf(file, given)))?.trim()
  if (!token)
    throw badInput(
      'There is no token.',
      'Set EVERWARM_TRANSFER_TOKEN, or give `--token-file <file>`; `openssl rand -hex 32` makes one.',
    )
  if (token.length < LEAST_TOKEN || !/^[\x21-\x7e]+$/.test(token))
    throw badInput(
      `The token must have at least ${LEAST_TOKEN} letters, digits or signs, without spaces.`,
      '`openssl rand -hex 32` makes one.',
    )
  return token
}

function readToken(path: string): string {
  try {
    if (statSync(path).size > MOST_TOKEN) throw new Error('it is too large for a token')
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw badInput(
      `The token cannot be read from ${path}: ${(cause as NodeJS.ErrnoException).code ?? (cause as Error).message}.`,
      'See whether the file is there, and who may read it.',
      cause,
    )
  }
}

/** Resolves when it is told to end, or the shell that has begun it is gone. */
function untilUnwanted(signal: AbortSignal): Promise<void> {
  const asker = askingProcess()
  return new Promise((resolve) => {
    const end = () => {
      clearInterval(timer)
      resolve()
    }
    const timer = setInterval(() => asker.startedAt && lifeOf(asker) === 'dead' && end(), LOOK_MS)
    signal.addEventListener('abort', end, { once: true })
  })
}
