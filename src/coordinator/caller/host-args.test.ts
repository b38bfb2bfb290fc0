import { expect, test } from 'vitest'
import { splitHostArgs } from './host-args.ts'

test.each([
  [['-t', 'cart'], { run: ['-t', 'cart'], report: [] }],
  [
    ['--reporter=junit', '--outputFile', 'o.xml', '-t', 'cart'],
    { run: ['-t', 'cart'], report: ['--reporter=junit', '--outputFile', 'o.xml'] },
  ],
  [['--config', 'a.ts', '--retry=2'], { run: ['--config', 'a.ts', '--retry=2'], report: ['--config', 'a.ts'] }],
  [['--outputFile.json=o', '--reporter'], { run: [], report: ['--outputFile.json=o', '--reporter'] }],
])('%j', (args, expected) => expect(splitHostArgs(args)).toEqual(expected))
