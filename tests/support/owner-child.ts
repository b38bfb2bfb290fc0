import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { own, type Ownership } from '../../src/database/owner-lock.ts'

/** Does what its standard input says: `own`, `release`, or `abandon`: leave the file as one who died. */
const [folder] = process.argv.slice(2) as [string]
const say = (what: string) => process.stdout.write(`${what}\n`)
let owned: Ownership | undefined
say('ready')
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'own')
    try {
      owned = own(folder)
      say('owned')
    } catch (error) {
      say((error as { code: string }).code)
    }
  if (line === 'release') {
    owned?.release()
    say('free')
  }
  if (line === 'abandon') {
    const start = `${basename(folder)}.owner-`
    const file = join(
      dirname(folder),
      readdirSync(dirname(folder)).find((name) => name.startsWith(start))!,
    )
    writeFileSync(file, readFileSync(file, 'utf8').replace(/"startedAt":"\d+"/, '"startedAt":"1"'))
    say('free')
  }
}
