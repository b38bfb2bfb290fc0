import type { TestModule, Vitest } from 'vitest/node'
import type { BlobReporterClass } from './load.ts'

interface ModuleNode {
  id: string | null
  importedModules: Iterable<ModuleNode>
}

/**
 * Vitest's own blob report of one file. Of the graph of modules it has what this file imports, and not that of the whole
 * project, which would be in each of thousands of reports.
 * @see https://vitest.dev/guide/reporters#blob-reporter
 */
export async function writeBlob(
  BlobReporter: BlobReporterClass,
  vitest: Vitest,
  about: { modules: readonly TestModule[]; errors: readonly unknown[]; outputFile: string; durationMs: number },
): Promise<void> {
  const { modules, errors, outputFile, durationMs } = about
  const projects = [...new Set(modules.map(({ project }) => project))].map((project) => ({
    name: project.name,
    vite: { environments: ofModules(project.vite.environments as never, modules) },
    _resolver: { externalizeCache: new Map() },
  }))
  const view = Object.create(vitest, { projects: { value: projects }, logger: { value: { log() {} } } }) as Vitest
  const blob = new BlobReporter({ outputFile })
  await blob.onInit(view)
  // What the report takes for the time of its run begins at `onInit`.
  Object.assign(blob, { start: performance.now() - durationMs })
  await blob.onTestRunEnd(modules, errors as never, errors.length > 0 ? 'failed' : 'passed')
}

function ofModules(
  environments: Record<string, { moduleGraph: { idToModuleMap: Map<string, ModuleNode> } }>,
  modules: readonly TestModule[],
) {
  return Object.fromEntries(
    Object.entries(environments).map(([name, { moduleGraph }]) => {
      const reached = new Map<string, ModuleNode>()
      const visit = (node: ModuleNode | undefined) => {
        if (!node || node.id === null || reached.has(node.id)) return
        reached.set(node.id, node)
        for (const imported of node.importedModules) visit(imported)
      }
      for (const { moduleId } of modules) visit(moduleGraph.idToModuleMap.get(moduleId))
      return [name, { moduleGraph: { idToModuleMap: reached } }]
    }),
  )
}

/**
 * A report as it would be if the project had stood somewhere else: `vitest --merge-reports` finds files by their paths.
 * A blob is a list of values in which each text is an entry of its own (flatted); ids of tasks do not depend on the root.
 * @param fromRoot the project’s folder on the worker, as an absolute path
 */
export function relocateBlob(bytes: Uint8Array, fromRoot: string, toRoot: string): Buffer {
  const from = fromRoot.replace(/[/\\]+$/, '')
  const to = toRoot.replace(/[/\\]+$/, '')
  const values = JSON.parse(Buffer.from(bytes).toString('utf8')) as unknown[]
  if (from === to || !Array.isArray(values)) return Buffer.from(bytes)
  // Only where the path ends there or goes on below it: /work/app is no part of /work/app2.
  const paths = new RegExp(`${from.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}(?=$|[/\\\\:)\\s'"?])`, 'g')
  const moved = (value: unknown): unknown => {
    if (typeof value === 'string') return value.replace(paths, () => to)
    return value
  }
  // Numbers written as text are references: they hold no path, and keys are names of fields.
  return Buffer.from(JSON.stringify(values.map(moved)))
}
