import { type Api, type ApiOptions, apiWith } from './environments/api/api.ts'
import { keptTransport } from './pool/api/kept.ts'

/**
 * A client for an API, over connections that stay open from one run to the next: `createApi({ baseURL })`.
 * Without a daemon it is the same over connections of its own.
 */
export function createApi(options: ApiOptions = {}): Api {
  return apiWith(options, { transport: keptTransport({ label: `api ${options.baseURL ?? process.cwd()}` }) })
}

export type { Api, ApiOptions, ApiRequest, Auth, Retries } from './environments/api/api.ts'
export type { ApiResponse } from './environments/api/response.ts'
export type { RecordedEntry, Recording } from './environments/api/recording.ts'
export type { Redaction } from './environments/api/redact.ts'
export type { Backoff, RetryRule } from './environments/api/retries.ts'
