import { startCoordinator, type StartOptions } from '../../../src/coordinator/start.ts'

/** A coordinator in a process of its own, on a port that is free; says its address, and ends at a signal. */
const options = JSON.parse(process.argv[2]!) as Omit<StartOptions, 'env' | 'say'>
const running = await startCoordinator({ ...options, env: {}, say: (line) => process.stderr.write(`${line}\n`) })
process.stdout.write(`${running.url}\n`)
process.once('SIGTERM', () => void running.close().then(() => process.exit(0)))
