import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface ServedContent {
  repository: string
  archive: string
  close(): void
}

/** A repository of this machine with the branches `main` and `next`, and an archive behind HTTP. */
export async function serveContent(): Promise<ServedContent> {
  const folder = mkdtempSync(join(tmpdir(), 'ew-content-'))
  const repository = join(folder, 'repository')
  makeRepository(repository)
  const archive = makeArchive(folder)
  const server = createServer((request, response) =>
    request.url === '/archive.tar.gz' ? response.end(archive) : response.writeHead(404).end(),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    repository: `file://${repository}`,
    archive: `http://127.0.0.1:${(server.address() as AddressInfo).port}/archive.tar.gz`,
    close() {
      server.closeAllConnections()
      server.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function makeRepository(folder: string): void {
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', '-c', 'commit.gpgsign=false', ...args], {
      cwd: folder,
      stdio: 'ignore',
    })
  mkdirSync(join(folder, 'docs'), { recursive: true })
  writeFileSync(join(folder, 'docs/page.txt'), 'a page\n')
  writeFileSync(join(folder, 'version.txt'), 'main\n')
  writeFileSync(join(folder, 'run.sh'), '#!/bin/sh\necho run\n', { mode: 0o755 })
  git('init', '-q', '-b', 'main')
  git('add', '.')
  git('commit', '-qm', 'first')
  git('switch', '-qc', 'next')
  writeFileSync(join(folder, 'version.txt'), 'next\n')
  git('commit', '-qam', 'second')
  git('switch', '-q', 'main')
}

function makeArchive(folder: string): Buffer {
  const content = join(folder, 'content')
  mkdirSync(join(content, 'deep/empty'), { recursive: true })
  writeFileSync(join(content, 'deep/in it.txt'), 'in it\n')
  symlinkSync('deep', join(content, 'link'))
  const path = join(folder, 'archive.tar.gz')
  execFileSync('tar', ['-czf', path, '-C', content, '.'])
  return readFileSync(path)
}
