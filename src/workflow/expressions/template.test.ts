import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { anyText } from '../../../tests/support/random-expressions.ts'
import { namesScope } from './scopes.ts'
import { parseTemplate, resolveTemplate, Template } from './template.ts'

const scope = namesScope({ x: 7, list: [1, 2], name: 'a {{ b }} c', map: { a: 1 }, none: null })
const of = (text: string) => resolveTemplate(text, [scope])

describe('a template', () => {
  test.each([
    ['plain', 'plain'],
    ['', ''],
    ['{{}}', ''],
    ['a{{ }}b', 'ab'],
    ['{{x}}', '7'],
    ['{{ x }}-{{ list }}', '7-1,2'],
    ['{{ map }}', '{"a":1}'],
    ['{{ {"a":{"b":1}} }}', '{"a":{"b":1}}'],
    ['{{{"a":{"b":1}}}}', '{"a":{"b":1}}'],
    ['{{ "}}" }}', '}}'],
    ['{{ "{{" }} x }}', '{{ x }}'],
    ['a } b }} c { d', 'a } b }} c { d'],
    ['{{ none }}', ''],
    ['{{ name }}', 'a {{ b }} c'],
  ])('%j becomes the text %j', (template, text) => expect(of(template).text).toBe(text))

  test.each([
    ['{{env.A}} {{ x }}', '{{ env.A }} 7'],
    ['{{ name }} {{ env.A }}', 'a {{ "{{" }} b }} c {{ env.A }}'],
    ['{{ "{" }}{{ env.A }}', '{{ "{" }}{{ env.A }}'],
    ['{{ "a{" }}{{ "{b" }}', 'a{{ "{{" }}b'],
  ])('%j is left as %j', (template, rest) => {
    expect(String(of(template))).toBe(rest)
    expect(String(resolveTemplate(rest, []))).toBe(rest)
  })

  test('keeps any text through four stages', () => {
    fc.assert(
      fc.property(fc.array(anyText), fc.array(anyText), (values, texts) => {
        const names = values.map((value, i) => [`n${i}`, value] as const)
        // A name is known at each stage, then text, then the next name.
        let template = String(
          new Template([texts.join(''), ...names.map(([name]) => ({ type: 'name' as const, names: [name] }))]),
        )
        for (let stage = 0; stage < 4; stage++) {
          const known = namesScope(Object.fromEntries(names.filter((_, i) => i % 4 === stage)))
          template = String(resolveTemplate(template, [known]))
        }
        expect(resolveTemplate(template, []).text).toBe([...texts, ...values].join(''))
      }),
      { numRuns: 1000 },
    )
  })

  test.each([
    ['a\n{{ x', 2, 5, 'Expected an operator or "}}", found the end.'],
    ['{{ x } }', 1, 6, 'found "}"'],
    ['a {{ + }}', 1, 6, 'Expected a value'],
    ['{{', 1, 3, 'found the end'],
  ])('%j is refused at line %i, column %i of the text', (text, line, column, message) => {
    expect(() => parseTemplate(text)).toThrow(
      expect.objectContaining({ code: 'EXPRESSION_INVALID', place: { line, column }, message: expect.stringContaining(message) }),
    )
  })

  test('that would be too long is refused', () => {
    expect(() => resolveTemplate('{{ a }}'.repeat(100), [namesScope({ a: 'x'.repeat(1_000_000) })])).toThrow(
      expect.objectContaining({ code: 'EXPRESSION_TOO_LARGE' }),
    )
  })
})
