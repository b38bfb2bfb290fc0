import type { Path } from '../fault.ts'
import { isMapLike } from '../schema-walk.ts'
import type { Importing } from './notes.ts'
import { quotingAt } from './quoting.ts'

/** What a text of Testkube may say that there is not here, and what there is instead. */
const WORDS: readonly [RegExp, string][] = [
  [
    /\/\.tktw(?:\/[\w./-]*)?/g,
    'is where Testkube keeps its programs; those of `everwarm-toolkit` do the same if the image has it (docs/toolkit.md).',
  ],
  [
    /\bTKI?_[A-Z][A-Z0-9_]*\b/g,
    'is a variable of Testkube’s own. Here are WORKFLOW_DATA, WORKFLOW_OUTPUTS, WORKFLOW_RESULTS, and in fields `execution.id`, `resource.id` and others.',
  ],
  [
    /(?<![\w./-])(?:kubectl[ -])?testkube(?=\s+(?:run|get|create|delete|update|watch|download|abort|cancel|apply|init|set|tools)\b)/g,
    'is not here. Run other workflows with `execute`, or with `everwarm workflow run`.',
  ],
  [/(?<![\w.-])testkube-(?:api-server|dashboard|worker-service)[\w.:-]*/g, 'is a server of Testkube; nothing answers there.'],
]

const TOOL_IMAGE = /(?:^|\/)(?:kubeshop|testkube|testkubeenterprise)\/[\w.-]*(?:toolkit|tw-init|tktw)[\w.-]*/i
const OUTPUTS = /\/testkube\/outputs(?![\w-])/g
/** Where a script reads it; elsewhere it is a field of a path. */
const OUR_OUTPUTS = '/data/.outputs'

const DATA = /(?<![\w.-])\/data(?![\w-])/
const DATA_NOTE =
  'Scripts find `/data` in containers and on Kubernetes; to run as processes, too, they use relative paths or $WORKFLOW_DATA.'

/** Maps the names that have others here, and notes what has none. */
export function replaceForeignWords(importing: Importing): void {
  const dataIn: Path[] = []
  for (const [path, text] of textsIn(importing.yaml.value, [])) {
    for (const [pattern, about] of WORDS)
      for (const word of new Set(text.match(pattern) ?? []))
        importing.note(path, `\`${word}\` ${about}`, { isByHand: true, offset: importing.yaml.offsetWithin(path, word) })
    if (path.at(-1) === 'image' && TOOL_IMAGE.test(text))
      importing.note(path, `\`${text}\` holds the programs of Testkube; use an image that has those of the step.`, {
        isByHand: true,
      })
    if (path.at(-1) === 'shell' && DATA.test(text)) dataIn.push(path)
    if (OUTPUTS.test(text)) mapOutputs(importing, path, text)
    if (isTemplateName(path) && text.includes('/')) mapName(importing, path, text)
  }
  const [first] = dataIn
  if (first) importing.note(first, DATA_NOTE, { offset: importing.yaml.offsetWithin(first, '/data') })
}

function mapName(importing: Importing, path: Path, text: string): void {
  const name = text.replaceAll('/', '--')
  importing.note(path, `It is \`${name}\` here, as its resource in the cluster.`, { offset: importing.yaml.offsetOf(path) })
  importing.yaml.set(path, name)
}

/** `use[].name` and `template.name`, and the name of a document itself. */
function isTemplateName(path: Path): boolean {
  if (path.at(-1) !== 'name') return false
  return path.at(-2) === 'template' || path.at(-2) === 'metadata' || (path.at(-3) === 'use' && typeof path.at(-2) === 'number')
}

function mapOutputs(importing: Importing, path: Path, text: string): void {
  const isScript = path.at(-1) === 'shell'
  let inQuotes = false
  const mapped = text.replaceAll(OUTPUTS, (_, at: number) => {
    const quoting = isScript ? quotingAt(text, at) : 'single'
    inQuotes ||= isScript && quoting === 'single'
    return quoting === 'none' ? '"$WORKFLOW_OUTPUTS"' : quoting === 'double' ? '${WORKFLOW_OUTPUTS}' : OUR_OUTPUTS
  })
  const offset = importing.yaml.offsetWithin(path, '/testkube/outputs')
  if (inQuotes)
    importing.note(
      path,
      `\`/testkube/outputs\` stands in '…', where no variable does: it is \`${OUR_OUTPUTS}\` now, which local scripts have not. Use $WORKFLOW_OUTPUTS.`,
      { isByHand: true, offset },
    )
  else importing.note(path, `\`/testkube/outputs\` is ${isScript ? '$WORKFLOW_OUTPUTS' : OUR_OUTPUTS} here; changed.`, { offset })
  importing.yaml.set(path, mapped)
}

function* textsIn(value: unknown, path: Path): Generator<[Path, string]> {
  if (typeof value === 'string') yield [path, value]
  else if (Array.isArray(value)) for (const [i, item] of value.entries()) yield* textsIn(item, [...path, i])
  else if (isMapLike(value)) for (const [key, inner] of Object.entries(value)) yield* textsIn(inner, [...path, key])
}
