import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BEGIN_SCRIPT, escaped, pastShell, word } from './idle-script.ts'

const sh = (script: string, ...args: string[]) => execFileSync('/bin/sh', ['-c', script, 'sh', ...args])

test('any text is one word of a shell, on one line', () => {
  const texts = fc.array(
    fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\0', '')),
    { minLength: 1, maxLength: 20 },
  )
  fc.assert(
    fc.property(texts, (all) => {
      const line = all.map(word).join(' ')
      expect(line).not.toContain('\n')
      const said = sh(`nl='\n'\nprintf '%s\\000' ${line}`)
      expect(said).toEqual(Buffer.from(all.map((text) => `${text}\0`).join('')))
    }),
    { numRuns: 10 },
  )
})

test('all bytes survive `printf %b`', () => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
  expect(sh('printf %b "$1"', escaped(bytes))).toEqual(bytes)
})

test.skipIf(process.platform !== 'linux')(
  'a command begins with its number and its time, and sees variables that no shell could name',
  () => {
    const env = { PATH: '/usr/bin:/bin', 'discovery.type': 'single node', 'A-B': '$HOME\n' }
    const said = execFileSync('/bin/sh', ['-c', BEGIN_SCRIPT, 'sh', 'env', '-0'], { env: pastShell(env) }).toString()
    expect(said).toMatch(/^\d+ \d+\n/)
    const seen = said.slice(said.indexOf('\n') + 1).split('\0')
    expect(seen).toEqual(expect.arrayContaining(['discovery.type=single node', 'A-B=$HOME\n']))
    expect(seen.filter((pair) => pair.startsWith('EW_'))).toEqual([])
  },
)
