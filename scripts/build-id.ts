// node scripts/build-id.ts [DIST]: writes DIST/build-id, a sum over the names and texts of all its .js files.
// A daemon of another build is never reused, see src/pool/daemon/version.ts.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const dist = process.argv[2] ? resolve(process.argv[2]) : join(import.meta.dirname, '..', 'dist')
const names = readdirSync(dist, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.js'))
  .sort()
const sum = createHash('sha256')
for (const name of names)
  sum
    .update(`${name}\0`)
    .update(readFileSync(join(dist, name)))
    .update('\0')
// A daemon that starts at this moment reads the old one or the new one, never a part.
writeFileSync(join(dist, 'build-id.new'), `${sum.digest('hex').slice(0, 12)}\n`)
renameSync(join(dist, 'build-id.new'), join(dist, 'build-id'))
