import { createHash } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import { downloadTarball } from '../../src/content/download.ts'
import { fakeClock } from '../../src/system/fake-clock.ts'
import { hastyClock } from './hasty-clock.ts'
import { harvest, plant, tarOf, testFolder } from './trees.ts'

async function serve(...answers: RequestListener[]): Promise<{ url: string; asked: () => number }> {
  let asked = 0
  const server = createServer((request, response) => answers[Math.min(asked++, answers.length - 1)]!(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/a.tar.gz?token=s3cret`, asked: () => asked }
}

const archive = gzipSync(
  await tarOf([
    { name: 'a/file', text: 'x'.repeat(50_000) },
    { name: 'b', text: 'b' },
  ]),
)
const sha256 = createHash('sha256').update(archive).digest('hex')
const well: RequestListener = (_, response) => void response.writeHead(200, { 'content-length': archive.length }).end(archive)
const status =
  (code: number): RequestListener =>
  (_, response) =>
    void response.writeHead(code).end('no')
const cut: RequestListener = (request, response) => {
  response.writeHead(200, { 'content-length': archive.length })
  response.write(archive.subarray(0, 60), () => request.socket.destroy())
}
const files = { 'a/file': 'x'.repeat(50_000), b: 'b' }

test.each([
  ['not checked', {}],
  ['checked', { sha256 }],
])('what is cut off or refused for the moment is fetched again, later each time: %s', async (_, more) => {
  const { url, asked } = await serve(status(503), cut, status(429), well)
  const clock = hastyClock()
  const to = join(testFolder(), 'to')
  expect(await downloadTarball(url, to, { clock, random: () => 0, ...more })).toEqual({ entries: 2, bytes: 50_001 })
  expect(harvest(to)).toEqual(files)
  expect(asked()).toBe(4)
  expect(clock.waits).toEqual([200, 400, 800])
})

test('it is asked five times, and an answer that will stay is taken as such', async () => {
  const away = await serve(status(500))
  await expect(downloadTarball(away.url, testFolder(), { clock: hastyClock() })).rejects.toMatchObject({
    code: 'DOWNLOAD_FAILED',
  })
  expect(away.asked()).toBe(5)
  const missing = await serve(status(404))
  const error = await downloadTarball(missing.url, testFolder(), { clock: hastyClock() }).catch((e: Error) => e)
  expect(error).toMatchObject({ code: 'DOWNLOAD_FAILED', message: expect.stringContaining('404') })
  expect(String(error)).not.toContain('s3cret')
  expect(missing.asked()).toBe(1)
})

test('another content than was announced is not unpacked', async () => {
  const other = gzipSync(await tarOf([{ name: 'evil', text: 'x' }]))
  const { url, asked } = await serve((_, response) => void response.end(other))
  const to = testFolder()
  const scratch = testFolder()
  await expect(downloadTarball(url, to, { clock: hastyClock(), sha256, scratch, attempts: 2 })).rejects.toMatchObject({
    code: 'DOWNLOAD_FAILED',
    message: expect.stringContaining('SHA-256'),
  })
  expect(asked()).toBe(2)
  expect([harvest(to), harvest(scratch)]).toEqual([{}, {}])
})

test('nothing of an archive that is refused is there', async () => {
  const long = gzipSync(
    await tarOf([
      { name: 'b', text: 'new' },
      { name: 'a'.repeat(300), text: 'x' },
    ]),
  )
  const { url } = await serve((_, response) => void response.end(long))
  const to = plant(testFolder(), { b: 'old' })
  await expect(downloadTarball(url, to)).rejects.toMatchObject({
    code: 'ARCHIVE_REFUSED',
    message: expect.stringContaining('too long'),
  })
  expect(harvest(to)).toEqual({ b: 'old' })
})

test('what is no archive, or a hostile one, is not fetched twice', async () => {
  const { url, asked } = await serve((_, response) => void response.end('<html>please sign in</html>'))
  await expect(downloadTarball(url, testFolder(), { clock: hastyClock() })).rejects.toMatchObject({ code: 'ARCHIVE_REFUSED' })
  expect(asked()).toBe(1)
})

test('a user in the address and headers are sent', async () => {
  const seen: unknown[] = []
  const { url } = await serve((request, response) => {
    seen.push(request.headers['authorization'], request.headers['x-own'])
    response.end(archive)
  })
  await downloadTarball(url.replace('//', '//jane:p%40ss@'), testFolder(), { headers: { 'x-own': '1' } })
  expect(seen).toEqual([`Basic ${Buffer.from('jane:p@ss').toString('base64')}`, '1'])
})

test('a server that falls silent is given up after a minute, and who no longer wants it is heard', async () => {
  const clock = fakeClock()
  const silent: RequestListener = (_, response) => {
    response.writeHead(200)
    response.write(archive.subarray(0, 60), () => clock.advance(60_000))
  }
  const { url } = await serve(silent)
  await expect(downloadTarball(url, testFolder(), { clock, attempts: 1 })).rejects.toMatchObject({
    code: 'DOWNLOAD_FAILED',
    message: expect.stringContaining('60000 ms'),
  })
  const controller = new AbortController()
  const waiting = await serve(() => controller.abort(new Error('enough')))
  await expect(downloadTarball(waiting.url, testFolder(), { signal: controller.signal })).rejects.toThrow('enough')
})

test.each(['file:///etc/passwd', 'nonsense', 'ftp://host/x'])('%s is no address for it', async (url) => {
  await expect(downloadTarball(url, testFolder())).rejects.toMatchObject({ code: 'BAD_INPUT' })
})

test('a user that cannot be read is said at once, and not shown', async () => {
  const error = await downloadTarball('http://us%er:s3cret@localhost/A b', testFolder()).catch((e: Error) => e)
  expect(error).toMatchObject({ code: 'BAD_INPUT', message: expect.stringContaining('http://localhost/A b cannot be read') })
  expect(String(error)).not.toContain('s3cret')
})
