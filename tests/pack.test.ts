import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const REPOSITORY = fileURLToPath(new URL('..', import.meta.url))
const SOURCES = ['package.json', 'tsconfig.json', 'tsconfig.build.json', 'src', 'scripts', 'docs', 'README.md', 'LICENSE']

test('npm pack builds first: a checkout that was only installed gives a whole tarball', () => {
  const root = mkdtempSync(join(tmpdir(), 'ew-pack-'))
  try {
    for (const name of SOURCES) cpSync(join(REPOSITORY, name), join(root, name), { recursive: true })
    symlinkSync(join(REPOSITORY, 'node_modules'), join(root, 'node_modules'))
    const said = execFileSync('npm', ['pack', '--json', '--silent'], { cwd: root, encoding: 'utf8' })
    const [packed] = JSON.parse(said) as [{ files: { path: string }[] }]
    const entries = ['vitest', 'playwright', 'playwright-reporter', 'sharding', 'regions', 'runner'].flatMap((name) => [
      `dist/${name}.js`,
      `dist/${name}.d.ts`,
    ])
    expect(packed.files.map(({ path }) => path)).toEqual(
      expect.arrayContaining([
        ...entries,
        'dist/cli/main.js',
        'dist/build-id',
        'dist/everwarm-toolkit.mjs',
        'docs/guide.md',
        'README.md',
        'LICENSE',
      ]),
    )
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
})
