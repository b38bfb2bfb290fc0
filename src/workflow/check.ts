import { Parameter } from '../contracts/workflow/spec-shape.ts'
import { defaultFault } from './config.ts'
import { type Fault, inOrder, type Path, pathText } from './fault.ts'
import { knownDocuments } from './known-documents.ts'
import { textProblems } from './lint/check-expression.ts'
import type { Problem } from './lint/check-names.ts'
import { executeProblem, useProblem } from './lint/check-mentions.ts'
import { mergedFaults } from './lint/check-merged.ts'
import { NAMELESS } from './lint/pruned-document.ts'
import { stepProblems } from './lint/check-step.ts'
import { strategyProblems } from './lint/check-strategies.ts'
import { knowledgeIn, type Survey, surveyOf, writtenOf } from './lint/survey.ts'
import { keysOf, type Placed } from './lint/surroundings.ts'
import { type LoadedDocument, type LoadedFile, loadFile } from './load.ts'
import { oddModes } from './lint/odd-modes.ts'
import { unusedFields } from './unused-fields.ts'

export interface CheckedFiles {
  /** Those that can run, if nothing is wrong. */
  documents: LoadedDocument[]
  /** How many there are, right or not. */
  count: number
  /** File by file as they were given, and down each of them. */
  faults: Fault[]
}

/** All that is wrong in some files, whichever of them it is in. @throws EverwarmError BAD_INPUT if one cannot be read */
export const checkFiles = (paths: readonly string[]): CheckedFiles => checkLoaded(paths.map(loadFile))

export function checkLoaded(files: readonly LoadedFile[]): CheckedFiles {
  const documents = files.flatMap(({ documents }) => documents)
  const all = files.flatMap(({ documents, partial }) => [...documents, ...partial])
  const told = files.flatMap(({ faults }) => faults)
  const found = checkDocuments(all, { isWhole: files.every(({ isUnknown }) => !isUnknown) })
  return {
    documents,
    count: all.length,
    faults: sorted(
      [...told, ...found],
      files.map(({ file }) => file),
    ),
  }
}

/** Each once: what stands in a template is found wherever it is used. */
function sorted(faults: readonly Fault[], files: readonly string[]): Fault[] {
  const once = new Map(faults.map((fault) => [`${fault.file}:${fault.line}:${fault.column}:${fault.message}`, fault]))
  const byFile = Map.groupBy(once.values(), ({ file }) => file)
  return [...new Set(files)].flatMap((file) => inOrder(byFile.get(file) ?? []))
}

/**
 * All that is wrong in documents beside their shape, and warnings. Pure.
 * @param options.isWhole false: there are others that nobody could read; nothing is said to be missing
 */
export function checkDocuments(loaded: readonly LoadedDocument[], { isWhole = true } = {}): Fault[] {
  const survey = surveyOf(loaded, isWhole)
  const texts = loaded.map((each) => placedFaults(each, survey))
  const told = texts.map(({ told }) => told)
  const faults = [
    ...knownDocuments(loaded.filter(hasName)).faults,
    ...texts.flatMap(({ faults }) => faults),
    ...mergedFaults(loaded, survey, told),
    ...loaded.flatMap(unusedFaults),
    ...loaded.flatMap(oddModeFaults),
  ]
  return sorted(
    faults,
    loaded.map(({ file }) => file),
  )
}

const hasName = ({ document }: LoadedDocument) => document.metadata.name !== NAMELESS

/** What is wrong at single places, and which texts that are. */
function placedFaults(loaded: LoadedDocument, survey: Survey): { faults: Fault[]; told: Set<string> } {
  const { faultAt, wrong } = writtenOf(loaded)
  const skipped = new Set(wrong.map(pathText))
  const faults: Fault[] = []
  const told = new Set<string>()
  for (const { placed, knowledge } of knowledgeIn(loaded, survey)) {
    if ('map' in placed) {
      const found = mapFaults(placed, survey)
      faults.push(...found.filter(({ path }) => !skipped.has(pathText(path))).map(({ path, ...about }) => faultAt(path, about)))
      continue
    }
    const { path, text, role } = placed.text
    const key = pathText(path)
    if (skipped.has(key)) continue
    const problems = textProblems(text, role, knowledge).map((each) => asList(each, path))
    faults.push(...problems.map((problem) => faultAt(path, problem)))
    if (problems.some(({ severity = 'error' }) => severity === 'error')) told.add(key)
  }
  return { faults, told }
}

/** One text where a list is wanted is an expression, to the surprise of many. */
function asList(problem: Problem, path: Path): Problem {
  const isList = (path.at(-2) === 'matrix' || path.at(-2) === 'shards') && problem.message.startsWith('There is no name')
  return isList ? { ...problem, hint: 'It is an expression that gives a list; a list by itself is written [a, b].' } : problem
}

interface MapFault {
  path: Path
  message: string
  hint?: string
  severity?: Fault['severity']
  part?: 'key' | 'value'
}

function mapFaults({ map, kind, path, around }: Extract<Placed, { map: unknown }>, survey: Survey): MapFault[] {
  if (kind === 'Uses') return useProblem(map, path, survey)
  if (kind === 'Parameter') return parameterProblem(map, path)
  if (kind === 'Step') return stepProblems(map, path)
  const found: MapFault[] = strategyProblems(map, kind).map((each) => ({ ...each, path: [...path, ...each.path] }))
  if (kind === 'ExecuteWorkflow') found.push(...executeProblem(map, path, survey))
  if (kind === 'Parallel') found.push(...hiddenParameters(map, path, around.parameters))
  return found
}

/** Told without a value given, so that nobody finds out by running it. */
function parameterProblem(map: Record<string, unknown>, path: Path): MapFault[] {
  const parsed = Parameter.safeParse(map)
  const found = parsed.success ? defaultFault(parsed.data) : undefined
  return found ? [{ ...found, path: [...path, 'default'] }] : []
}

/** What `config.x` means must not depend on where it stands. */
function hiddenParameters({ config }: Record<string, unknown>, path: Path, outside: readonly string[]): MapFault[] {
  const both = keysOf(config).filter((name) => outside.includes(name))
  return both.map((name) => ({
    path: [...path, 'config', name],
    part: 'key',
    message: `There is a parameter "${name}" outside already.`,
  }))
}

function unusedFaults({ document, faultAt }: LoadedDocument): Fault[] {
  if (document.kind !== 'Workflow') return []
  return unusedFields(document).map(({ path, ...about }) => faultAt(path, { ...about, severity: 'warning' }))
}

const oddModeFaults = (loaded: LoadedDocument): Fault[] => {
  const { value, faultAt } = writtenOf(loaded)
  return oddModes(value).map(({ path, ...about }) => faultAt(path, { ...about, severity: 'warning' }))
}
