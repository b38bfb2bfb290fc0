import { parseSync } from 'oxc-parser/src-js/index.js'
import type { Edit } from './edit.ts'

interface Node {
  type: string
  start: number
  end: number
  [key: string]: unknown
}

/**
 * Edits that read imported names through an expression instead of a local: `foo` → `d[0].foo`.
 * Needed where a value can still change or is not there yet (cycles, reassigned exports);
 * knows scopes, so that a parameter or variable of the same name is left alone.
 */
export function referenceEdits(source: string, expressions: ReadonlyMap<string, string>): Edit[] {
  const edits: Edit[] = []
  const { program } = parseSync('module.js', source, { sourceType: 'module' })
  const isWanted = (name: string) => expressions.has(name)

  const visit = (node: Node, scopes: ReadonlySet<string>[], parent: Node | null): void => {
    if (node.type === 'ImportDeclaration' || node.type === 'ExportAllDeclaration') return
    if (node.type === 'ExportNamedDeclaration' && !node.declaration) return
    if (node.type === 'Identifier') {
      const name = node.name as string
      if (isWanted(name) && !scopes.some((scope) => scope.has(name)))
        edits.push(referenceEdit(node, parent, expressions.get(name)!))
      return
    }
    const declared = declaredIn(node, isWanted)
    const inner = declared.size > 0 ? [...scopes, declared] : scopes
    for (const child of children(node)) visit(child, inner, node)
  }
  visit(program as unknown as Node, [], null)
  return edits
}

function referenceEdit(node: Node, parent: Node | null, expression: string): Edit {
  const { start, end } = node
  if (parent?.type === 'Property' && parent.shorthand) return { start, end, text: `${node.name as string}: ${expression}` }
  const isCallee =
    (parent?.type === 'CallExpression' && parent.callee === node) ||
    (parent?.type === 'TaggedTemplateExpression' && parent.tag === node)
  return { start, end, text: isCallee ? `(0,${expression})` : expression }
}

/** Children that are expressions, patterns or statements: no property names, no labels. */
function* children(node: Node): Generator<Node> {
  for (const key of Object.keys(node)) {
    if (key === 'type' || key === 'start' || key === 'end' || key === 'range') continue
    if (isNameOnly(node, key)) continue
    const value = node[key]
    if (Array.isArray(value)) {
      for (const item of value) if (isNode(item)) yield item
    } else if (isNode(value)) yield value
  }
}

function isNameOnly(node: Node, key: string): boolean {
  switch (node.type) {
    case 'MemberExpression':
      return key === 'property' && !node.computed
    case 'Property':
      // a shorthand's key and value are the same identifier: only the value counts
      return key === 'key' && !node.computed
    case 'MethodDefinition':
    case 'PropertyDefinition':
    case 'AccessorProperty':
      return key === 'key' && !node.computed
    case 'LabeledStatement':
    case 'BreakStatement':
    case 'ContinueStatement':
      return key === 'label'
    case 'MetaProperty':
      return true
    case 'ExportSpecifier':
      return true
    default:
      return false
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Node).type === 'string'
}

const isFunction = (node: Node) =>
  node.type === 'FunctionDeclaration' || node.type === 'FunctionExpression' || node.type === 'ArrowFunctionExpression'

/** Wanted names that `node` declares for everything inside it. */
function declaredIn(node: Node, isWanted: (name: string) => boolean): Set<string> {
  const names = new Set<string>()
  const add = (name: string) => {
    if (isWanted(name)) names.add(name)
  }
  if (isFunction(node)) {
    for (const param of node.params as Node[]) patternNames(param, add)
    if (node.type === 'FunctionExpression' && isNode(node.id)) add(node.id.name as string)
    if (isNode(node.body)) hoistedVars(node.body, add)
  } else if (node.type === 'ClassExpression' || node.type === 'ClassDeclaration') {
    if (isNode(node.id)) add(node.id.name as string)
  } else if (node.type === 'CatchClause') {
    if (isNode(node.param)) patternNames(node.param, add)
  } else if (node.type === 'BlockStatement' || node.type === 'StaticBlock') {
    blockNames(node.body as Node[], add)
    if (node.type === 'StaticBlock') hoistedVars(node, add)
  } else if (node.type === 'SwitchStatement') {
    for (const one of node.cases as Node[]) blockNames(one.consequent as Node[], add)
  } else if (node.type === 'ForStatement' || node.type === 'ForInStatement' || node.type === 'ForOfStatement') {
    const head = (node.type === 'ForStatement' ? node.init : node.left) as Node | null
    if (head && head.type === 'VariableDeclaration') declarationNames(head, add)
  }
  return names
}

function blockNames(body: Node[], add: (name: string) => void): void {
  for (const statement of body) {
    if (statement.type === 'VariableDeclaration' && statement.kind !== 'var') declarationNames(statement, add)
    else if ((statement.type === 'FunctionDeclaration' || statement.type === 'ClassDeclaration') && isNode(statement.id))
      add(statement.id.name as string)
  }
}

function declarationNames(declaration: Node, add: (name: string) => void): void {
  for (const one of declaration.declarations as Node[]) patternNames(one.id as Node, add)
}

/** `var` belongs to the function around it, however deep it stands. */
function hoistedVars(node: Node, add: (name: string) => void): void {
  for (const child of children(node)) {
    if (isFunction(child)) continue
    if (child.type === 'VariableDeclaration' && child.kind === 'var') declarationNames(child, add)
    hoistedVars(child, add)
  }
}

function patternNames(pattern: Node, add: (name: string) => void): void {
  switch (pattern.type) {
    case 'Identifier':
      return add(pattern.name as string)
    case 'AssignmentPattern':
      return patternNames(pattern.left as Node, add)
    case 'RestElement':
      return patternNames(pattern.argument as Node, add)
    case 'ArrayPattern':
      for (const element of pattern.elements as (Node | null)[]) if (element) patternNames(element, add)
      return
    case 'ObjectPattern':
      for (const property of pattern.properties as Node[])
        patternNames((property.type === 'Property' ? property.value : property) as Node, add)
      return
    case 'TSParameterProperty':
      return patternNames(pattern.parameter as Node, add)
  }
}
