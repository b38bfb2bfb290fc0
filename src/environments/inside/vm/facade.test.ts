import vm from 'node:vm'
import { expect, test } from 'vitest'
import { Compiler } from '../modules/compile.ts'
import { ModuleGraph } from '../modules/graph.ts'
import { vmFacade, type VmParts } from './facade.ts'
import { Scripts } from './scripts.ts'
import { Shapes } from './shapes.ts'

interface TextModule {
  status: string
  error: unknown
  namespace: Record<string, any>
  link(linker: (specifier: string) => unknown): Promise<void>
  evaluate(): Promise<void>
}

function newProcess(): VmParts {
  const compiler = new Compiler(null)
  return { shapes: new Shapes(new ModuleGraph(), compiler, () => {}), scripts: new Scripts(compiler, () => {}), compiler }
}

/** Modules by name, as Vitest's executor would make them in one context; `asked` lists what the linker was asked for. */
function newRun(parts = newProcess()) {
  const { SourceTextModule, SyntheticModule } = vmFacade(parts, { onContext() {}, onScript() {} }) as any
  return (texts: Record<string, string>) => {
    const context = vm.createContext()
    const made = new Map<string, unknown>()
    const asked: string[] = []
    const options = (name: string) => ({
      identifier: `file:///${name}`,
      context,
      importModuleDynamically: async (specifier: string) => start(specifier),
      initializeImportMeta: (meta: { url: string }) => (meta.url = `file:///${name}`),
    })
    const make = (name: string): any => {
      asked.push(name)
      if (!made.has(name)) made.set(name, name in texts ? new SourceTextModule(texts[name], options(name)) : valueModule(name))
      return made.get(name)
    }
    const valueModule = (name: string) =>
      new SyntheticModule(
        ['default'],
        function (this: any) {
          this.setExport('default', `value of ${name}`)
        },
        options(name),
      )
    const start = async (name: string): Promise<TextModule> => {
      const module = make(name) as TextModule
      if (module.status === 'unlinked') await module.link(make)
      await module.evaluate()
      return module
    }
    return { start, asked, context }
  }
}

test('modules of a context have its realm, live bindings, cycles and top-level await', async () => {
  const { start, context } = newRun()({
    main: `import { count, add } from 'counter'; import { even } from 'even'; export * from 'late'
      add(); export const seen = [count, even(4)]; export const list = []; export { count }`,
    counter: 'export let count = 0; export function add() { count++ }',
    even: `import { odd } from 'odd'; export function even(n) { return n === 0 || odd(n - 1) }`,
    odd: `import { even } from 'even'; export function odd(n) { return n !== 0 && even(n - 1) }`,
    late: 'export const late = await Promise.resolve(7)',
  })
  const { namespace, status } = await start('main')
  expect(status).toBe('evaluated')
  expect([...namespace.seen]).toEqual([1, true])
  expect([namespace.count, namespace.late, Object.keys(namespace)]).toEqual([1, 7, ['count', 'late', 'list', 'seen']])
  expect(namespace.list instanceof vm.runInContext('Array', context)).toBe(true)
})

test('the second context of a run asks for nothing but what is no ES module, and has state of its own', async () => {
  const newContext = newRun()
  const texts = {
    main: `import { add } from 'counter'; import text from 'text.cjs'; export const seen = [add(), text]`,
    counter: 'let count = 0; export const add = () => ++count',
  }
  for (const asked of [
    ['main', 'counter', 'text.cjs'],
    ['main', 'text.cjs'],
  ]) {
    const context = newContext(texts)
    const { namespace } = await context.start('main')
    expect([...namespace.seen]).toEqual([1, 'value of text.cjs'])
    expect(context.asked).toEqual(asked)
  }
})

test('a changed text is linked anew in the next run of the process, with all who import it', async () => {
  const parts = newProcess()
  const main = `import { a } from 'a'; export const seen = a`
  expect((await newRun(parts)({ main, a: 'export const a = 1' }).start('main')).namespace.seen).toBe(1)
  const changed = newRun(parts)({ main, a: `import { b } from 'b'; export const a = b`, b: 'export const b = 2' })
  expect((await changed.start('a')).namespace.a).toBe(2)
  expect((await changed.start('main')).namespace.seen).toBe(2)
})

test('an error stays the error of its module', async () => {
  const { start } = newRun()({ main: `import 'bad'`, bad: `throw new RangeError('no')` })
  await expect(start('main')).rejects.toThrow('no')
  await expect(start('bad')).rejects.toThrow('no')
})

test('import() and import.meta are those of the context', async () => {
  const { start, context } = newRun()({
    main: `export const url = import.meta.url; export const promise = import('other')`,
    other: 'export const other = 3',
  })
  const { namespace } = await start('main')
  expect(namespace.url).toBe('file:///main')
  expect(namespace.promise instanceof vm.runInContext('Promise', context)).toBe(true)
  expect((await namespace.promise).other).toBe(3)
})
