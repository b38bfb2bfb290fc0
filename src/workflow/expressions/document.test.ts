import { describe, expect, test } from 'vitest'
import { decodeArgument, encodeArgument } from './argument.ts'
import { finalize, simplify } from './document.ts'
import { ExpressionError } from './expression-error.ts'
import { hostScope } from './functions/library.ts'
import { type FieldRole, type IncludedFields, listOf, mapOf } from './roles.ts'
import { environmentScope, namesScope } from './scopes.ts'
import type { Value } from './values.ts'

interface StepRoles extends IncludedFields {
  fields: Record<string, FieldRole>
}
const step: StepRoles = {
  fields: {
    name: 'ignore',
    condition: 'expression',
    shell: 'template',
    image: 'template',
    args: 'template',
    matrix: mapOf('expression'),
    env: listOf({ fields: { name: 'ignore', value: 'template' } }),
    pod: 'force',
  },
}
step.fields['steps'] = listOf(step)

const scope = namesScope({ index: 1, 'matrix.b': 'firefox', list: ['a', '{{', 'c d'], people: [{ ip: '1' }, { ip: '2' }] })
const document = {
  name: '{{ index }}',
  condition: 'index > 0 && passed',
  shell: 'run {{ index + 1 }} {{ env.X }}',
  image: 'browsers:{{ matrix.b }}',
  args: ['--a', '{{ list }}', '{{ people.*.ip }}', 'x{{ list }}', '{{ env.MORE }}', 5],
  matrix: { a: 'list', b: ['{{ index }}', 2], c: 'range(env.N)' },
  env: [{ name: '{{ index }}', value: '{{ index }}' }],
  pod: { deep: [{ text: '{{ index }}', number: 1, none: null }] },
  other: '{{ index }}',
  steps: [{ shell: '{{ matrix.b }}', steps: [{ shell: '{{ index }}' }] }],
}

describe('simplify', () => {
  const simple = simplify<Record<string, unknown>>(document, step, [scope])

  test('puts in what is known, and leaves the rest to be resolved later', () => {
    expect(simple).toEqual({
      name: '{{ index }}',
      condition: 'passed',
      shell: 'run 2 {{ env.X }}',
      image: 'browsers:firefox',
      args: ['--a', 'a', '{{ "{{" }}', 'c d', '1,2', 'xa,{{ "{{" }},c d', '{{ env.MORE }}', 5],
      matrix: { a: '["a","{{","c d"]', b: ['1', 2], c: 'range(env.N)' },
      env: [{ name: '{{ index }}', value: '1' }],
      pod: { deep: [{ text: '1', number: 1, none: null }] },
      other: '{{ index }}',
      steps: [{ shell: 'firefox', steps: [{ shell: '1' }] }],
    })
  })

  test('changes nothing the second time, and never its input', () => {
    expect(simplify(simple, step, [scope])).toEqual(simple)
    expect(document.shell).toBe('run {{ index + 1 }} {{ env.X }}')
  })
})

describe('finalize', () => {
  test('gives texts and values', () => {
    const known = [scope, namesScope({ passed: true }), environmentScope({ X: 'x', N: '2' })]
    expect(finalize(simplify(document, step, [scope]), step, known)).toMatchObject({
      condition: true,
      shell: 'run 2 x',
      args: ['--a', 'a', '{{', 'c d', '1,2', 'xa,{{,c d', '', 5],
      matrix: { a: ['a', '{{', 'c d'], b: ['1', 2], c: [0, 1] },
    })
  })

  test.each<[Value, FieldRole, string]>([
    [{ steps: [{ shell: 'a\n{{ env.X }}' }] }, step, 'steps[0].shell: env.X is not known here. (line 2, column 4)'],
    [{ condition: 'passed && later(index)' }, step, 'condition: passed, later() are not known here. (line 1, column 1)'],
    [{ args: ['', '{{ x }}'] }, step, 'args[1]: x is not known here. (line 1, column 4)'],
    [{ pod: { 'a.b': '{{ x }}' } }, step, 'pod["a.b"]: x is not known here. (line 1, column 4)'],
    [{ shell: '{{ 1 + }}' }, step, 'shell: Expected a value, a name or "(", found "}". (line 1, column 8)'],
    [{ shell: '{{ 1 / 0 }}' }, step, 'shell: The right side of / is zero. (line 1, column 4)'],
    // A place in a text inside the text would mislead.
    [{ shell: 'a {{ 1 + eval("1 +\n 1 / 0") }}' }, step, 'shell: The right side of / is zero. (line 1, column 10)'],
    [{ shell: 'a {{ map(list(1), "x +") }}' }, step, 'shell: Expected a value, a name or "(", found the end. (line 1, column 6)'],
  ])('of %j names the field and what is wrong', (value, role, message) => {
    expect(() => finalize(value, role, [scope])).toThrow(expect.objectContaining({ message }))
  })

  test('says which function was meant, and which one is not known yet', () => {
    expect(() => finalize('{{ tojsn(1) }}', 'template', [])).toThrow(
      expect.objectContaining({ code: 'EXPRESSION_UNRESOLVED', hint: expect.stringContaining('Did you mean "tojson"?') }),
    )
    expect(() => finalize('{{ file("a") }}', 'template', [])).toThrow(
      expect.objectContaining({ hint: 'file() is known only where a step or a worker runs.' }),
    )
  })
})

describe('an argument in base64', () => {
  const inner = { run: '{{ env.X }} {{ index + 1 }}', text: '{{ "{{" }} }} " \n é😀' }
  const role: FieldRole = { fields: { run: 'template', text: 'template', nested: 'template' } }

  test('comes out as it went in, byte by byte, through stages that know the same names', () => {
    const argument = encodeArgument(inner)
    const stage2 = finalize([argument], listOf('template'), [environmentScope({ X: 'parent' }), scope])
    expect(stage2).toEqual([argument])
    expect(encodeArgument(decodeArgument(stage2[0]!))).toBe(argument)
    expect(JSON.stringify(decodeArgument(argument))).toBe(JSON.stringify(inner))
  })

  test('gives a worker its own environment, although the parent has another one', () => {
    const atWorker = simplify(decodeArgument(encodeArgument(inner)), role, [scope])
    expect(atWorker).toMatchObject({ run: '{{ env.X }} 2' })
    expect(finalize(atWorker, role, [environmentScope({ X: 'worker' })])).toMatchObject({
      run: 'worker 2',
      text: '{{ }} " \n é😀',
    })
  })

  test('may hold another one, each resolved by its own stage', () => {
    const outer = { run: '{{ index }}', nested: encodeArgument(inner) }
    const first = simplify(decodeArgument(encodeArgument(outer)), role, [scope]) as { nested: string }
    expect(decodeArgument(first.nested)).toEqual(inner)
  })

  test('holds no value of a secret, but the name of a variable', () => {
    const host = hostScope({ secret: ({ name, key }) => `SECRET_${name}_${key}`, credential: () => 'CREDENTIAL_1' })
    const stage1 = simplify({ run: '{{ secret("db", "password") }}:{{ credential("x") }}' }, role, [host])
    expect(stage1).toEqual({ run: '{{ env.SECRET_db_password }}:{{ env.CREDENTIAL_1 }}' })
  })

  test.each(['%', 'e30', 'e30=\n', 'e30', Buffer.from('{').toString('base64'), '/w=='])('%j is refused', (argument) => {
    expect(() => decodeArgument(argument)).toThrow(expect.objectContaining({ code: 'BAD_INPUT' }))
  })
})

describe('the text of a value that is read as an expression', () => {
  const secret = 'hunter2secret - passphrase - longvalue'
  const stages = [
    ['eval(env.S)', secret],
    ['map(list(1), env.S)', secret],
    ['filter(list(1), env.S)', secret],
    ['map(later(), env.S)', secret],
    ['eval(any(env.S, 1))', 'hunter2@longvalue'],
    ['map(later(), env.S)', 'hunter2@longvalue'],
    ['eval("eval(env.S)")', '[1].longvalue'],
    ['filter(list(1), env.S)', 'list().longvalue'],
  ] as const

  test.each(stages)('is never named, in one stage or two: %s of %s', (text, S) => {
    const known = [environmentScope({ S })]
    const act = () => finalize(simplify(`{{ ${text} }}`, 'template', known), 'template', [scope])
    expect(act).toThrow(expect.objectContaining({ message: expect.not.stringMatching(/hunter|passphrase|longvalue|@/) }))
    expect(act).toThrow(expect.objectContaining({ hint: expect.not.stringMatching(/hunter|passphrase|longvalue|@/) }))
    expect(() => finalize(`{{ ${text} }}`, 'template', known)).toThrow(ExpressionError)
  })

  test('is put in where all of it is known, now or later', () => {
    const known = [environmentScope({ S: 'index + 1' })]
    expect(finalize(simplify('{{ eval(env.S) }} {{ map(list(1), env.S) }}', 'template', known), 'template', [scope])).toBe('2 2')
  })
})
