import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { connectEngine } from '../../src/executors/container/engine.ts'

export interface TestImages {
  /** `sh`, `tar`, `find` and the rest of busybox: 2 MB. */
  base: string
  /** The same and `/usr/local/bin/node`, the one that runs this. */
  node: string
}

/** Images out of this machine's own files: no registry is asked. They are made once, in about 5 s. */
export async function testImages(host: string): Promise<TestImages> {
  const docker = await connectEngine({ host, env: {} })
  const busybox = ['/bin/busybox', '/usr/bin/busybox'].find(existsSync)
  if (busybox === undefined) throw new Error('There is no busybox here (Debian: busybox-static).')
  const node = realpathSync(process.execPath)
  const version = createHash('sha256')
    .update(readFileSync(busybox))
    .update(process.version)
    .update(readFileSync(new URL(import.meta.url)))
    .digest('hex')
    .slice(0, 12)
  const images = { base: `everwarm-test/base:${version}`, node: `everwarm-test/node:${version}` }
  const isThere = (name: string) => docker.getImage(name).inspect().then(() => true, () => false) // prettier-ignore
  for (const [kind, name] of Object.entries(images)) {
    if (await isThere(name)) continue
    const root = mkdtempSync(join(tmpdir(), 'ew-image-'))
    try {
      layOut(root, busybox)
      if (kind === 'node') for (const library of librariesOf(node)) put(root, library)
      const more =
        kind === 'node'
          ? ['-C', dirname(node), '--transform', `flags=r;s,^${basename(node)}$,usr/local/bin/node,`, basename(node)]
          : []
      const tar = spawn('tar', ['-c', '-C', root, '.', ...more], { stdio: ['ignore', 'pipe', 'inherit'] })
      // With its tag in it: podman 4 does not look for one elsewhere.
      const changes = ['CMD ["sh"]', 'ENV PATH=/usr/local/bin:/usr/bin:/bin']
      const progress = await docker.importImage(tar.stdout, { repo: name, changes })
      await new Promise<void>((resolve, reject) =>
        docker.modem.followProgress(progress, (error) => (error ? reject(error) : resolve())),
      )
    } finally {
      rmSync(root, { recursive: true, force: true })
    }
  }
  return images
}

function layOut(root: string, busybox: string): void {
  for (const folder of ['bin', 'etc', 'root', 'proc', 'sys', 'dev', 'usr/local/bin', 'usr/bin'])
    mkdirSync(join(root, folder), { recursive: true })
  mkdirSync(join(root, 'tmp'))
  execFileSync('chmod', ['1777', join(root, 'tmp')])
  copyFileSync(busybox, join(root, 'bin/busybox'))
  const names = execFileSync(busybox, ['--list'], { encoding: 'utf8' }).trim().split('\n')
  for (const name of names) if (name !== 'busybox') symlinkSync('busybox', join(root, 'bin', name))
  symlinkSync('/bin/env', join(root, 'usr/bin/env'))
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\ntester:x:1000:1000:tester:/tmp:/bin/sh\n')
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\ntester:x:1000:\n')
}

/** Of Node, and the rest of the C library, which native packages need. */
/** Absolute paths of all shared libraries that a program, or a library, needs. */
export function librariesOf(program: string): string[] {
  const said = execFileSync('ldd', [program], { encoding: 'utf8' })
  const own = [...said.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(([, path]) => path!)
  const folder = dirname(own.find((path) => basename(path) === 'libc.so.6') ?? '/lib/libc.so.6')
  const others = ['librt.so.1', 'libresolv.so.2', 'libutil.so.1'].map((name) => join(folder, name))
  return [...new Set([...own, ...others.filter(existsSync)])]
}

/** At the same path, whatever links lead to it here. */
function put(root: string, path: string): void {
  const target = join(root, path)
  mkdirSync(dirname(target), { recursive: true })
  copyFileSync(realpathSync(path), target)
}
