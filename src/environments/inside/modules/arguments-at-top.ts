import type { Edit } from './edit.ts'

interface Node {
  type: string
  start: number
  end: number
  [key: string]: unknown
}

/** As long as `arguments`, and as unknown as that is at the top of a module. */
const UNKNOWN = '__ew_args'

/** Functions have arguments of their own, imports and exports only names. */
const OTHER_SCOPE = new Set(['FunctionDeclaration', 'FunctionExpression', 'ImportDeclaration', 'ExportAllDeclaration'])

/**
 * A module's text becomes the body of a function, where `arguments` means something; at the top of a module it
 * is the name of a global that does not exist. @param program read only when the text has the word
 */
export function argumentsAtTopLevel(source: string, program: () => unknown): Edit[] {
  if (!/\barguments\b/.test(source)) return []
  const edits: Edit[] = []
  const visit = (value: unknown, isName: boolean): void => {
    if (Array.isArray(value)) for (const one of value) visit(one, false)
    if (typeof value !== 'object' || value === null || typeof (value as Node).type !== 'string') return
    const node = value as Node
    if (OTHER_SCOPE.has(node.type) || (node.type === 'ExportNamedDeclaration' && !node.declaration)) return
    if (node.type === 'Identifier' && node.name === 'arguments' && !isName)
      edits.push({ start: node.start, end: node.end, text: UNKNOWN })
    for (const key of Object.keys(node)) visit(node[key], isPropertyName(node, key))
  }
  visit(program(), false)
  return edits
}

function isPropertyName(node: Node, key: string): boolean {
  return (key === 'property' || key === 'key') && node.computed !== true
}
