import { mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { unpackInto } from '../../content/archive/unpack.ts'
import { hereFiles } from './here-files.ts'

test('the file of secrets goes to no worker, also where all of the folder does', async () => {
  const cwd = realpathSync(mkdtempSync(join(tmpdir(), 'ew-here-')))
  onTestFinished(() => rmSync(cwd, { recursive: true, force: true }))
  for (const name of ['a', 'secrets.yaml']) writeFileSync(join(cwd, name), name)
  const files = hereFiles({ cwd, isContained: false, keepOut: [join(cwd, 'secrets.yaml')] })
  const to = join(cwd, 'there')
  await unpackInto(to, await files.pack('.', { include: ['**/*'], exclude: [] }))
  expect(readdirSync(to)).toEqual(['a'])
})
