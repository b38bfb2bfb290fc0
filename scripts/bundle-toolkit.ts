// node scripts/bundle-toolkit.ts [FILE]: everwarm-toolkit as one file without packages, for images and init containers; part of the build.
// What it has made is said on stderr: `npm pack --json` prints JSON and nothing else. Default: dist/everwarm-toolkit.mjs. It needs Node 22.12 or newer, and for `clone` the program git.
import { chmodSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { rolldown } from 'rolldown'

const root = join(import.meta.dirname, '..')
const file = resolve(process.argv[2] ?? join(root, 'dist', 'everwarm-toolkit.mjs'))
const bundle = await rolldown({
  input: join(root, 'src/toolkit/main.ts'),
  platform: 'node',
  // Engines of containers are not for use within one; jq is a program of its own in WebAssembly.
  external: ['dockerode', 'jq-wasm'],
  logLevel: 'silent',
})
// One file: what a command does not need is in it, but is not evaluated.
await bundle.write({ file, format: 'esm', codeSplitting: false, minify: true, sourcemap: false })
await bundle.close()
chmodSync(file, 0o755)
console.error(`${file}: ${(statSync(file).size / 1_048_576).toFixed(1)} MiB`)
