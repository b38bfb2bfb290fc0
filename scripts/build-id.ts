// node scripts/build-id.ts [DIST]: writes DIST/build-id, a sum over the names and texts of all its .js files, and the command with it.
// A daemon of another build is never reused, see src/pool/daemon/version.ts.
import { createHash } from 'node:crypto'
import { chmodSync, existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
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
const build = sum.digest('hex').slice(0, 12)
writeFileSync(join(dist, 'build-id.new'), `${build}\n`)
renameSync(join(dist, 'build-id.new'), join(dist, 'build-id'))

// The command: a shell's script that finds the client of this very build, see `compiled-client.ts`.
const command = join(dist, 'cli', 'everwarm')
if (existsSync(join(dist, 'cli'))) {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8')) as { version: string }
  const launcher = readFileSync(join(import.meta.dirname, 'launcher.sh'), 'utf8')
  writeFileSync(command, launcher.replace('@VERSION@', `${version}+${build}`))
  chmodSync(command, 0o755)
}
