import { execFileSync, spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { plant, testFolder } from './trees.ts'

const WHO = { GIT_AUTHOR_NAME: 'A', GIT_AUTHOR_EMAIL: 'a@b', GIT_COMMITTER_NAME: 'A', GIT_COMMITTER_EMAIL: 'a@b' }

export const git = (cwd: string, ...args: string[]): string =>
  execFileSync('git', args, { cwd, env: { ...process.env, ...WHO, GIT_CONFIG_GLOBAL: '/dev/null' }, encoding: 'utf8' }).trim()

export interface House {
  /** Holds `repo.git`. */
  root: string
  bare: string
  first: string
  last: string
}

/** A repository: two commits on `main`, the tag `v1` on the first, a branch `side/way`. */
export function gitHouse(): House {
  const root = testFolder()
  const work = plant(join(root, 'work'), { 'a/1.txt': 'one', 'b/2.txt': 'two', 'run*': '#!/bin/sh\n' })
  git(work, 'init', '--quiet', '--initial-branch=main')
  const commit = (message: string) => {
    git(work, 'add', '--all')
    git(work, 'commit', '--quiet', '--message', message)
    return git(work, 'rev-parse', 'HEAD')
  }
  const first = commit('first')
  git(work, 'tag', 'v1')
  plant(work, { 'a/1.txt': 'one again' })
  const last = commit('second')
  git(work, 'checkout', '--quiet', '-b', 'side/way')
  plant(work, { side: 'way' })
  commit('third')
  git(work, 'checkout', '--quiet', 'main')
  const bare = join(root, 'repo.git')
  git(root, 'clone', '--quiet', '--bare', work, bare)
  return { root, bare, first, last }
}

export interface GitServer {
  url: string
  /** Statuses for the next requests, instead of an answer; 0: the connection is cut. */
  mishaps: number[]
  /** Whatever was in an Authorization header. */
  credentials: Set<string>
  /** Where everything is now. */
  movedTo?: string
  /** Looked up during each request. */
  onRequest: () => void
}

/** The real `git http-backend` behind a server that wants `authorization`. */
export async function gitServer(root: string, authorization?: string): Promise<GitServer> {
  const server = createServer((request, response) => {
    const given = request.headers.authorization
    if (given) state.credentials.add(given)
    state.onRequest()
    const mishap = state.mishaps.shift()
    if (state.movedTo) return response.writeHead(301, { location: state.movedTo + request.url }).end()
    if (mishap === 0) return request.socket.destroy()
    if (mishap) return response.writeHead(mishap).end()
    if (authorization && given !== authorization) return response.writeHead(401, { 'www-authenticate': 'Basic' }).end()
    answer(root, request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const state: GitServer = { url, mishaps: [], credentials: new Set(), onRequest: () => {} }
  return state
}

function answer(root: string, request: IncomingMessage, response: ServerResponse): void {
  const [path, query = ''] = request.url!.split('?')
  const child = spawn('git', ['http-backend'], {
    env: {
      PATH: process.env['PATH'],
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      REQUEST_METHOD: request.method,
      PATH_INFO: path,
      QUERY_STRING: query,
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  request.pipe(child.stdin)
  child.stdin.on('error', () => {})
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  child.on('close', () => {
    const bytes = Buffer.concat(chunks)
    const end = bytes.indexOf('\r\n\r\n')
    const headers = bytes
      .toString('latin1', 0, end)
      .split('\r\n')
      .map((line) => line.split(': ') as [string, string])
    const status = headers.find(([name]) => name === 'Status')?.[1]
    response.writeHead(Number.parseInt(status ?? '200', 10), Object.fromEntries(headers.filter(([name]) => name !== 'Status')))
    response.end(bytes.subarray(end + 4))
  })
}

/** Whether any process of this machine shows a text in its command line or its environment. */
export function isShown(text: string): boolean {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
  return pids.some((pid) =>
    ['cmdline', 'environ'].some((file) => {
      try {
        return readFileSync(`/proc/${pid}/${file}`, 'latin1').includes(text)
      } catch {
        // Gone, or of another user.
        return false
      }
    }),
  )
}
