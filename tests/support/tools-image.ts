import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { connectEngine } from '../../src/executors/container/engine.ts'
import { librariesOf, testImages } from './images.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
/** What a project has in its `package.json`. */
const TOOLS = ['vitest', 'vite', '@playwright/test']
/** npm's own is 20 MB; here it only looks where that one looks first. */
const NPX = `#!/bin/sh
case $1 in vitest) tool=vitest/vitest.mjs ;; playwright) tool=playwright/cli.js ;; esac
shift
exec node "/node_modules/$tool" "$@"
`

/** The test image with Node, and Vitest and Playwright (without browsers) in `/node_modules`: 60 MB, made once in about 5 s. */
export async function toolsImage(host: string): Promise<string> {
  const docker = await connectEngine({ host, env: {} })
  const { node } = await testImages(host)
  const packages = withDependencies(TOOLS)
  const versions = packages.map((name) => `${name}@${(packageOf(name) as { version: string }).version}`)
  const version = createHash('sha256')
    .update([node, NPX, ...versions].join('\n'))
    .digest('hex')
    .slice(0, 12)
  const tag = `everwarm-test/tools:${version}`
  const isThere = await docker.getImage(tag).inspect().then(() => true, () => false) // prettier-ignore
  if (isThere) return tag
  const folder = mkdtempSync(join(tmpdir(), 'ew-tools-'))
  const container = await docker.createContainer({ Image: node, Cmd: ['true'] })
  try {
    writeFileSync(join(folder, 'npx'), NPX, { mode: 0o755 })
    const names = packages.map((name) => `node_modules/${name}`)
    const moved = ['-C', folder, '--transform', 'flags=r;s,^npx$,usr/local/bin/npx,', 'npx']
    const libraries = ['-C', '/', ...librariesOfAll(names)]
    const tar = spawn('tar', ['-ch', '--hard-dereference', ...libraries, ...moved, '-C', ROOT, ...names], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await container.putArchive(tar.stdout, { path: '/' })
    const [repo, mark] = tag.split(':')
    await container.commit({ repo, tag: mark })
  } finally {
    await container.remove({ force: true })
    rmSync(folder, { recursive: true, force: true })
  }
  return tag
}

/** Of native parts, beside those of Node. */
function librariesOfAll(folders: readonly string[]): string[] {
  const native = folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder)).flatMap((name) => (name.endsWith('.node') ? [join(ROOT, folder, name)] : [])),
  )
  return [...new Set(native.flatMap(librariesOf))].map((path) => path.slice(1))
}

interface Package {
  version: string
  dependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
  peerDependencies?: Record<string, string>
}

const packageOf = (name: string): Package =>
  JSON.parse(readFileSync(join(ROOT, 'node_modules', name, 'package.json'), 'utf8')) as Package

/** Those that are installed flat; what a package has inside itself comes with it. */
function withDependencies(names: readonly string[]): string[] {
  const all = new Set<string>()
  const add = (name: string) => {
    if (all.has(name) || !existsSync(join(ROOT, 'node_modules', name, 'package.json'))) return
    all.add(name)
    const { dependencies, optionalDependencies } = packageOf(name)
    for (const needed of Object.keys({ ...dependencies, ...optionalDependencies })) add(needed)
  }
  names.forEach(add)
  return [...all].sort()
}
