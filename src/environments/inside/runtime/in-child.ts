// The program of a context that is a process: started by `children.ts`.
import type { RuntimeRequest } from '../../../contracts/runtime-wire.ts'
import { evaluator } from './evaluate.ts'

const send = process.send!.bind(process)
const exit = process.exit.bind(process)
const evaluate = evaluator({ cwd: process.cwd(), say: (line) => void send({ line }) })

process.on('message', (request) => void evaluate(request as RuntimeRequest))
process.on('disconnect', () => exit(0))
send({ isReady: true })
