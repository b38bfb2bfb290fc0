import { expect, test } from 'vitest'
import { contentDisposition, isInert, shownName } from './names.ts'

test.each([
  ['trace.zip', 'trace.zip'],
  ['test-results/a b/video.webm', 'video.webm'],
  ['../../etc/passwd', 'passwd'],
  ['C:\\Users\\me\\shot.png', 'shot.png'],
  ['/', 'artifact'],
  ['..', 'artifact'],
  ['a\0b\r\nset-cookie: x', 'abset-cookie_ x'],
  ['gpj.\u202Eexe', 'gpj.exe'],
  ['Prüfung – ✓.png', 'Prüfung – ✓.png'],
  ['\uD800', 'artifact'],
])('the name %j is shown as %j', (given, shown) => {
  expect(shownName(given)).toBe(shown)
})

test('a name of a hundred thousand characters keeps its end, and fits into 255 bytes', () => {
  const shown = shownName(`${'ä'.repeat(100_000)}.png`)
  expect(Buffer.byteLength(shown)).toBeLessThanOrEqual(255)
  expect(shown).toMatch(/^ä+\.png$/)
})

test('what a browser would run is saved, and what it only shows is shown', () => {
  expect(['image/png', 'video/webm', 'text/plain; charset=utf-8'].every(isInert)).toBe(true)
  expect(['text/html', 'image/svg+xml', 'application/pdf', 'text/xml', 'image/pngx'].some(isInert)).toBe(false)
  expect(contentDisposition({ name: 'report.html', type: 'text/html' })).toMatch(/^attachment; /)
})

test('a disposition is one header, whatever the name', () => {
  expect(contentDisposition({ name: 'a"; b\r\nc: d é.png', type: 'image/png' })).toBe(
    `inline; filename="a_; bc_ d _.png"; filename*=UTF-8''a_%3B%20bc_%20d%20%C3%A9.png`,
  )
})
