import { expect, test } from 'vitest'
import { defineConfig } from 'vitest/config'
import { runtimeInText, runtimeOfProject } from './option.ts'

const inText = (text: string) => runtimeInText(text, 'a.test.ts')
const ofProject = (everwarm: unknown) => runtimeOfProject({ everwarm } as never)
const wrong = expect.objectContaining({ code: 'CONFIG_INVALID' })

test.for([
  ['// @everwarm-runtime bun\nimport "vitest"', 'bun'],
  ['/** @everwarm-runtime deno */', 'deno'],
  ['/**\n * Why not.\n * @everwarm-runtime node\n */\ntest()', 'node'],
  ['// a word\n\n/* two */ // @everwarm-runtime workerd', 'workerd'],
  ['#!/usr/bin/env node\n// @everwarm-runtime bun', 'bun'],
  ['import "vitest"\n// @everwarm-runtime bun', undefined],
  ['const text = "@everwarm-runtime bun"', undefined],
  ['', undefined],
] as const)('%j asks for %s', ([text, runtime]) => {
  expect(inText(text)).toBe(runtime)
})

test('a file that asks for an unknown runtime is an error with the names there are', () => {
  expect(() => inText('// @everwarm-runtime bum')).toThrow(wrong)
  expect(() => inText('// @everwarm-runtime bum')).toThrow(/a\.test\.ts must be one of node, bun, deno, workerd, not "bum"/)
})

test('a project without the option has no runtime', () => {
  expect([ofProject(undefined), ofProject({})]).toEqual([undefined, undefined])
})

test.for([[{ runtime: 'bun' }, 'bun']] as const)('%j of a project is taken', ([option, runtime]) => {
  expect(ofProject(option)).toBe(runtime)
})

test.for([{ runtime: 'Bun' }, { runtime: 5 }, { runtimes: 'bun' }, 'bun', null])('%j of a project is an error', (option) => {
  expect(() => ofProject(option)).toThrow(wrong)
})

test('the types of a configuration know the option, and no other runtimes', () => {
  defineConfig({ test: { everwarm: { runtime: 'bun' }, projects: [{ test: { everwarm: { runtime: 'deno' } } }] } })
  // @ts-expect-error: there is no such runtime
  defineConfig({ test: { everwarm: { runtime: 'java' } } })
})
