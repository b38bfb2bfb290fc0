import { expect, test } from 'vitest'
import { checkDocuments } from './check.ts'
import { fileModeOf, isOddMode, modeText } from './file-mode.ts'
import { importTexts } from './import/import-texts.ts'
import { loadText } from './load.ts'

const files = (modes: string[]) =>
  `{ content: { files: [${modes.map((mode) => `{ path: a, content: a, mode: ${mode} }`).join(', ')}] }, shell: ls }`
const loaded = (modes: string[]) =>
  loadText(`kind: Workflow\nmetadata: { name: a }\nspec: { steps: [${files(modes)}] }`, 'w.yaml')

test('a mode is what people mean, in whatever way it is written', () => {
  const { documents, faults } = loaded([
    '0755',
    '0o755',
    '"0755"',
    '"755"',
    '755',
    '493',
    '"0o755"',
    '0o1777',
    '0444',
    '444',
    '420',
  ])
  expect(faults).toEqual([])
  const { steps } = documents[0]!.document.spec as { steps: { content: { files: { mode: number }[] } }[] }
  expect(steps[0]!.content.files.map(({ mode }) => mode.toString(8))).toEqual([
    ...Array.from({ length: 7 }, () => '755'),
    '1777',
    '444',
    '444',
    '644',
  ])
})

test('what is no mode is refused', () => {
  expect(['0o8', '089', 'rwx', '-1', '1.5', ''].map(fileModeOf)).toEqual(Array.from({ length: 6 }, () => undefined))
  expect(loaded(['rw-r--r--']).faults.map(({ message }) => message)).toEqual(['It must be a number, not "rw-r--r--".'])
})

test('a mode that gives its owner less than others is shown as `ls` would', () => {
  expect([0o755, 0o1777, 0o4644].map(modeText)).toEqual(['rwxr-xr-x', 'rwxrwxrwt', 'rwSr--r--'])
  expect([0o755, 0o644, 0o400, 0o1777, 0o4755].some(isOddMode)).toBe(false)
  const found = checkDocuments(loaded(['755', '0o200', '410']).documents)
  expect(found.map(({ severity, message }) => `${severity}: ${message}`)).toEqual([
    'warning: This mode is -w------- (0o200): its owner may do less than others, or may not read it.',
    'warning: This mode is rw--wx-w- (0o632): its owner may do less than others, or may not read it.',
  ])
})

test('octal numbers and truth values of YAML 1.1 are imported as they are meant', () => {
  const run = '{ shell: ls, optional: yes, paused: On, container: { env: [{ name: A, value: "0755" }] } }'
  const { texts, notes } = importTexts([
    { file: 't.yaml', text: `kind: TestWorkflow\nmetadata: { name: a }\nspec: { steps: [${files(['0755', '493'])}, ${run}] }\n` },
  ])
  expect(notes).toEqual([])
  expect(texts[0]).toContain('mode: 0o755 }')
  expect(texts[0]).toContain('mode: 493 }')
  expect(texts[0]).toMatch(/optional: true, paused: true, container: .*value: "0755"/)
})
