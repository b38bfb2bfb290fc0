import { Readable } from 'node:stream'
import { EverwarmError } from '../../contracts/errors.ts'
import { type Cluster, saidBy } from './cluster.ts'
import { type ExecSession, type ExecTarget, openExec } from './exec-session.ts'
import { exitCodeOf, siteLost } from './run-script.ts'

/** As `runScript`, but what it says is read as it comes. The stream fails if the script does. */
export async function readScript(
  cluster: Cluster,
  target: ExecTarget,
  script: string,
  args: readonly string[],
  input: Buffer,
): Promise<Readable> {
  let session: ExecSession | undefined
  let stderr = ''
  const stream = new Readable({
    read: () => session?.resume(),
    destroy(error, done) {
      session?.close()
      done(error)
    },
  })
  session = await openExec(cluster, target, ['sh', '-c', script, 'everwarm', ...args], {
    onOutput: (bytes) => void (stream.push(bytes) || session?.pause()),
    onErrors: (bytes) => void (stderr = (stderr + bytes.toString('utf8')).slice(0, 2_000)),
  }).catch((cause: unknown) => {
    throw siteLost(target, saidBy(cause), cause)
  })
  void session.write(input)
  void session.ended.then((end) => {
    try {
      const exitCode = exitCodeOf(target, end)
      if (exitCode === 0) stream.push(null)
      else stream.destroy(failed(target, exitCode, stderr))
    } catch (error) {
      stream.destroy(error as Error)
    }
  })
  return stream
}

const failed = ({ pod, container }: ExecTarget, exitCode: number, stderr: string) =>
  new EverwarmError('FILE_NOT_READ', {
    message: `Files of ${pod} (container ${container}) were not read: ${stderr.trim() || `sh ended with ${exitCode}`}.`,
    hint: 'The image needs `tar` and `find`.',
  })
