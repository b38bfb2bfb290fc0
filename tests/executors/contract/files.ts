import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Site } from '../../../src/executors/executor.ts'
import { type Ground, run } from '../contract-house.ts'

/** A gzipped tar of an empty file of this name, as no `tar` would make it. @see https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html */
function archiveOf(name: string): Readable {
  const header = Buffer.alloc(512)
  const fields: [offset: number, text: string][] = [
    [0, name],
    [100, '0000644\0'],
    [108, '0000000\0'],
    [116, '0000000\0'],
    [124, '00000000000\0'],
    [136, '00000000000\0'],
    [148, ' '.repeat(8)],
    [156, '0'],
    [257, 'ustar\x0000'],
  ]
  for (const [offset, text] of fields) header.write(text, offset, 'latin1')
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return Readable.from([gzipSync(Buffer.concat([header, Buffer.alloc(1_024)]))])
}

export function fileContract(ground: Ground): void {
  describe('files', () => {
    let site: Site
    const sh = async (line: string) => (await run(site, ground.house.container, line)).stdout.toString()
    beforeAll(async () => {
      site = await ground.openSite()
    }, 120_000)
    afterAll(() => site?.close(), 60_000)

    test('paths are those that commands use; relative ones begin at /data/repo', async () => {
      const { files } = site
      expect(files.path('a/b')).toBe(files.path('/data/repo/a/b'))
      expect(files.path('.')).toBe(files.path('/data/repo'))
      expect(files.path('../x')).toBe(files.path('/data/x'))
      expect(files.path('/usr/bin')).toBe('/usr/bin')
      // What it has said it understands.
      expect(files.path(files.path('a/b'))).toBe(files.path('a/b'))
    })

    test('what is written is read by commands, and the other way round', async () => {
      const bytes = Buffer.from([0, 255, 10, 13, 128])
      await site.files.writeFile('deep/er/file.bin', bytes)
      expect(await sh('wc -c < deep/er/file.bin')).toContain('5')
      expect(await site.files.readFile('deep/er/file.bin', 5)).toEqual(bytes)
      await sh('mkdir -p ../x && printf hi > ../x/y')
      expect((await site.files.readFile('/data/x/y', 10)).toString()).toBe('hi')
    })

    test('a file is written with its mode, and over another', async () => {
      await site.files.writeFile('run.sh', Buffer.from('#!/bin/sh\necho one\n'), 0o755)
      expect(await sh('./run.sh')).toBe('one\n')
      await site.files.writeFile('run.sh', Buffer.from('#!/bin/sh\necho two\n'), 0o755)
      expect(await sh('./run.sh')).toBe('two\n')
    })

    test('what is absent, a folder or too large is not read', async () => {
      await sh('mkdir -p folder; printf 12345 > five')
      for (const path of ['nothing', 'folder', 'five'])
        await expect(site.files.readFile(path, 4)).rejects.toMatchObject({ code: 'FILE_NOT_READ' })
    })

    test('small files of a folder are read together: regular ones, not hidden, not too large', async () => {
      await sh(
        'mkdir -p outs/sub; printf a > outs/a; printf bb > outs/b; printf long > outs/long; printf h > outs/.h; ln -s a outs/link',
      )
      const read = await site.files.readSmall('outs', 3)
      expect(Object.fromEntries(Object.entries(read).map(([name, bytes]) => [name, bytes.toString()]))).toEqual({
        a: 'a',
        b: 'bb',
      })
      expect(await site.files.readSmall('no-such-folder', 3)).toEqual({})
    })

    test('a folder is emptied, and made if there is none', async () => {
      await sh('mkdir -p full/sub; touch full/.hidden full/sub/x')
      await site.files.empty('full')
      await site.files.empty('made/now')
      expect(await sh('ls -A full made/now')).not.toMatch(/hidden|sub/)
    })

    test('globs give sorted absolute paths of files without what is excluded; hidden ones where the pattern has their dot', async () => {
      await sh('mkdir -p g/b g/.c g/node_modules; touch g/z.ts g/b/a.ts g/.no.ts g/.c/h.ts g/B.ts g/node_modules/n.ts g/b/a.js')
      const found = await site.files.glob({
        include: [site.files.path('g/**/*.ts'), site.files.path('g/.c/*.ts')],
        exclude: [site.files.path('g/node_modules/**')],
      })
      expect(found).toEqual(['g/.c/h.ts', 'g/B.ts', 'g/b/a.ts', 'g/z.ts'].map((path) => site.files.path(path)))
      expect(await site.files.glob({ include: [site.files.path('nowhere/**')], exclude: [] })).toEqual([])
    })

    test('what is packed here is unpacked there as it was', async () => {
      const lines = [
        'mkdir -p p/empty p/sub && cd p && printf one > sub/a.txt && printf two > .hidden',
        "printf '#!/bin/sh\\necho ran\\n' > run.sh && chmod 755 run.sh && ln -s sub/a.txt link && printf no > sub/skip.log",
      ]
      await sh(lines.join(' && '))
      const other = await ground.openSite()
      await other.files.unpack('/data/there', await site.files.pack('p', { include: ['**/*'], exclude: ['**/*.log'] }))
      const script = 'find . | sort; cat link; ./run.sh; readlink link'
      const { stdout } = await run(other, ground.house.container, script, { cwd: other.files.path('/data/there') })
      expect(stdout.toString().split('\n').filter(Boolean)).toEqual([
        '.',
        './.hidden',
        './empty',
        './link',
        './run.sh',
        './sub',
        './sub/a.txt',
        'oneran',
        'sub/a.txt',
      ])
      await other.close()
    })

    test('absolute links into what is packed lead there relatively; those that lead out are told, and stay behind', async () => {
      await sh('mkdir -p links/real && ln -s "$PWD/links/real" links/in && ln -s /etc links/out && ln -s ../.. links/real/up')
      const told: string[] = []
      const all = { include: ['**/*'], exclude: [] }
      await site.files.unpack('unlinked', await site.files.pack('links', all, (path, target) => told.push(`${path} ${target}`)))
      expect(await sh('readlink unlinked/in; find unlinked -type l')).toMatch(/^real\s+unlinked\/in\s*$/)
      expect(told.toSorted()).toEqual(['out /etc', 'real/up ../..'])
    })

    test('an archive that leaves its folder is refused', async () => {
      await expect(site.files.unpack('deep/within', archiveOf('../outside'))).rejects.toMatchObject({ code: 'ARCHIVE_REFUSED' })
      expect(await sh('ls ..; ls deep 2>&1')).not.toContain('outside')
    })

    test('the same files give the same archive, byte for byte', async () => {
      await sh('mkdir -p same && printf 1 > same/b && printf 2 > same/a')
      const pack = async () => Buffer.concat(await (await site.files.pack('same', { include: ['**/*'], exclude: [] })).toArray())
      const first = await pack()
      await sh('touch same/a')
      expect(await pack()).toEqual(first)
    })
  })
}
