// The program of a context that is a thread: started by `workers.ts`.
import { parentPort, workerData } from 'node:worker_threads'
import type { RuntimeRequest } from '../../../contracts/runtime-wire.ts'
import { evaluator } from './evaluate.ts'

const port = parentPort!
const post = port.postMessage.bind(port)
const { cwd } = workerData as { cwd: string }
const evaluate = evaluator({ cwd, say: (line) => post(line) })

port.on('message', (request: RuntimeRequest) => void evaluate(request))
