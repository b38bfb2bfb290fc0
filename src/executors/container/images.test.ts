import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loginFor } from './images.ts'

test('a registry gets the log-in that `docker login` has kept for it, and no other', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ew-login-'))
  const auth = (text: string) => ({ auth: Buffer.from(text).toString('base64') })
  const auths = { 'https://index.docker.io/v1/': auth('hub:one'), 'own.example:5000': auth('me:with:colon') }
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ auths }))
  const env = { DOCKER_CONFIG: folder }
  expect(loginFor('node:24', env)).toMatchObject({ username: 'hub', password: 'one' })
  expect(loginFor('team/app', env)).toMatchObject({ username: 'hub' })
  expect(loginFor('own.example:5000/app:1', env)).toMatchObject({ username: 'me', password: 'with:colon' })
  expect(loginFor('other.example/app', env)).toBeUndefined()
  expect(loginFor('node', { DOCKER_CONFIG: '/nowhere' })).toBeUndefined()
  rmSync(folder, { recursive: true })
})
