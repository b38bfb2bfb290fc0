import type { WorkerRequest } from 'vitest/node'
import type { StockPool } from '../../contracts/host-wire.ts'

/** Vitest's birpc on the wire. */
export interface RpcCall {
  t: 'q'
  m: string
  a: unknown[]
  /** Missing for events, which nobody answers. */
  i?: string
}

export interface RpcAnswer {
  t: 's'
  i: string
  r?: unknown
  e?: unknown
}

export type StartRequest = Extract<WorkerRequest, { type: 'start' }>
export type RunRequest = Extract<WorkerRequest, { type: 'run' | 'collect' }>

/** A worker's answer in Vitest's own protocol. */
export interface WorkerAnswer {
  __vitest_worker_response__: true
  type: 'started' | 'stopped' | 'testfileFinished'
  error?: unknown
}

export const answer = (type: WorkerAnswer['type'], error?: unknown): WorkerAnswer =>
  error === undefined ? { __vitest_worker_response__: true, type } : { __vitest_worker_response__: true, type, error }

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

export const isRequest = (value: unknown): value is WorkerRequest =>
  isObject(value) && value['__vitest_worker_request__'] === true
export const isAnswer = (value: unknown): value is WorkerAnswer => isObject(value) && value['__vitest_worker_response__'] === true
export const isCall = (value: unknown): value is RpcCall => isObject(value) && value['t'] === 'q'
export const isRpcAnswer = (value: unknown): value is RpcAnswer => isObject(value) && value['t'] === 's'

/**
 * What a worker is told on its start, as the stock pool would tell it: a runtime that knew another name
 * would write it into reports, and blob reports merge by it.
 */
export function asStock(request: StartRequest, pool: StockPool): StartRequest {
  request.context.pool = pool
  request.context.config.pool = pool
  // what Vitest makes of the VM pools
  if (pool !== 'forks') request.context.config.isolate = false
  return request
}
