import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A file for one server and one token, readable by its owner alone. */
export function writeKubeconfig({ url, token, ca }: { url: string; token: string; ca?: string }) {
  const folder = mkdtempSync(join(tmpdir(), 'ew-kube-'))
  const path = join(folder, 'config')
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'tests',
    contexts: [{ name: 'tests', context: { cluster: 'tests', user: 'tests', namespace: 'default' } }],
    clusters: [
      {
        name: 'tests',
        cluster: { server: url, ...(ca ? { 'certificate-authority': ca } : { 'insecure-skip-tls-verify': true }) },
      },
    ],
    users: [{ name: 'tests', user: { token } }],
  }
  writeFileSync(path, JSON.stringify(config), { mode: 0o600 })
  return { path, remove: () => rmSync(folder, { recursive: true, force: true }) }
}
