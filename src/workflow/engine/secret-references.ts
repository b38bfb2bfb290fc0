import { createHash } from 'node:crypto'
import type { Container, EnvVariable } from '../../contracts/workflow/container.ts'
import { simplify } from '../expressions/document.ts'
import { hostScope } from '../expressions/functions/library.ts'
import { inheritContainer } from '../merge.ts'
import type { Operation, OperationNode, PlanNode } from '../plan.ts'

const ASKS = /\b(?:secret|credential)\s*\(/

/**
 * `secret()` and `credential()` become names of variables, and the container has these: no value ever stands in a plan, a manifest
 * or an argument. Workers refer to theirs when they begin. Pure.
 */
export function withSecretReferences<Node extends PlanNode>(node: Node): Node {
  return ASKS.test(JSON.stringify(node)) ? (referring(node) as Node) : node
}

function referring(node: PlanNode): PlanNode {
  if (node.kind === 'step') return { ...node, children: node.children.map(referring) }
  const wanted = references()
  const condition = simplify(node.condition, 'expression', wanted.scopes)
  const container = simplify(node.container, 'force', wanted.scopes)
  const operation = inOperation(node.operation, wanted)
  return { ...node, condition, operation, container: wanted.addTo(container) } satisfies OperationNode
}

function inOperation(operation: Operation, wanted: References): Operation {
  if (operation.type === 'parallel') return operation
  if (operation.type !== 'services-start') return simplify(operation, 'force', wanted.scopes)
  const services = Object.entries(operation.services).map(([name, service]) => {
    const own = references()
    const { env } = own.addTo(simplify({ env: service.env ?? [] }, 'force', own.scopes))
    const referred = simplify({ ...service, env }, 'force', own.scopes)
    return [name, { ...referred, ...own.addTo(referred) }]
  })
  return { ...operation, services: Object.fromEntries(services) }
}

interface References {
  scopes: ReturnType<typeof hostScope>[]
  addTo(container: Container): Container
}

function references(): References {
  const env = new Map<string, EnvVariable>()
  const refer = (kind: string, key: string[], valueFrom: Record<string, unknown>) => {
    const name = variableName(kind, key)
    env.set(name, { name, valueFrom })
    return name
  }
  const scope = hostScope({
    secret: ({ name, key }) => refer('SECRET', [name, key], { secretKeyRef: { name, key } }),
    credential: (name) => refer('CREDENTIAL', [name], { credentialRef: { name } }),
  })
  return {
    scopes: [scope],
    // First: other variables may use them.
    addTo: (container) => (env.size === 0 ? container : inheritContainer({ env: [...env.values()] }, container)),
  }
}

/** Readable, and different for different secrets. */
function variableName(kind: string, key: readonly string[]): string {
  const words = key
    .join('_')
    .replaceAll(/[^A-Za-z0-9]/g, '_')
    .toUpperCase()
    .slice(0, 60)
  return `${kind}_${words}_${createHash('sha256').update(key.join('\0')).digest('hex').slice(0, 6).toUpperCase()}`
}
