import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { EverwarmError } from '../../contracts/errors.ts'
import { ExpressionError } from './expression-error.ts'
import { Expression, parseExpression } from './expression.ts'
import { MAX_TEXT } from './limits.ts'
import { anyTree, bare } from '../../../tests/support/random-expressions.ts'

const reprinted = (text: string) => parseExpression(text).toString()
const brackets = (text: string) => withBrackets(parseExpression(text).node)

function errorOf(text: string): ExpressionError {
  try {
    parseExpression(text)
  } catch (error) {
    return error as ExpressionError
  }
  throw new Error(`${text.slice(0, 50)} was read.`)
}

type Tree = Expression['node']
function withBrackets(node: Tree): string {
  if (node.type === 'binary' || node.type === 'logical')
    return `(${withBrackets(node.left)}${node.operator}${withBrackets(node.right)})`
  if (node.type === 'unary') return `(${node.operator}${withBrackets(node.operand)})`
  if (node.type === 'choice') return `(${withBrackets(node.condition)}?${withBrackets(node.yes)}:${withBrackets(node.no)})`
  return new Expression(node).toString()
}

describe('an expression', () => {
  test.each([
    ['a || b && c', '(a||(b&&c))'],
    ['a && b || c && d', '((a&&b)||(c&&d))'],
    ['a && b == c', '(a&&(b==c))'],
    ['a == b < c', '((a==b)<c)'],
    ['a = b', '(a==b)'],
    ['a <> b', '(a!=b)'],
    ['a < b + c', '(a<(b+c))'],
    ['a - b - c', '((a-b)-c)'],
    ['a + b * c', '(a+(b*c))'],
    ['a / b * c % d', '(((a/b)*c)%d)'],
    ['-a + b', '((-a)+b)'],
    ['-a * b', '((-a)*b)'],
    ['-a == b', '((-a)==b)'],
    ['!a && b', '((!a)&&b)'],
    ['!!a', '(!(!a))'],
    ['-2 ** 2', '(-(2**2))'],
    ['2 ** -a', '(2**(-a))'],
    ['a ** b ** c', '(a**(b**c))'],
    ['-x ? 1 : 2', '((-x)?1:2)'],
    ['a ? b && c : d', '(a?(b&&c):d)'],
    ['a ? b : c ? d : e', '(a?b:(c?d:e))'],
    ['a ? b ? c : d : e', '(a?(b?c:d):e)'],
    ['a || b ? c : d', '((a||b)?c:d)'],
  ])('%s is read as %s', (text, shape) => expect(brackets(text)).toBe(shape))

  test.each([
    ['x - (y - 1)', 'x - (y - 1)'],
    ['a / (b * c)', 'a / (b * c)'],
    ['(a - b) - c', 'a - b - c'],
    ['((a)) + ((1))', 'a + 1'],
    ['(-2) ** 2', '(-2) ** 2'],
    ['-(5)', '-(5)'],
    ['(a ** b) ** c', '(a ** b) ** c'],
    ['(a ? b : c) ? d : e', '(a ? b : c) ? d : e'],
    ['(a || b) && c', '(a || b) && c'],
    ['(a).b', '(a).b'],
    ['(a || b).c.0', '(a || b).c.0'],
    ['f( a... , "x" , list.*... )', 'f(a..., "x", list.*...)'],
    ['{"a": [1, null]}.a', '{"a":[1,null]}.a'],
    ['1000000 + 1e21 + 0.0000001', '1000000 + 1e+21 + 0.0000001'],
    ["'it\\'s \\d+'", '"it\'s \\\\d+"'],
    ['"a\n\tb"', '"a\\n\\tb"'],
    ['["raw\nnewline",\n 1]', '["raw\\nnewline",1]'],
    ['services.db.*.ip', 'services.db.*.ip'],
    ['step.1st.results', 'step.1st.results'],
  ])('%s is printed as %s', (text, printed) => {
    expect(reprinted(text)).toBe(printed)
    expect(reprinted(printed)).toBe(printed)
  })

  test('is read as the tree that was printed, whatever the tree', () => {
    fc.assert(
      fc.property(anyTree, (tree) => {
        const text = new Expression(tree).toString()
        expect(bare(parseExpression(text).node)).toEqual(bare(tree))
      }),
      { numRuns: 2000 },
    )
  })

  test.each([
    ['', 1, 1, 'Expected a value, a name or "(", found the end.'],
    ['a +', 1, 4, 'Expected a value'],
    ['a\n  + * b', 2, 5, 'found "*"'],
    ['(a + b', 1, 7, 'Expected ")" or an operator, found the end.'],
    ['a ? b', 1, 6, 'Expected ":"'],
    ['f(a b)', 1, 5, 'Expected "," or ")"'],
    ['a b', 1, 3, 'Expected an operator or the end, found "b".'],
    ['x[0]', 1, 2, 'found "["'],
    ['01', 1, 1, 'A number is written as in JSON.'],
    ['1e999', 1, 1, 'too large'],
    ['"abc', 1, 1, 'no end'],
    ['"abc\\\n"', 1, 6, 'A backslash'],
    ["'abc\\'", 1, 1, 'no end'],
    ['[1, 2', 1, 1, 'no end'],
    ['[1, a]', 1, 1, 'as in JSON'],
    ['[1}', 1, 3, 'do not match'],
    ['a .b', 1, 3, 'Expected an operator or the end, found ".".'],
    ['{{ a }}', 1, 1, 'found "{"'],
    ['a }}', 1, 3, 'found "}"'],
  ])('%j is refused at line %i, column %i: %s', (text, line, column, message) => {
    const error = errorOf(text)
    expect(error).toMatchObject({ code: 'EXPRESSION_INVALID', place: { line, column } })
    expect(error.message).toContain(message)
    expect(error.message).toContain(`(line ${line}, column ${column})`)
  })

  test('in braces where none belong is refused with a hint', () => {
    expect(errorOf('{{ passed }}').hint).toContain('leave the {{ }} away')
  })

  test.each([
    ['brackets', '('.repeat(100_000)],
    ['signs', '-'.repeat(100_000) + '1'],
    ['nots', '!'.repeat(100_000) + 'a'],
    ['powers', '2**'.repeat(100_000) + '2'],
    ['choices', 'a?'.repeat(100_000)],
    ['calls', 'f('.repeat(100_000)],
    ['lists', '['.repeat(100_000)],
    ['sums', '1+'.repeat(100_000) + '1'],
    ['names', 'a' + '.b'.repeat(100_000)],
    ['JSON', '[' + '['.repeat(150_000) + ']'.repeat(150_000) + ']'],
  ])('of a hundred thousand %s is refused, and does not overflow the stack', (_, text) => {
    expect(errorOf(text).code).toBe('EXPRESSION_INVALID')
  })

  test('of 240 levels is read, printed and read again', () => {
    const text = `${'(1 - '.repeat(240)}1${')'.repeat(240)}`
    expect(reprinted(reprinted(text))).toBe(reprinted(text))
  })

  test('that is too long is refused', () => {
    expect(errorOf(' '.repeat(MAX_TEXT + 1)).code).toBe('EXPRESSION_TOO_LARGE')
  })

  test('of any text is read or refused by an error of ours', () => {
    const piece = fc.constantFrom(...'()[]{}"\'.,?:|&=!<>+-*/%0a_ \n\\', '...', '**', '{{', '}}', 'f(', 'true', '1.5', '"x"')
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.array(piece).map((parts) => parts.join('')),
        ),
        (text) => {
          try {
            parseExpression(text)
          } catch (error) {
            expect(error).toBeInstanceOf(EverwarmError)
          }
        },
      ),
      { numRuns: 3000 },
    )
  })
})
