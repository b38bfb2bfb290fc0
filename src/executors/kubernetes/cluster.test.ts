import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { connectCluster, saidBy, statusOf } from './cluster.ts'

const folder = mkdtempSync(join(tmpdir(), 'ew-kubeconfig-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function file(name: string, namespace?: string): string {
  const path = join(folder, name)
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    contexts: [{ name, context: { cluster: name, user: name, ...(namespace ? { namespace } : {}) } }],
    clusters: [{ name, cluster: { server: `https://${name}.test` } }],
    users: [{ name, user: { token: 'x' } }],
  }
  writeFileSync(path, JSON.stringify(config))
  return path
}
const [shop, bank] = [file('shop', 'stalls'), file('bank')]
const env = { KUBECONFIG: `${shop}:${bank}` }

test('the namespace is the one that is said, else that of the context, else `default`', async () => {
  expect((await connectCluster({ env, namespace: 'said' })).namespace).toBe('said')
  expect((await connectCluster({ env })).namespace).toBe('stalls')
  expect((await connectCluster({ env, context: 'bank' })).namespace).toBe('default')
  expect((await connectCluster({ kubeconfig: bank, env })).namespace).toBe('default')
})

test.each([
  ['no file', { kubeconfig: join(folder, 'nothing'), env: {} }],
  ['no such context', { env, context: 'other' }],
  ['nothing at all', { env: { HOME: folder } }],
])('without a cluster nothing begins, and what to do is said: %s', async (_, options) => {
  await expect(connectCluster(options)).rejects.toMatchObject({
    code: 'EXECUTOR_UNREACHABLE',
    hint: expect.stringContaining('KUBECONFIG'),
  })
})

test('of what a server says only its message is shown', () => {
  const refused = {
    code: 403,
    body: JSON.stringify({ kind: 'Status', message: 'jobs is forbidden' }),
    headers: { authorization: 'x' },
  }
  expect(saidBy(refused)).toBe('jobs is forbidden')
  expect(statusOf(refused)).toBe(403)
  expect(saidBy(new Error('first line\nsecond'))).toBe('first line')
})
